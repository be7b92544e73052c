"""Prescribers, consultations, evaluations, verdicts, decisions, overrides, holds."""

import sqlalchemy as sa
from alembic import op

revision = "0015_clearance"
down_revision = "0014_intake"

APPEND_ONLY = (
    "clearance_decision",
    "clearance_evaluation",
    "clearance_override",
    "clearance_verdict",
    "consultation_record",
    "medication_review",
    "score",
)


def laws(table: str, dialect: str) -> tuple[str, ...]:
    """Return what makes a table append-only. Kept here as it was, not imported."""
    if dialect == "sqlite":
        return tuple(
            f"CREATE TRIGGER {table}_no_{deed.lower()} BEFORE {deed} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            for deed in ("UPDATE", "DELETE")
        )
    return (
        f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()",
        f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
    )


def upgrade() -> None:
    op.create_table(
        "prescriber",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("specialty", sa.String(), nullable=False),
        sa.Column("dea_number", sa.String(), nullable=False),
        sa.Column("dea_expires_on", sa.Date(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("offices", sa.JSON(), nullable=False),
        sa.Column("approved_by", sa.Uuid(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_prescriber_account_id")),
        sa.ForeignKeyConstraint(["approved_by"], ["account.id"], name=op.f("fk_prescriber_approved_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prescriber")),
        sa.UniqueConstraint("account_id", name=op.f("uq_prescriber_account_id")),
        sa.UniqueConstraint("dea_number", name=op.f("uq_prescriber_dea_number")),
    )
    op.create_table(
        "clearance_evaluation",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("evaluated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("content_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_clearance_evaluation_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["case_id"], ["intake_case.id"], name=op.f("fk_clearance_evaluation_case_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clearance_evaluation")),
    )
    op.create_index(
        op.f("ix_clearance_evaluation_case_id"), "clearance_evaluation", ["case_id"], unique=False
    )
    op.create_table(
        "clearance_hold",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("held_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("held_by", sa.Uuid(), nullable=True),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("released_by", sa.Uuid(), nullable=True),
        sa.Column("proof_ref", sa.String(), nullable=True),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("release_reason_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(released_at IS NULL) = (released_by IS NULL)",
            name=op.f("ck_clearance_hold_released_by_somebody"),
        ),
        sa.ForeignKeyConstraint(["case_id"], ["intake_case.id"], name=op.f("fk_clearance_hold_case_id")),
        sa.ForeignKeyConstraint(["held_by"], ["account.id"], name=op.f("fk_clearance_hold_held_by")),
        sa.ForeignKeyConstraint(["released_by"], ["account.id"], name=op.f("fk_clearance_hold_released_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clearance_hold")),
    )
    op.create_index(op.f("ix_clearance_hold_case_id"), "clearance_hold", ["case_id"], unique=False)
    op.create_table(
        "clearance_override",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("proof_ref", sa.String(), nullable=False),
        sa.Column("proved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_clearance_override_account_id")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["intake_case.id"], name=op.f("fk_clearance_override_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clearance_override")),
    )
    op.create_index(op.f("ix_clearance_override_case_id"), "clearance_override", ["case_id"], unique=False)
    op.create_table(
        "clearance_verdict",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("policies", sa.JSON(), nullable=False),
        sa.Column("facts_digest", sa.LargeBinary(), nullable=False),
        sa.Column("medications_digest", sa.String(), nullable=False),
        sa.Column("findings_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_clearance_verdict_account_id")),
        sa.ForeignKeyConstraint(["case_id"], ["intake_case.id"], name=op.f("fk_clearance_verdict_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clearance_verdict")),
    )
    op.create_index(op.f("ix_clearance_verdict_case_id"), "clearance_verdict", ["case_id"], unique=False)
    op.create_table(
        "consultation",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("prescriber_id", sa.Uuid(), nullable=False),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("begins_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("booked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("booked_by", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("minutes > 0", name=op.f("ck_consultation_minutes_positive")),
        sa.ForeignKeyConstraint(["booked_by"], ["account.id"], name=op.f("fk_consultation_booked_by")),
        sa.ForeignKeyConstraint(["case_id"], ["intake_case.id"], name=op.f("fk_consultation_case_id")),
        sa.ForeignKeyConstraint(
            ["prescriber_id"], ["account.id"], name=op.f("fk_consultation_prescriber_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consultation")),
    )
    op.create_index(op.f("ix_consultation_case_id"), "consultation", ["case_id"], unique=False)
    op.create_index(
        "ix_consultation_prescriber", "consultation", ["prescriber_id", "begins_at"], unique=False
    )
    op.create_table(
        "medication_review",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("proof_ref", sa.String(), nullable=False),
        sa.Column("proved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("list_digest", sa.String(), nullable=False),
        sa.Column("content_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_medication_review_account_id")),
        sa.ForeignKeyConstraint(["case_id"], ["intake_case.id"], name=op.f("fk_medication_review_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_medication_review")),
    )
    op.create_index(op.f("ix_medication_review_case_id"), "medication_review", ["case_id"], unique=False)
    op.create_table(
        "prescriber_licence",
        sa.Column("prescriber_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "valid_from <= expires_on", name=op.f("ck_prescriber_licence_begins_before_it_ends")
        ),
        sa.ForeignKeyConstraint(
            ["prescriber_id"], ["prescriber.id"], name=op.f("fk_prescriber_licence_prescriber_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prescriber_licence")),
        sa.UniqueConstraint("prescriber_id", "state", name=op.f("uq_prescriber_licence_prescriber_id_state")),
    )
    op.create_table(
        "prescriber_task",
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("patient_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("about", sa.Uuid(), nullable=True),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("raised_by", sa.Uuid(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_by", sa.Uuid(), nullable=True),
        sa.Column("proof_ref", sa.String(), nullable=True),
        sa.Column("text_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("answer_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(answered_at IS NULL) = (answered_by IS NULL)",
            name=op.f("ck_prescriber_task_answered_by_somebody"),
        ),
        sa.CheckConstraint(
            "case_id IS NOT NULL OR patient_id IS NOT NULL", name=op.f("ck_prescriber_task_about_somebody")
        ),
        sa.ForeignKeyConstraint(["answered_by"], ["account.id"], name=op.f("fk_prescriber_task_answered_by")),
        sa.ForeignKeyConstraint(["case_id"], ["intake_case.id"], name=op.f("fk_prescriber_task_case_id")),
        sa.ForeignKeyConstraint(["raised_by"], ["account.id"], name=op.f("fk_prescriber_task_raised_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prescriber_task")),
    )
    op.create_index(op.f("ix_prescriber_task_case_id"), "prescriber_task", ["case_id"], unique=False)
    op.create_index("ix_prescriber_task_open", "prescriber_task", ["answered_at", "due_at"], unique=False)
    op.create_index(op.f("ix_prescriber_task_patient_id"), "prescriber_task", ["patient_id"], unique=False)
    op.create_table(
        "score",
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("patient_id", sa.Uuid(), nullable=True),
        sa.Column("appointment_id", sa.Uuid(), nullable=True),
        sa.Column("scale", sa.String(), nullable=False),
        sa.Column("occasion", sa.String(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("content_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "case_id IS NOT NULL OR patient_id IS NOT NULL", name=op.f("ck_score_about_somebody")
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_score_account_id")),
        sa.ForeignKeyConstraint(["case_id"], ["intake_case.id"], name=op.f("fk_score_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_score")),
    )
    op.create_index(op.f("ix_score_appointment_id"), "score", ["appointment_id"], unique=False)
    op.create_index(op.f("ix_score_case_id"), "score", ["case_id"], unique=False)
    op.create_index(op.f("ix_score_patient_id"), "score", ["patient_id"], unique=False)
    op.create_table(
        "clearance_decision",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("verdict_id", sa.Uuid(), nullable=False),
        sa.Column("decision", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("proof_ref", sa.String(), nullable=False),
        sa.Column("proved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("recheck_on", sa.Date(), nullable=True),
        sa.Column("content_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(decision = 'candidate') = (expires_at IS NOT NULL)",
            name=op.f("ck_clearance_decision_clearance_ends"),
        ),
        sa.CheckConstraint(
            "(decision = 'needs_prior_treatment') = (recheck_on IS NOT NULL)",
            name=op.f("ck_clearance_decision_recheck_due"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_clearance_decision_account_id")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["intake_case.id"], name=op.f("fk_clearance_decision_case_id")),
        sa.ForeignKeyConstraint(
            ["verdict_id"], ["clearance_verdict.id"], name=op.f("fk_clearance_decision_verdict_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clearance_decision")),
        sa.UniqueConstraint("case_id", "sequence", name=op.f("uq_clearance_decision_case_id_sequence")),
    )
    op.create_index(op.f("ix_clearance_decision_case_id"), "clearance_decision", ["case_id"], unique=False)
    op.create_table(
        "consultation_record",
        sa.Column("consultation_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("pdmp_checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("content_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_consultation_record_account_id")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["intake_case.id"], name=op.f("fk_consultation_record_case_id")),
        sa.ForeignKeyConstraint(
            ["consultation_id"], ["consultation.id"], name=op.f("fk_consultation_record_consultation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consultation_record")),
        sa.UniqueConstraint("consultation_id", name=op.f("uq_consultation_record_consultation_id")),
    )
    op.create_index(op.f("ix_consultation_record_case_id"), "consultation_record", ["case_id"], unique=False)
    for table in APPEND_ONLY:
        for statement in laws(table, op.get_context().dialect.name):
            op.execute(sa.text(statement))


def downgrade() -> None:
    op.drop_table("consultation_record")
    op.drop_table("clearance_decision")
    op.drop_table("score")
    op.drop_table("prescriber_task")
    op.drop_table("prescriber_licence")
    op.drop_table("medication_review")
    op.drop_table("consultation")
    op.drop_table("clearance_verdict")
    op.drop_table("clearance_override")
    op.drop_table("clearance_hold")
    op.drop_table("clearance_evaluation")
    op.drop_table("prescriber")

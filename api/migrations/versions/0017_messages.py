"""Messages to patients and staff, reminders, preparation, feedback."""

import sqlalchemy as sa
from alembic import op

revision = "0017_messages"
down_revision = "0016_series"
TABLES = ("message", "message_try", "visit_adult", "booking_override", "visit_wish", "visit_feedback")
APPEND_ONLY = ("message_try", "visit_adult", "booking_override", "visit_feedback")


def laws(table: str, dialect: str) -> tuple[str, ...]:
    """Return what makes a table append-only. Kept here as it was, not imported."""
    if dialect == "sqlite":
        return tuple(
            f"CREATE TRIGGER {table}_no_{deed.lower()} BEFORE {deed} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            for deed in ("UPDATE", "DELETE")
        )
    return (
        "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION "
        "'% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$",
        f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()",
        f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
    )


def upgrade() -> None:
    op.create_table(
        "message",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("template_version", sa.Integer(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=True),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("role", sa.String(), nullable=True),
        sa.Column("area_id", sa.Uuid(), nullable=True),
        sa.Column("contact", sa.String(), nullable=False),
        sa.Column("about", sa.Uuid(), nullable=True),
        sa.Column("once", sa.String(), nullable=True),
        sa.Column("retry_of", sa.Uuid(), nullable=True),
        sa.Column("filled_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lapses_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("queued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("sender", sa.String(), nullable=True),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "state IN ('queued', 'sending', 'sent', 'failed', 'lapsed', 'cancelled')",
            name=op.f("ck_message_state_known"),
        ),
        sa.CheckConstraint("tries >= 0", name=op.f("ck_message_tries_counted")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_message_account_id")),
        sa.ForeignKeyConstraint(["area_id"], ["service_area.id"], name=op.f("fk_message_area_id")),
        sa.ForeignKeyConstraint(["retry_of"], ["message.id"], name=op.f("fk_message_retry_of")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message")),
        sa.UniqueConstraint("about", "once", name=op.f("uq_message_about_once")),
        sa.UniqueConstraint("retry_of", name=op.f("uq_message_retry_of")),
    )
    op.create_index("ix_message_patient", "message", ["patient_id", "queued_at"], unique=False)
    op.create_index("ix_message_waiting", "message", ["state", "due_at"], unique=False)
    op.create_table(
        "message_try",
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("channel", sa.String(), nullable=True),
        sa.Column("sent", sa.Boolean(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_message_try_message_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_try")),
        sa.UniqueConstraint("message_id", "number", name=op.f("uq_message_try_message_id_number")),
    )
    op.create_table(
        "visit_adult",
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("appointment_id", sa.Uuid(), nullable=True),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("phone_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("relation_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("of_age", sa.Boolean(), nullable=True),
        sa.Column("can_drive", sa.Boolean(), nullable=True),
        sa.Column("chosen_by_patient", sa.Boolean(), nullable=True),
        sa.Column("named_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_visit_adult_patient_id")),
        sa.ForeignKeyConstraint(
            ["appointment_id"], ["appointment.id"], name=op.f("fk_visit_adult_appointment_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit_adult")),
    )
    op.create_index(op.f("ix_visit_adult_patient_id"), "visit_adult", ["patient_id"], unique=False)
    op.create_table(
        "booking_override",
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("signed_by", sa.Uuid(), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("proof_ref", sa.String(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "signed_at < expires_at", name=op.f("ck_booking_override_expires_after_it_is_signed")
        ),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_booking_override_patient_id")),
        sa.ForeignKeyConstraint(["signed_by"], ["account.id"], name=op.f("fk_booking_override_signed_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_booking_override")),
    )
    op.create_index(op.f("ix_booking_override_patient_id"), "booking_override", ["patient_id"], unique=False)
    op.create_table(
        "visit_wish",
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("appointment_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("words_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_by", sa.Uuid(), nullable=True),
        sa.Column("answer", sa.String(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('another_time', 'chaperone', 'call')", name=op.f("ck_visit_wish_kind_known")
        ),
        sa.CheckConstraint(
            "(answered_at IS NULL) = (answer IS NULL)", name=op.f("ck_visit_wish_answered_whole")
        ),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_visit_wish_patient_id")),
        sa.ForeignKeyConstraint(
            ["appointment_id"], ["appointment.id"], name=op.f("fk_visit_wish_appointment_id")
        ),
        sa.ForeignKeyConstraint(["answered_by"], ["account.id"], name=op.f("fk_visit_wish_answered_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit_wish")),
    )
    op.create_index(op.f("ix_visit_wish_patient_id"), "visit_wish", ["patient_id"], unique=False)
    op.create_table(
        "visit_feedback",
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("appointment_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("words_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("may_be_shared", sa.Boolean(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("kind IN ('feedback', 'boundary')", name=op.f("ck_visit_feedback_kind_known")),
        sa.CheckConstraint(
            "kind = 'feedback' OR NOT may_be_shared", name=op.f("ck_visit_feedback_boundary_stays_private")
        ),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_visit_feedback_patient_id")),
        sa.ForeignKeyConstraint(
            ["appointment_id"], ["appointment.id"], name=op.f("fk_visit_feedback_appointment_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit_feedback")),
    )
    op.create_index("ix_visit_feedback_kind", "visit_feedback", ["kind", "told_at"], unique=False)
    op.create_index(op.f("ix_visit_feedback_patient_id"), "visit_feedback", ["patient_id"], unique=False)
    for table in APPEND_ONLY:
        for law in laws(table, op.get_bind().dialect.name):
            op.execute(law)


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)

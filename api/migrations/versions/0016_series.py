"""Orders, their versions, series and their infusions."""

import sqlalchemy as sa
from alembic import op

revision = "0016_series"
down_revision = "0015_clearance"

TABLES = (
    "series",
    "series_order_version",
    "series_infusion",
    "series_consent",
    "series_decision",
    "series_outside_order",
    "series_review",
)
APPEND_ONLY = (
    "series_order_version",
    "series_consent",
    "series_decision",
    "series_outside_order",
    "series_review",
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
        "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION "
        "'% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$",
        f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()",
        f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
    )


def upgrade() -> None:
    op.create_table(
        "series",
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("area_id", sa.Uuid(), nullable=False),
        sa.Column("state_code", sa.String(), nullable=False),
        sa.Column("template", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("reviewed_after", sa.Integer(), nullable=False),
        sa.Column("habits_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("reviewed_after >= 0", name=op.f("ck_series_reviewed_after_not_negative")),
        sa.ForeignKeyConstraint(["area_id"], ["service_area.id"], name=op.f("fk_series_area_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_series")),
    )
    op.create_index("ix_series_area", "series", ["area_id", "status"], unique=False)
    op.create_index("ix_series_patient", "series", ["patient_id", "status"], unique=False)
    op.create_table(
        "series_order_version",
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("series_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("terms_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("drawn_ug", sa.Integer(), nullable=False),
        sa.Column("signed_by", sa.Uuid(), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("proof_ref", sa.String(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("policy", sa.JSON(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("drawn_ug > 0", name=op.f("ck_series_order_version_drawn_positive")),
        sa.CheckConstraint("number > 0", name=op.f("ck_series_order_version_number_positive")),
        sa.ForeignKeyConstraint(["series_id"], ["series.id"], name=op.f("fk_series_order_version_series_id")),
        sa.ForeignKeyConstraint(
            ["signed_by"], ["account.id"], name=op.f("fk_series_order_version_signed_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_series_order_version")),
        sa.UniqueConstraint("series_id", "number", name=op.f("uq_series_order_version_series_id_number")),
    )
    op.create_table(
        "series_infusion",
        sa.Column("series_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("phase", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("earliest", sa.Date(), nullable=True),
        sa.Column("latest", sa.Date(), nullable=True),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("part", sa.String(), nullable=True),
        sa.Column("nurse_id", sa.Uuid(), nullable=True),
        sa.Column("appointment_id", sa.Uuid(), nullable=True),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("given_under_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(status = 'given') = (given_at IS NOT NULL)", name=op.f("ck_series_infusion_given_at_a_time")
        ),
        sa.CheckConstraint("number > 0", name=op.f("ck_series_infusion_number_positive")),
        sa.ForeignKeyConstraint(
            ["given_under_id"], ["series_order_version.id"], name=op.f("fk_series_infusion_given_under_id")
        ),
        sa.ForeignKeyConstraint(["nurse_id"], ["nurse.id"], name=op.f("fk_series_infusion_nurse_id")),
        sa.ForeignKeyConstraint(["series_id"], ["series.id"], name=op.f("fk_series_infusion_series_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_series_infusion")),
        sa.UniqueConstraint("series_id", "number", name=op.f("uq_series_infusion_series_id_number")),
    )
    op.create_index(
        op.f("ix_series_infusion_appointment_id"), "series_infusion", ["appointment_id"], unique=False
    )
    op.create_index("ix_series_infusion_day", "series_infusion", ["nurse_id", "day"], unique=False)
    op.create_table(
        "series_consent",
        sa.Column("series_id", sa.Uuid(), nullable=False),
        sa.Column("text_version", sa.String(), nullable=False),
        sa.Column("signed_name_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["recorded_by"], ["account.id"], name=op.f("fk_series_consent_recorded_by")),
        sa.ForeignKeyConstraint(["series_id"], ["series.id"], name=op.f("fk_series_consent_series_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_series_consent")),
    )
    op.create_index(op.f("ix_series_consent_series_id"), "series_consent", ["series_id"], unique=False)
    op.create_table(
        "series_decision",
        sa.Column("series_id", sa.Uuid(), nullable=False),
        sa.Column("deed", sa.String(), nullable=False),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("deed IN ('pause', 'resume', 'stop')", name=op.f("ck_series_decision_deed_known")),
        sa.ForeignKeyConstraint(["decided_by"], ["account.id"], name=op.f("fk_series_decision_decided_by")),
        sa.ForeignKeyConstraint(["series_id"], ["series.id"], name=op.f("fk_series_decision_series_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_series_decision")),
    )
    op.create_index(op.f("ix_series_decision_series_id"), "series_decision", ["series_id"], unique=False)
    op.create_table(
        "series_outside_order",
        sa.Column("series_id", sa.Uuid(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("content_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("entered_by", sa.Uuid(), nullable=True),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_id"], ["intake_document.id"], name=op.f("fk_series_outside_order_document_id")
        ),
        sa.ForeignKeyConstraint(
            ["entered_by"], ["account.id"], name=op.f("fk_series_outside_order_entered_by")
        ),
        sa.ForeignKeyConstraint(["series_id"], ["series.id"], name=op.f("fk_series_outside_order_series_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_series_outside_order")),
    )
    op.create_index(
        op.f("ix_series_outside_order_series_id"), "series_outside_order", ["series_id"], unique=False
    )
    op.create_table(
        "series_review",
        sa.Column("series_id", sa.Uuid(), nullable=False),
        sa.Column("after_given", sa.Integer(), nullable=False),
        sa.Column("go_on", sa.Boolean(), nullable=False),
        sa.Column("findings_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("reviewed_by", sa.Uuid(), nullable=False),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("proof_ref", sa.String(), nullable=False),
        sa.Column("policy", sa.JSON(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["reviewed_by"], ["account.id"], name=op.f("fk_series_review_reviewed_by")),
        sa.ForeignKeyConstraint(["series_id"], ["series.id"], name=op.f("fk_series_review_series_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_series_review")),
        sa.UniqueConstraint("series_id", "after_given", name=op.f("uq_series_review_series_id_after_given")),
    )
    for table in APPEND_ONLY:
        for law in laws(table, op.get_bind().dialect.name):
            op.execute(law)


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)

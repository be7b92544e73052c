"""Discrepancy cases: their steps and attachments. A case's opening is the discrepancy that stands already."""

import sqlalchemy as sa
from alembic import op

revision = "0012_cases"
down_revision = "0011_log"

TABLES = ("custody_case_attachment", "custody_case_step")


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
        "custody_case_attachment",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("media_type", sa.String(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("text_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("size_bytes > 0", name=op.f("ck_custody_case_attachment_not_empty")),
        sa.CheckConstraint("length(sha256) = 32", name=op.f("ck_custody_case_attachment_hash_whole")),
        sa.ForeignKeyConstraint(
            ["case_id"], ["custody_discrepancy.id"], name=op.f("fk_custody_case_attachment_case_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_custody_case_attachment")),
    )
    op.create_index(
        op.f("ix_custody_case_attachment_case_id"), "custody_case_attachment", ["case_id"], unique=False
    )
    op.create_table(
        "custody_case_step",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("event_id", sa.Uuid(), nullable=True),
        sa.Column("signal_id", sa.Uuid(), nullable=True),
        sa.Column("attachment_id", sa.Uuid(), nullable=True),
        sa.Column("text_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("text_salt", sa.LargeBinary(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("sequence > 0", name=op.f("ck_custody_case_step_sequence_positive")),
        sa.CheckConstraint(
            "(text_sealed IS NULL) = (text_salt IS NULL)", name=op.f("ck_custody_case_step_text_salted")
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_custody_case_step_account_id")),
        sa.ForeignKeyConstraint(["person_id"], ["account.id"], name=op.f("fk_custody_case_step_person_id")),
        sa.ForeignKeyConstraint(
            ["attachment_id"],
            ["custody_case_attachment.id"],
            name=op.f("fk_custody_case_step_attachment_id"),
        ),
        sa.ForeignKeyConstraint(
            ["case_id"], ["custody_discrepancy.id"], name=op.f("fk_custody_case_step_case_id")
        ),
        sa.ForeignKeyConstraint(
            ["signal_id"], ["custody_discrepancy.id"], name=op.f("fk_custody_case_step_signal_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_custody_case_step")),
        sa.UniqueConstraint("case_id", "sequence", name=op.f("uq_custody_case_step_case_id_sequence")),
        sa.UniqueConstraint("signal_id", name=op.f("uq_custody_case_step_signal_id")),
    )
    op.create_index("ix_custody_case_step_kind", "custody_case_step", ["kind", "case_id"], unique=False)
    for table in TABLES:
        for law in laws(table, op.get_bind().dialect.name):
            op.execute(law)


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)

"""The tables of visits."""

import sqlalchemy as sa
from alembic import op

revision = "0008_visits"
down_revision = "0007_assignment"

# What holds beyond constraints, each database in its own words. Kept here as it was, not imported.
LAWS = {
    "sqlite": (
        """CREATE TRIGGER visit_fact_no_update BEFORE UPDATE ON visit_fact BEGIN SELECT RAISE(ABORT, 'visit_fact is append-only'); END""",
        """CREATE TRIGGER visit_fact_no_delete BEFORE DELETE ON visit_fact BEGIN SELECT RAISE(ABORT, 'visit_fact is append-only'); END""",
    ),
    "postgresql": (
        """CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$""",
        """CREATE TRIGGER visit_fact_no_change BEFORE UPDATE OR DELETE ON visit_fact FOR EACH ROW EXECUTE FUNCTION refuse_change()""",
        """CREATE TRIGGER visit_fact_no_truncate BEFORE TRUNCATE ON visit_fact FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()""",
    ),
}


def upgrade() -> None:
    op.create_table(
        "visit_fact",
        sa.Column(
            "position",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("appointment_id", sa.Uuid(), nullable=False),
        sa.Column("nurse_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("device_id", sa.Uuid(), nullable=True),
        sa.Column("device_seq", sa.BigInteger(), nullable=True),
        sa.Column("deed", sa.String(), nullable=False),
        sa.Column("device_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("device_utc_offset_s", sa.Integer(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("clock_offset_s", sa.BigInteger(), nullable=True),
        sa.Column("place_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("calls_made", sa.Integer(), nullable=True),
        sa.Column("body_digest", sa.LargeBinary(), nullable=False),
        sa.Column("verdict", sa.JSON(), nullable=False),
        sa.CheckConstraint(
            "deed IN ('en_route', 'check_in', 'start', 'stop', 'check_out', 'no_show', 'abort')",
            name=op.f("ck_visit_fact_deed_known"),
        ),
        sa.CheckConstraint(
            "device_seq IS NULL OR device_seq > 0", name=op.f("ck_visit_fact_device_seq_positive")
        ),
        sa.ForeignKeyConstraint(
            ["appointment_id"], ["appointment.id"], name=op.f("fk_visit_fact_appointment_id")
        ),
        sa.ForeignKeyConstraint(["nurse_id"], ["nurse.id"], name=op.f("fk_visit_fact_nurse_id")),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_visit_fact")),
        sa.UniqueConstraint("device_id", "device_seq", name=op.f("uq_visit_fact_device_id_device_seq")),
        sa.UniqueConstraint("id", name=op.f("uq_visit_fact_id")),
    )
    op.create_index("ix_visit_fact_appointment", "visit_fact", ["appointment_id", "nurse_id"], unique=False)
    for statement in LAWS[op.get_context().dialect.name]:
        op.execute(sa.text(statement.replace(":", "\\:")))


def downgrade() -> None:
    op.drop_table("visit_fact")

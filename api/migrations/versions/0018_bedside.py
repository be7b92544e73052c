"""What is charted at the bedside: readings and sections; more deeds of a visit."""

import sqlalchemy as sa
from alembic import op

revision = "0018_bedside"
down_revision = "0017_messages"

TABLES = ("bedside_reading", "bedside_entry")
DEEDS_BEFORE = ("en_route", "check_in", "start", "stop", "check_out", "no_show", "abort")
DEEDS = (
    "en_route", "check_in", "screen", "hold", "release", "ready", "lapse", "start", "pause", "resume", "stop",
    "discharge", "check_out", "no_show", "abort", "emergency", "transfer",
)  # fmt: skip


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


def _position() -> sa.Column[int]:
    return sa.Column(
        "position", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
    )


def _reported(table: str) -> tuple[sa.schema.SchemaItem, ...]:
    return (
        _position(),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("appointment_id", sa.Uuid(), nullable=False),
        sa.Column("nurse_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("device_id", sa.Uuid(), nullable=True),
        sa.Column("device_seq", sa.BigInteger(), nullable=True),
        sa.Column("device_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body_digest", sa.LargeBinary(), nullable=False),
        sa.Column("verdict", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["appointment_id"], ["appointment.id"], name=op.f(f"fk_{table}_appointment_id")
        ),
        sa.ForeignKeyConstraint(["nurse_id"], ["nurse.id"], name=op.f(f"fk_{table}_nurse_id")),
        sa.PrimaryKeyConstraint("position", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("device_id", "device_seq", name=op.f(f"uq_{table}_device_id_device_seq")),
        sa.UniqueConstraint("id", name=op.f(f"uq_{table}_id")),
    )


def _facts(deeds: tuple[str, ...]) -> sa.Table:
    """Return the table of facts as 0008 made it, with these deeds."""
    return sa.Table(
        "visit_fact",
        sa.MetaData(),
        _position(),
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
        sa.CheckConstraint(_known(deeds), name=op.f("ck_visit_fact_deed_known")),
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
        sa.Index("ix_visit_fact_appointment", "appointment_id", "nurse_id"),
    )


def _known(deeds: tuple[str, ...]) -> str:
    return f"deed IN ({', '.join(repr(deed) for deed in deeds)})"


def _allow(deeds: tuple[str, ...]) -> None:
    """Change which deeds a fact may have. SQLite makes the table anew, so its triggers are made anew, too."""
    dialect = op.get_bind().dialect.name
    if dialect == "postgresql":
        op.drop_constraint(op.f("ck_visit_fact_deed_known"), "visit_fact", type_="check")
        op.create_check_constraint(op.f("ck_visit_fact_deed_known"), "visit_fact", _known(deeds))
        return
    with op.batch_alter_table("visit_fact", copy_from=_facts(deeds), recreate="always"):
        pass
    for law in laws("visit_fact", dialect):
        op.execute(law)


def upgrade() -> None:
    _allow(DEEDS)
    op.create_table(
        "bedside_reading",
        *_reported("bedside_reading"),
        sa.Column("phase", sa.String(), nullable=False),
        sa.Column("sbp", sa.Integer(), nullable=False),
        sa.Column("dbp", sa.Integer(), nullable=False),
        sa.Column("hr", sa.Integer(), nullable=False),
        sa.Column("rr", sa.Integer(), nullable=False),
        sa.Column("spo2", sa.Integer(), nullable=False),
        sa.Column("rhythm", sa.String(), nullable=False),
        sa.Column("moaas", sa.Integer(), nullable=False),
        sa.Column("agitation", sa.Integer(), nullable=False),
        sa.Column("spo2_low_s", sa.Integer(), nullable=True),
        sa.Column("symptoms", sa.JSON(), nullable=False),
        sa.CheckConstraint(
            "phase IN ('before', 'during', 'after')", name=op.f("ck_bedside_reading_phase_known")
        ),
        sa.CheckConstraint(
            "moaas BETWEEN 0 AND 5 AND agitation BETWEEN 0 AND 3",
            name=op.f("ck_bedside_reading_scales_in_range"),
        ),
    )
    op.create_index("ix_bedside_reading_appointment", "bedside_reading", ["appointment_id", "happened_at"])
    op.create_table(
        "bedside_entry",
        *_reported("bedside_entry"),
        sa.Column("section", sa.String(), nullable=False),
        sa.Column("answers_sealed", sa.LargeBinary(), nullable=True),
    )
    op.create_index("ix_bedside_entry_appointment", "bedside_entry", ["appointment_id", "section"])
    for table in TABLES:
        for law in laws(table, op.get_bind().dialect.name):
            op.execute(law)


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
    dialect = op.get_bind().dialect.name
    triggers = (
        ("visit_fact_no_update", "visit_fact_no_delete")
        if dialect == "sqlite"
        else ("visit_fact_no_change", "visit_fact_no_truncate")
    )
    for trigger in triggers:
        op.execute(f"DROP TRIGGER {trigger}" + ("" if dialect == "sqlite" else " ON visit_fact"))
    facts = _facts(DEEDS)
    op.execute(facts.delete().where(facts.c.deed.not_in(DEEDS_BEFORE)))
    _allow(DEEDS_BEFORE)
    if dialect == "postgresql":
        for law in laws("visit_fact", dialect):
            op.execute(law)

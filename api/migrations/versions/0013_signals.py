"""What reports and signals keep: inventories taken, assay tasks."""

import sqlalchemy as sa
from alembic import op

revision = "0013_signals"
down_revision = "0012_cases"

# What refuses changes of inventories, each database in its own words. Kept here as it was, not imported.
INVENTORY_LAWS = {
    "sqlite": (
        """CREATE TRIGGER custody_inventory_closing_no_update BEFORE UPDATE ON custody_inventory_closing BEGIN SELECT RAISE(ABORT, 'custody_inventory_closing is append-only'); END""",
        """CREATE TRIGGER custody_inventory_closing_no_delete BEFORE DELETE ON custody_inventory_closing BEGIN SELECT RAISE(ABORT, 'custody_inventory_closing is append-only'); END""",
        """CREATE TRIGGER custody_inventory_flow_no_update BEFORE UPDATE ON custody_inventory_flow BEGIN SELECT RAISE(ABORT, 'custody_inventory_flow is append-only'); END""",
        """CREATE TRIGGER custody_inventory_flow_no_delete BEFORE DELETE ON custody_inventory_flow BEGIN SELECT RAISE(ABORT, 'custody_inventory_flow is append-only'); END""",
        """CREATE TRIGGER custody_inventory_no_update BEFORE UPDATE ON custody_inventory BEGIN SELECT RAISE(ABORT, 'custody_inventory is append-only'); END""",
        """CREATE TRIGGER custody_inventory_no_delete BEFORE DELETE ON custody_inventory BEGIN SELECT RAISE(ABORT, 'custody_inventory is append-only'); END""",
    ),
    "postgresql": (
        """CREATE TRIGGER custody_inventory_closing_no_change BEFORE UPDATE OR DELETE ON custody_inventory_closing FOR EACH ROW EXECUTE FUNCTION refuse_change()""",
        """CREATE TRIGGER custody_inventory_closing_no_truncate BEFORE TRUNCATE ON custody_inventory_closing FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()""",
        """CREATE TRIGGER custody_inventory_flow_no_change BEFORE UPDATE OR DELETE ON custody_inventory_flow FOR EACH ROW EXECUTE FUNCTION refuse_change()""",
        """CREATE TRIGGER custody_inventory_flow_no_truncate BEFORE TRUNCATE ON custody_inventory_flow FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()""",
        """CREATE TRIGGER custody_inventory_no_change BEFORE UPDATE OR DELETE ON custody_inventory FOR EACH ROW EXECUTE FUNCTION refuse_change()""",
        """CREATE TRIGGER custody_inventory_no_truncate BEFORE TRUNCATE ON custody_inventory FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()""",
    ),
}


SIGNALS = (
    "custody_signal", "custody_signal_answer", "custody_assay_period", "custody_assay_reveal",
    "custody_assay_task", "custody_assay_result",
)  # fmt: skip


def signal_laws(table: str, dialect: str) -> tuple[str, ...]:
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
    create_inventories()
    create_signals()


def downgrade() -> None:
    for table in reversed(SIGNALS):
        op.drop_table(table)
    op.drop_table("custody_inventory")
    op.drop_table("custody_inventory_flow")
    op.drop_table("custody_inventory_closing")


def create_inventories() -> None:
    op.create_table(
        "custody_inventory_closing",
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "part > 0 AND events >= 0", name=op.f("ck_custody_inventory_closing_counts_not_negative")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_custody_inventory_closing")),
        sa.UniqueConstraint("until", "part", name=op.f("uq_custody_inventory_closing_until_part")),
    )
    op.create_table(
        "custody_inventory_flow",
        sa.Column("closing_id", sa.Uuid(), nullable=False),
        sa.Column("area_id", sa.Uuid(), nullable=False),
        sa.Column("lot_id", sa.Uuid(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("amount_ug", sa.BigInteger(), nullable=False),
        sa.Column("units", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["closing_id"],
            ["custody_inventory_closing.id"],
            name=op.f("fk_custody_inventory_flow_closing_id"),
        ),
        sa.ForeignKeyConstraint(
            ["area_id"], ["service_area.id"], name=op.f("fk_custody_inventory_flow_area_id")
        ),
        sa.ForeignKeyConstraint(
            ["lot_id"], ["custody_lot.id"], name=op.f("fk_custody_inventory_flow_lot_id")
        ),
        sa.PrimaryKeyConstraint(
            "closing_id", "area_id", "lot_id", "place", name=op.f("pk_custody_inventory_flow")
        ),
    )
    op.create_table(
        "custody_inventory",
        sa.Column("area_id", sa.Uuid(), nullable=False),
        sa.Column("pharmacy_id", sa.Uuid(), nullable=False),
        sa.Column("occasion", sa.String(), nullable=False),
        sa.Column("business", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_by", sa.Uuid(), nullable=False),
        sa.Column("witnessed_by", sa.Uuid(), nullable=True),
        sa.Column("lines", sa.JSON(), nullable=False),
        sa.Column("canonical", sa.LargeBinary(), nullable=False),
        sa.Column("inventory_hash", sa.LargeBinary(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "occasion IN ('initial', 'biennial', 'newly_controlled', 'other')",
            name=op.f("ck_custody_inventory_occasion"),
        ),
        sa.CheckConstraint("business IN ('open', 'close')", name=op.f("ck_custody_inventory_business")),
        sa.CheckConstraint(
            "witnessed_by IS NULL OR witnessed_by <> taken_by",
            name=op.f("ck_custody_inventory_witness_is_not_taker"),
        ),
        sa.CheckConstraint("length(inventory_hash) = 32", name=op.f("ck_custody_inventory_hash_whole")),
        sa.ForeignKeyConstraint(["area_id"], ["service_area.id"], name=op.f("fk_custody_inventory_area_id")),
        sa.ForeignKeyConstraint(
            ["pharmacy_id"], ["pharmacy.id"], name=op.f("fk_custody_inventory_pharmacy_id")
        ),
        sa.ForeignKeyConstraint(["taken_by"], ["account.id"], name=op.f("fk_custody_inventory_taken_by")),
        sa.ForeignKeyConstraint(
            ["witnessed_by"], ["account.id"], name=op.f("fk_custody_inventory_witnessed_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_custody_inventory")),
    )
    op.create_index(
        "ix_custody_inventory_pharmacy", "custody_inventory", ["pharmacy_id", "day"], unique=False
    )
    for statement in INVENTORY_LAWS[op.get_context().dialect.name]:
        op.execute(sa.text(statement.replace(":", "\\:")))


def create_signals() -> None:
    op.create_table(
        "custody_signal",
        sa.Column("area_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("other_id", sa.Uuid(), nullable=True),
        sa.Column("about", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("arithmetic", sa.JSON(), nullable=False),
        sa.Column("chance", sa.String(), nullable=True),
        sa.Column("begins_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("begins_at < ends_at", name=op.f("ck_custody_signal_period_in_order")),
        sa.ForeignKeyConstraint(["area_id"], ["service_area.id"], name=op.f("fk_custody_signal_area_id")),
        sa.ForeignKeyConstraint(["subject_id"], ["nurse.id"], name=op.f("fk_custody_signal_subject_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_custody_signal")),
    )
    op.create_index("ix_custody_signal_area", "custody_signal", ["area_id", "asked_at"], unique=False)
    op.create_index("ix_custody_signal_key", "custody_signal", ["key", "asked_at"], unique=False)
    op.create_table(
        "custody_signal_answer",
        sa.Column("signal_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("answer", sa.String(), nullable=False),
        sa.Column("text_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("text_salt", sa.LargeBinary(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(answer = 'case') = (case_id IS NOT NULL)", name=op.f("ck_custody_signal_answer_case_named")
        ),
        sa.CheckConstraint(
            "answer IN ('explained', 'watch', 'case')", name=op.f("ck_custody_signal_answer_answer_known")
        ),
        sa.CheckConstraint("sequence > 0", name=op.f("ck_custody_signal_answer_sequence_positive")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_custody_signal_answer_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["case_id"], ["custody_discrepancy.id"], name=op.f("fk_custody_signal_answer_case_id")
        ),
        sa.ForeignKeyConstraint(
            ["signal_id"], ["custody_signal.id"], name=op.f("fk_custody_signal_answer_signal_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_custody_signal_answer")),
        sa.UniqueConstraint(
            "signal_id", "sequence", name=op.f("uq_custody_signal_answer_signal_id_sequence")
        ),
    )
    op.create_table(
        "custody_assay_period",
        sa.Column("area_id", sa.Uuid(), nullable=False),
        sa.Column("begins_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rate_permille", sa.Integer(), nullable=False),
        sa.Column("commitment", sa.LargeBinary(), nullable=False),
        sa.Column("committed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("begins_at < ends_at", name=op.f("ck_custody_assay_period_period_in_order")),
        sa.CheckConstraint(
            "committed_at <= begins_at", name=op.f("ck_custody_assay_period_committed_before")
        ),
        sa.CheckConstraint("length(commitment) = 32", name=op.f("ck_custody_assay_period_commitment_whole")),
        sa.CheckConstraint(
            "rate_permille BETWEEN 0 AND 1000", name=op.f("ck_custody_assay_period_rate_a_share")
        ),
        sa.ForeignKeyConstraint(
            ["area_id"], ["service_area.id"], name=op.f("fk_custody_assay_period_area_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_custody_assay_period")),
        sa.UniqueConstraint("area_id", "begins_at", name=op.f("uq_custody_assay_period_area_id_begins_at")),
    )
    op.create_table(
        "custody_assay_reveal",
        sa.Column("period_id", sa.Uuid(), nullable=False),
        sa.Column("seed", sa.LargeBinary(), nullable=False),
        sa.Column("revealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("length(seed) = 32", name=op.f("ck_custody_assay_reveal_seed_whole")),
        sa.ForeignKeyConstraint(
            ["period_id"], ["custody_assay_period.id"], name=op.f("fk_custody_assay_reveal_period_id")
        ),
        sa.PrimaryKeyConstraint("period_id", name=op.f("pk_custody_assay_reveal")),
    )
    op.create_table(
        "custody_assay_task",
        sa.Column("area_id", sa.Uuid(), nullable=False),
        sa.Column("period_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("container_id", sa.Uuid(), nullable=False),
        sa.Column("ticket", sa.LargeBinary(), nullable=False),
        sa.Column("expected_ug_per_ml", sa.BigInteger(), nullable=False),
        sa.Column("expected_ug", sa.BigInteger(), nullable=False),
        sa.Column("drawn_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "expected_ug_per_ml > 0 AND expected_ug >= 0", name=op.f("ck_custody_assay_task_amounts_positive")
        ),
        sa.CheckConstraint("length(ticket) = 32", name=op.f("ck_custody_assay_task_ticket_whole")),
        sa.ForeignKeyConstraint(["area_id"], ["service_area.id"], name=op.f("fk_custody_assay_task_area_id")),
        sa.ForeignKeyConstraint(
            ["container_id"], ["custody_container.id"], name=op.f("fk_custody_assay_task_container_id")
        ),
        sa.ForeignKeyConstraint(
            ["event_id"], ["custody_event.id"], name=op.f("fk_custody_assay_task_event_id")
        ),
        sa.ForeignKeyConstraint(
            ["period_id"], ["custody_assay_period.id"], name=op.f("fk_custody_assay_task_period_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_custody_assay_task")),
        sa.UniqueConstraint("event_id", name=op.f("uq_custody_assay_task_event_id")),
    )
    op.create_index("ix_custody_assay_task_area", "custody_assay_task", ["area_id", "drawn_at"], unique=False)
    op.create_table(
        "custody_assay_result",
        sa.Column("task_id", sa.Uuid(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("measured_ug_per_ml", sa.BigInteger(), nullable=False),
        sa.Column("volume_ul", sa.BigInteger(), nullable=False),
        sa.Column("diluted", sa.Boolean(), nullable=False),
        sa.Column("laboratory", sa.String(), nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("attempt > 0", name=op.f("ck_custody_assay_result_attempt_positive")),
        sa.CheckConstraint(
            "measured_ug_per_ml >= 0 AND volume_ul >= 0",
            name=op.f("ck_custody_assay_result_amounts_not_negative"),
        ),
        sa.CheckConstraint(
            "passed = (case_id IS NULL)", name=op.f("ck_custody_assay_result_failure_has_case")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_custody_assay_result_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["case_id"], ["custody_discrepancy.id"], name=op.f("fk_custody_assay_result_case_id")
        ),
        sa.ForeignKeyConstraint(
            ["task_id"], ["custody_assay_task.id"], name=op.f("fk_custody_assay_result_task_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_custody_assay_result")),
        sa.UniqueConstraint("task_id", "attempt", name=op.f("uq_custody_assay_result_task_id_attempt")),
    )
    for table in SIGNALS:
        for law in signal_laws(table, op.get_context().dialect.name):
            op.execute(law)

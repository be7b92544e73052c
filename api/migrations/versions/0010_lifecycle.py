"""The whole lifecycle of a container: what issue 4 adds to the ledger's own tables."""

import sqlalchemy as sa
from alembic import op

revision = "0010_lifecycle"
down_revision = "0009_replan"

# What holds beyond constraints, each database in its own words. Kept here as it was, not imported.
LAWS = {
    "sqlite": (
        """CREATE TRIGGER custody_closing_witnessed BEFORE INSERT ON custody_closing WHEN EXISTS (SELECT 1 FROM custody_event e WHERE e.id = NEW.event_id AND e.witness_account_id IS NULL AND e.kind IN ('destroyed', 'picked_up', 'residual_returned', 'returned', 'reversed', 'wasted') AND NOT e.exception) BEGIN SELECT RAISE(ABORT, 'this event needs a second signature'); END""",
        """CREATE TRIGGER custody_event_after_reconciled BEFORE INSERT ON custody_event WHEN NEW.from_state = 'reconciled' AND NEW.kind <> 'reversed' AND NEW.applied BEGIN SELECT RAISE(ABORT, 'after reconciled comes nothing but a reversal'); END""",
        """CREATE TRIGGER custody_event_measures BEFORE INSERT ON custody_event WHEN NEW.rate_ug_per_min < 0 OR NEW.measured_ug < 0 OR NEW.prime_ug < 0 BEGIN SELECT RAISE(ABORT, 'no measure is negative'); END""",
        """CREATE TRIGGER custody_event_reverses_one BEFORE INSERT ON custody_event WHEN NEW.kind = 'reversed' AND NOT EXISTS (SELECT 1 FROM custody_event o WHERE o.id = NEW.supersedes AND o.container_id = NEW.container_id AND o.applied AND o.kind <> 'reversed') BEGIN SELECT RAISE(ABORT, 'a reversal names an applied entry of its own container'); END""",
        """CREATE TRIGGER custody_signature_own_device BEFORE INSERT ON custody_signature WHEN NEW.device_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM device d WHERE d.id = NEW.device_id AND d.account_id = NEW.account_id) BEGIN SELECT RAISE(ABORT, 'nobody signs by the device of another account'); END""",
        """CREATE TRIGGER custody_closing_reversal_signed BEFORE INSERT ON custody_closing WHEN EXISTS (SELECT 1 FROM custody_event e WHERE e.id = NEW.event_id AND e.kind = 'reversed' AND (e.witness_account_id IS NULL OR NOT e.applied)) BEGIN SELECT RAISE(ABORT, 'a reversal has two approvers'); END""",
        """CREATE TRIGGER custody_closing_reversal_mirrors BEFORE INSERT ON custody_closing WHEN EXISTS (SELECT 1 FROM custody_event e JOIN custody_posting p ON p.event_id IN (e.id, e.supersedes) WHERE e.id = NEW.event_id AND e.kind = 'reversed' GROUP BY p.lot_id, p.account HAVING SUM(p.amount_ug) <> 0) BEGIN SELECT RAISE(ABORT, 'a reversal takes back exactly what its entry moved'); END""",
        """CREATE TRIGGER custody_order_no_update BEFORE UPDATE ON custody_order BEGIN SELECT RAISE(ABORT, 'custody_order is append-only'); END""",
        """CREATE TRIGGER custody_order_no_delete BEFORE DELETE ON custody_order BEGIN SELECT RAISE(ABORT, 'custody_order is append-only'); END""",
        """CREATE TRIGGER custody_recall_no_update BEFORE UPDATE ON custody_recall BEGIN SELECT RAISE(ABORT, 'custody_recall is append-only'); END""",
        """CREATE TRIGGER custody_recall_no_delete BEFORE DELETE ON custody_recall BEGIN SELECT RAISE(ABORT, 'custody_recall is append-only'); END""",
    ),
    "postgresql": (
        """CREATE OR REPLACE FUNCTION custody_closing_witnessed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF EXISTS (SELECT 1 FROM custody_event e WHERE e.id = NEW.event_id AND e.witness_account_id IS NULL AND e.kind IN ('destroyed', 'picked_up', 'residual_returned', 'returned', 'reversed', 'wasted') AND NOT e.exception) THEN RAISE EXCEPTION 'this event needs a second signature' USING ERRCODE = 'check_violation'; END IF; RETURN NEW; END $$""",
        """CREATE TRIGGER custody_closing_witnessed BEFORE INSERT ON custody_closing FOR EACH ROW EXECUTE FUNCTION custody_closing_witnessed()""",
        """CREATE OR REPLACE FUNCTION custody_event_after_reconciled() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.from_state = 'reconciled' AND NEW.kind <> 'reversed' AND NEW.applied THEN RAISE EXCEPTION 'after reconciled comes nothing but a reversal' USING ERRCODE = 'check_violation'; END IF; RETURN NEW; END $$""",
        """CREATE TRIGGER custody_event_after_reconciled BEFORE INSERT ON custody_event FOR EACH ROW EXECUTE FUNCTION custody_event_after_reconciled()""",
        """CREATE OR REPLACE FUNCTION custody_event_measures() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.rate_ug_per_min < 0 OR NEW.measured_ug < 0 OR NEW.prime_ug < 0 THEN RAISE EXCEPTION 'no measure is negative' USING ERRCODE = 'check_violation'; END IF; RETURN NEW; END $$""",
        """CREATE TRIGGER custody_event_measures BEFORE INSERT ON custody_event FOR EACH ROW EXECUTE FUNCTION custody_event_measures()""",
        """CREATE OR REPLACE FUNCTION custody_event_reverses_one() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.kind = 'reversed' AND NOT EXISTS (SELECT 1 FROM custody_event o WHERE o.id = NEW.supersedes AND o.container_id = NEW.container_id AND o.applied AND o.kind <> 'reversed') THEN RAISE EXCEPTION 'a reversal names an applied entry of its own container' USING ERRCODE = 'check_violation'; END IF; RETURN NEW; END $$""",
        """CREATE TRIGGER custody_event_reverses_one BEFORE INSERT ON custody_event FOR EACH ROW EXECUTE FUNCTION custody_event_reverses_one()""",
        """CREATE OR REPLACE FUNCTION custody_signature_own_device() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.device_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM device d WHERE d.id = NEW.device_id AND d.account_id = NEW.account_id) THEN RAISE EXCEPTION 'nobody signs by the device of another account' USING ERRCODE = 'check_violation'; END IF; RETURN NEW; END $$""",
        """CREATE TRIGGER custody_signature_own_device BEFORE INSERT ON custody_signature FOR EACH ROW EXECUTE FUNCTION custody_signature_own_device()""",
        """CREATE OR REPLACE FUNCTION custody_closing_reversal_signed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF EXISTS (SELECT 1 FROM custody_event e WHERE e.id = NEW.event_id AND e.kind = 'reversed' AND (e.witness_account_id IS NULL OR NOT e.applied)) THEN RAISE EXCEPTION 'a reversal has two approvers' USING ERRCODE = 'check_violation'; END IF; RETURN NEW; END $$""",
        """CREATE TRIGGER custody_closing_reversal_signed BEFORE INSERT ON custody_closing FOR EACH ROW EXECUTE FUNCTION custody_closing_reversal_signed()""",
        """CREATE OR REPLACE FUNCTION custody_closing_reversal_mirrors() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF EXISTS (SELECT 1 FROM custody_event e JOIN custody_posting p ON p.event_id IN (e.id, e.supersedes) WHERE e.id = NEW.event_id AND e.kind = 'reversed' GROUP BY p.lot_id, p.account HAVING SUM(p.amount_ug) <> 0) THEN RAISE EXCEPTION 'a reversal takes back exactly what its entry moved' USING ERRCODE = 'check_violation'; END IF; RETURN NEW; END $$""",
        """CREATE TRIGGER custody_closing_reversal_mirrors BEFORE INSERT ON custody_closing FOR EACH ROW EXECUTE FUNCTION custody_closing_reversal_mirrors()""",
        """CREATE TRIGGER custody_order_no_change BEFORE UPDATE OR DELETE ON custody_order FOR EACH ROW EXECUTE FUNCTION refuse_change()""",
        """CREATE TRIGGER custody_order_no_truncate BEFORE TRUNCATE ON custody_order FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()""",
        """CREATE TRIGGER custody_recall_no_change BEFORE UPDATE OR DELETE ON custody_recall FOR EACH ROW EXECUTE FUNCTION refuse_change()""",
        """CREATE TRIGGER custody_recall_no_truncate BEFORE TRUNCATE ON custody_recall FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()""",
    ),
}
# The law that 0006 made and this step replaces: more kinds of event need two signatures now.
BEFORE = {
    "sqlite": (
        "DROP TRIGGER custody_closing_witnessed",
        """CREATE TRIGGER custody_closing_witnessed BEFORE INSERT ON custody_closing WHEN EXISTS (SELECT 1 FROM custody_event e WHERE e.id = NEW.event_id AND e.witness_account_id IS NULL AND e.kind IN ('picked_up', 'returned', 'wasted') AND NOT e.exception) BEGIN SELECT RAISE(ABORT, 'this event needs a second signature'); END""",
    ),
    "postgresql": (
        """CREATE OR REPLACE FUNCTION custody_closing_witnessed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF EXISTS (SELECT 1 FROM custody_event e WHERE e.id = NEW.event_id AND e.witness_account_id IS NULL AND e.kind IN ('picked_up', 'returned', 'wasted') AND NOT e.exception) THEN RAISE EXCEPTION 'this event needs a second signature' USING ERRCODE = 'check_violation'; END IF; RETURN NEW; END $$""",
    ),
}
NEW_TRIGGERS = (
    ("custody_event", "custody_event_after_reconciled"),
    ("custody_event", "custody_event_measures"),
    ("custody_event", "custody_event_reverses_one"),
    ("custody_signature", "custody_signature_own_device"),
    ("custody_closing", "custody_closing_reversal_signed"),
    ("custody_closing", "custody_closing_reversal_mirrors"),
)
COLUMNS = (
    ("policy", "registrant", sa.String()),
    ("policy", "state", sa.String()),
    ("custody_product", "gtin", sa.String()),
    ("custody_container", "offered_until", sa.DateTime(timezone=True)),
    ("custody_container", "order_id", sa.Uuid()),
    ("custody_shift", "opening_round_id", sa.Uuid()),
    ("custody_shift", "closing_round_id", sa.Uuid()),
    ("custody_event", "witness_kind", sa.String()),
    ("custody_event", "rate_ug_per_min", sa.BigInteger()),
    ("custody_event", "measured_ug", sa.BigInteger()),
    ("custody_event", "prime_ug", sa.BigInteger()),
    ("custody_signature", "device_id", sa.Uuid()),
    ("custody_signature", "given_on", sa.Uuid()),
)


def upgrade() -> None:
    for table, name, kind in COLUMNS:
        op.add_column(table, sa.Column(name, kind, nullable=True))
    op.create_index("uq_custody_product_gtin", "custody_product", ["gtin"], unique=True)
    op.create_index("ix_custody_event_supersedes", "custody_event", ["supersedes"], unique=False)
    op.create_index(
        "uq_custody_event_reversed",
        "custody_event",
        ["supersedes"],
        unique=True,
        sqlite_where=sa.text("kind = 'reversed'"),
        postgresql_where=sa.text("kind = 'reversed'"),
    )
    op.create_index(
        "uq_custody_signature_device", "custody_signature", ["event_id", "device_id"], unique=True
    )
    _new_tables()
    dialect = op.get_context().dialect.name
    op.execute(sa.text(_drop("custody_closing", "custody_closing_witnessed", dialect)))
    for statement in LAWS[dialect]:
        op.execute(sa.text(statement.replace(":", "\\:")))


def _new_tables() -> None:
    op.create_table(
        "custody_order",
        sa.Column("area_id", sa.Uuid(), nullable=False),
        sa.Column("pharmacy_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("units", sa.Integer(), nullable=False),
        sa.Column("basis", sa.String(), nullable=False),
        sa.Column("supplier", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("ordered_by", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("units > 0", name=op.f("ck_custody_order_units_positive")),
        sa.ForeignKeyConstraint(["area_id"], ["service_area.id"], name=op.f("fk_custody_order_area_id")),
        sa.ForeignKeyConstraint(["ordered_by"], ["account.id"], name=op.f("fk_custody_order_ordered_by")),
        sa.ForeignKeyConstraint(["pharmacy_id"], ["pharmacy.id"], name=op.f("fk_custody_order_pharmacy_id")),
        sa.ForeignKeyConstraint(
            ["product_id"], ["custody_product.id"], name=op.f("fk_custody_order_product_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_custody_order")),
    )
    op.create_index("ix_custody_order_pharmacy", "custody_order", ["pharmacy_id", "at"], unique=False)
    op.create_table(
        "custody_recall",
        sa.Column("lot_id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("text_salt", sa.LargeBinary(), nullable=True),
        sa.Column("recalled_by", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["lot_id"], ["custody_lot.id"], name=op.f("fk_custody_recall_lot_id")),
        sa.ForeignKeyConstraint(["recalled_by"], ["account.id"], name=op.f("fk_custody_recall_recalled_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_custody_recall")),
    )
    op.create_index("ix_custody_recall_lot", "custody_recall", ["lot_id", "at"], unique=False)


def _drop(table: str, trigger: str, dialect: str) -> str:
    return f"DROP TRIGGER {trigger}" + ("" if dialect == "sqlite" else f" ON {table}")


def downgrade() -> None:
    dialect = op.get_context().dialect.name
    for table, trigger in NEW_TRIGGERS:
        op.execute(sa.text(_drop(table, trigger, dialect)))
    for statement in BEFORE[dialect]:
        op.execute(sa.text(statement.replace(":", "\\:")))
    op.drop_table("custody_recall")
    op.drop_table("custody_order")
    op.drop_index("uq_custody_signature_device", "custody_signature")
    op.drop_index("uq_custody_event_reversed", "custody_event")
    op.drop_index("ix_custody_event_supersedes", "custody_event")
    op.drop_index("uq_custody_product_gtin", "custody_product")
    for table, name, _kind in reversed(COLUMNS):
        op.drop_column(table, name)

"""The tables of custody."""

import sqlalchemy as sa
from alembic import op

revision = "0006_custody"
down_revision = "0005_appointments"

# What holds beyond constraints, each database in its own words. Kept here as it was, not imported.
LAWS = {
    "sqlite": (
        """CREATE TRIGGER custody_closing_no_update BEFORE UPDATE ON custody_closing BEGIN SELECT RAISE(ABORT, 'custody_closing is append-only'); END""",
        """CREATE TRIGGER custody_closing_no_delete BEFORE DELETE ON custody_closing BEGIN SELECT RAISE(ABORT, 'custody_closing is append-only'); END""",
        """CREATE TRIGGER custody_count_no_update BEFORE UPDATE ON custody_count BEGIN SELECT RAISE(ABORT, 'custody_count is append-only'); END""",
        """CREATE TRIGGER custody_count_no_delete BEFORE DELETE ON custody_count BEGIN SELECT RAISE(ABORT, 'custody_count is append-only'); END""",
        """CREATE TRIGGER custody_discrepancy_no_update BEFORE UPDATE ON custody_discrepancy BEGIN SELECT RAISE(ABORT, 'custody_discrepancy is append-only'); END""",
        """CREATE TRIGGER custody_discrepancy_no_delete BEFORE DELETE ON custody_discrepancy BEGIN SELECT RAISE(ABORT, 'custody_discrepancy is append-only'); END""",
        """CREATE TRIGGER custody_event_no_update BEFORE UPDATE ON custody_event BEGIN SELECT RAISE(ABORT, 'custody_event is append-only'); END""",
        """CREATE TRIGGER custody_event_no_delete BEFORE DELETE ON custody_event BEGIN SELECT RAISE(ABORT, 'custody_event is append-only'); END""",
        """CREATE TRIGGER custody_posting_no_update BEFORE UPDATE ON custody_posting BEGIN SELECT RAISE(ABORT, 'custody_posting is append-only'); END""",
        """CREATE TRIGGER custody_posting_no_delete BEFORE DELETE ON custody_posting BEGIN SELECT RAISE(ABORT, 'custody_posting is append-only'); END""",
        """CREATE TRIGGER custody_signature_no_update BEFORE UPDATE ON custody_signature BEGIN SELECT RAISE(ABORT, 'custody_signature is append-only'); END""",
        """CREATE TRIGGER custody_signature_no_delete BEFORE DELETE ON custody_signature BEGIN SELECT RAISE(ABORT, 'custody_signature is append-only'); END""",
        """CREATE TRIGGER custody_posting_event_open BEFORE INSERT ON custody_posting WHEN EXISTS (SELECT 1 FROM custody_closing c WHERE c.event_id = NEW.event_id) BEGIN SELECT RAISE(ABORT, 'a closed event takes no posting'); END""",
        """CREATE TRIGGER custody_posting_covered BEFORE INSERT ON custody_posting WHEN NEW.account_kind <> 'source' AND NEW.amount_ug + COALESCE((SELECT b.balance_ug FROM custody_balance b WHERE b.account = NEW.account AND b.lot_id = NEW.lot_id), 0) < 0 BEGIN SELECT RAISE(ABORT, 'an account cannot give more than it holds'); END""",
        """CREATE TRIGGER custody_balance_starts_empty BEFORE INSERT ON custody_balance WHEN NEW.balance_ug <> 0 OR NEW.last_posting_id <> 0 BEGIN SELECT RAISE(ABORT, 'a balance begins at zero'); END""",
        """CREATE TRIGGER custody_balance_follows_posting BEFORE UPDATE ON custody_balance WHEN NEW.account <> OLD.account OR NEW.lot_id <> OLD.lot_id OR NOT EXISTS (SELECT 1 FROM custody_posting p WHERE p.id = NEW.last_posting_id AND p.account = NEW.account AND p.lot_id = NEW.lot_id AND p.amount_ug = NEW.balance_ug - OLD.balance_ug) BEGIN SELECT RAISE(ABORT, 'a balance moves only by a posting'); END""",
        """CREATE TRIGGER custody_balance_moves_once BEFORE UPDATE ON custody_balance WHEN NEW.last_posting_id <= OLD.last_posting_id BEGIN SELECT RAISE(ABORT, 'a posting counts once'); END""",
        """CREATE TRIGGER custody_balance_stays BEFORE DELETE ON custody_balance WHEN 1 = 1 BEGIN SELECT RAISE(ABORT, 'a balance is never deleted'); END""",
        """CREATE TRIGGER custody_signature_event_open BEFORE INSERT ON custody_signature WHEN EXISTS (SELECT 1 FROM custody_closing c WHERE c.event_id = NEW.event_id) BEGIN SELECT RAISE(ABORT, 'a closed event takes no signature'); END""",
        """CREATE TRIGGER custody_signature_own_person BEFORE INSERT ON custody_signature WHEN NOT EXISTS (SELECT 1 FROM account a WHERE a.id = NEW.account_id AND a.person_ref = NEW.person_ref) BEGIN SELECT RAISE(ABORT, 'a signature names the person of its account'); END""",
        """CREATE TRIGGER custody_event_takes_up BEFORE INSERT ON custody_event WHEN NOT EXISTS (SELECT 1 FROM custody_container k WHERE k.id = NEW.container_id AND k.sequence = NEW.sequence - 1 AND k.state = NEW.from_state AND k.holder = NEW.from_holder) BEGIN SELECT RAISE(ABORT, 'an event takes up its container where it stands'); END""",
        """CREATE TRIGGER custody_container_begins BEFORE INSERT ON custody_container WHEN NEW.sequence <> 0 OR NEW.state <> 'ordered' OR NEW.holder <> '' BEGIN SELECT RAISE(ABORT, 'a container begins without history'); END""",
        """CREATE TRIGGER custody_container_follows BEFORE UPDATE ON custody_container WHEN NEW.id <> OLD.id OR NEW.lot_id <> OLD.lot_id OR NEW.area_id <> OLD.area_id OR NEW.pharmacy_id <> OLD.pharmacy_id OR NEW.serial <> OLD.serial OR NEW.label_ug <> OLD.label_ug OR NEW.overfill_cap_ug <> OLD.overfill_cap_ug OR NEW.basis <> OLD.basis OR NEW.sequence <> OLD.sequence + 1 OR NOT EXISTS (SELECT 1 FROM custody_event e WHERE e.container_id = NEW.id AND e.sequence = NEW.sequence AND e.to_state = NEW.state AND e.to_holder = NEW.holder) BEGIN SELECT RAISE(ABORT, 'a container changes only by an event'); END""",
        """CREATE TRIGGER custody_container_stays BEFORE DELETE ON custody_container WHEN 1 = 1 BEGIN SELECT RAISE(ABORT, 'a container is never deleted'); END""",
        """CREATE TRIGGER custody_closing_balanced BEFORE INSERT ON custody_closing WHEN EXISTS (SELECT 1 FROM custody_posting p WHERE p.event_id = NEW.event_id GROUP BY p.lot_id HAVING SUM(p.amount_ug) <> 0) BEGIN SELECT RAISE(ABORT, 'the postings of an event sum to zero per lot'); END""",
        """CREATE TRIGGER custody_closing_own_lot BEFORE INSERT ON custody_closing WHEN EXISTS (SELECT 1 FROM custody_posting p JOIN custody_event e ON e.id = p.event_id JOIN custody_container k ON k.id = e.container_id WHERE p.event_id = NEW.event_id AND (p.lot_id <> k.lot_id OR NOT e.applied)) BEGIN SELECT RAISE(ABORT, 'an event moves drug of its own lot, and a claim moves none'); END""",
        """CREATE TRIGGER custody_closing_overfill_capped BEFORE INSERT ON custody_closing WHEN EXISTS (SELECT 1 FROM custody_event e JOIN custody_container k ON k.id = e.container_id WHERE e.id = NEW.event_id AND k.overfill_cap_ug < (SELECT COALESCE(-SUM(p.amount_ug), 0) FROM custody_event o JOIN custody_posting p ON p.event_id = o.id WHERE o.container_id = k.id AND p.account = 'source:overfill')) BEGIN SELECT RAISE(ABORT, 'a container gives no more overfill than its cap'); END""",
        """CREATE TRIGGER custody_closing_signed BEFORE INSERT ON custody_closing WHEN NOT EXISTS (SELECT 1 FROM custody_event e JOIN custody_signature s ON s.event_id = e.id AND s.role = 'actor' AND s.account_id = e.actor_account_id AND s.person_ref = e.actor_person_ref WHERE e.id = NEW.event_id) BEGIN SELECT RAISE(ABORT, 'an event is signed by its actor'); END""",
        """CREATE TRIGGER custody_closing_witnessed BEFORE INSERT ON custody_closing WHEN EXISTS (SELECT 1 FROM custody_event e WHERE e.id = NEW.event_id AND e.witness_account_id IS NULL AND e.kind IN ('picked_up', 'returned', 'wasted') AND NOT e.exception) BEGIN SELECT RAISE(ABORT, 'this event needs a second signature'); END""",
        """CREATE TRIGGER custody_closing_witness_signed BEFORE INSERT ON custody_closing WHEN EXISTS (SELECT 1 FROM custody_event e LEFT JOIN custody_signature s ON s.event_id = e.id AND s.role = 'witness' WHERE e.id = NEW.event_id AND s.account_id IS DISTINCT FROM e.witness_account_id) BEGIN SELECT RAISE(ABORT, 'the witness that the event names has signed, and nobody else'); END""",
        """CREATE TRIGGER custody_closing_followed BEFORE INSERT ON custody_closing WHEN NOT EXISTS (SELECT 1 FROM custody_event e JOIN custody_container k ON k.id = e.container_id AND k.sequence = e.sequence WHERE e.id = NEW.event_id) BEGIN SELECT RAISE(ABORT, 'an event closes when its container has followed it'); END""",
        """CREATE TRIGGER custody_posting_moves AFTER INSERT ON custody_posting BEGIN INSERT INTO custody_balance (account, lot_id, balance_ug, last_posting_id) SELECT NEW.account, NEW.lot_id, 0, 0 WHERE NOT EXISTS (SELECT 1 FROM custody_balance b WHERE b.account = NEW.account AND b.lot_id = NEW.lot_id); UPDATE custody_balance SET balance_ug = balance_ug + NEW.amount_ug, last_posting_id = NEW.id WHERE account = NEW.account AND lot_id = NEW.lot_id; END""",
    ),
    "postgresql": (
        """CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$""",
        """CREATE TRIGGER custody_closing_no_change BEFORE UPDATE OR DELETE ON custody_closing FOR EACH ROW EXECUTE FUNCTION refuse_change()""",
        """CREATE TRIGGER custody_closing_no_truncate BEFORE TRUNCATE ON custody_closing FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()""",
        """CREATE TRIGGER custody_count_no_change BEFORE UPDATE OR DELETE ON custody_count FOR EACH ROW EXECUTE FUNCTION refuse_change()""",
        """CREATE TRIGGER custody_count_no_truncate BEFORE TRUNCATE ON custody_count FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()""",
        """CREATE TRIGGER custody_discrepancy_no_change BEFORE UPDATE OR DELETE ON custody_discrepancy FOR EACH ROW EXECUTE FUNCTION refuse_change()""",
        """CREATE TRIGGER custody_discrepancy_no_truncate BEFORE TRUNCATE ON custody_discrepancy FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()""",
        """CREATE TRIGGER custody_event_no_change BEFORE UPDATE OR DELETE ON custody_event FOR EACH ROW EXECUTE FUNCTION refuse_change()""",
        """CREATE TRIGGER custody_event_no_truncate BEFORE TRUNCATE ON custody_event FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()""",
        """CREATE TRIGGER custody_posting_no_change BEFORE UPDATE OR DELETE ON custody_posting FOR EACH ROW EXECUTE FUNCTION refuse_change()""",
        """CREATE TRIGGER custody_posting_no_truncate BEFORE TRUNCATE ON custody_posting FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()""",
        """CREATE TRIGGER custody_signature_no_change BEFORE UPDATE OR DELETE ON custody_signature FOR EACH ROW EXECUTE FUNCTION refuse_change()""",
        """CREATE TRIGGER custody_signature_no_truncate BEFORE TRUNCATE ON custody_signature FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()""",
        """CREATE OR REPLACE FUNCTION custody_posting_event_open() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF EXISTS (SELECT 1 FROM custody_closing c WHERE c.event_id = NEW.event_id) THEN RAISE EXCEPTION 'a closed event takes no posting' USING ERRCODE = 'check_violation'; END IF; RETURN NEW; END $$""",
        """CREATE TRIGGER custody_posting_event_open BEFORE INSERT ON custody_posting FOR EACH ROW EXECUTE FUNCTION custody_posting_event_open()""",
        """CREATE OR REPLACE FUNCTION custody_posting_covered() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.account_kind <> 'source' AND NEW.amount_ug + COALESCE((SELECT b.balance_ug FROM custody_balance b WHERE b.account = NEW.account AND b.lot_id = NEW.lot_id), 0) < 0 THEN RAISE EXCEPTION 'an account cannot give more than it holds' USING ERRCODE = 'check_violation'; END IF; RETURN NEW; END $$""",
        """CREATE TRIGGER custody_posting_covered BEFORE INSERT ON custody_posting FOR EACH ROW EXECUTE FUNCTION custody_posting_covered()""",
        """CREATE OR REPLACE FUNCTION custody_balance_starts_empty() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.balance_ug <> 0 OR NEW.last_posting_id <> 0 THEN RAISE EXCEPTION 'a balance begins at zero' USING ERRCODE = 'check_violation'; END IF; RETURN NEW; END $$""",
        """CREATE TRIGGER custody_balance_starts_empty BEFORE INSERT ON custody_balance FOR EACH ROW EXECUTE FUNCTION custody_balance_starts_empty()""",
        """CREATE OR REPLACE FUNCTION custody_balance_follows_posting() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.account <> OLD.account OR NEW.lot_id <> OLD.lot_id OR NOT EXISTS (SELECT 1 FROM custody_posting p WHERE p.id = NEW.last_posting_id AND p.account = NEW.account AND p.lot_id = NEW.lot_id AND p.amount_ug = NEW.balance_ug - OLD.balance_ug) THEN RAISE EXCEPTION 'a balance moves only by a posting' USING ERRCODE = 'check_violation'; END IF; RETURN NEW; END $$""",
        """CREATE TRIGGER custody_balance_follows_posting BEFORE UPDATE ON custody_balance FOR EACH ROW EXECUTE FUNCTION custody_balance_follows_posting()""",
        """CREATE OR REPLACE FUNCTION custody_balance_moves_once() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF pg_trigger_depth() < 2 THEN RAISE EXCEPTION 'a posting counts once' USING ERRCODE = 'check_violation'; END IF; RETURN NEW; END $$""",
        """CREATE TRIGGER custody_balance_moves_once BEFORE UPDATE ON custody_balance FOR EACH ROW EXECUTE FUNCTION custody_balance_moves_once()""",
        """CREATE OR REPLACE FUNCTION custody_balance_stays() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF 1 = 1 THEN RAISE EXCEPTION 'a balance is never deleted' USING ERRCODE = 'check_violation'; END IF; RETURN OLD; END $$""",
        """CREATE TRIGGER custody_balance_stays BEFORE DELETE ON custody_balance FOR EACH ROW EXECUTE FUNCTION custody_balance_stays()""",
        """CREATE OR REPLACE FUNCTION custody_signature_event_open() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF EXISTS (SELECT 1 FROM custody_closing c WHERE c.event_id = NEW.event_id) THEN RAISE EXCEPTION 'a closed event takes no signature' USING ERRCODE = 'check_violation'; END IF; RETURN NEW; END $$""",
        """CREATE TRIGGER custody_signature_event_open BEFORE INSERT ON custody_signature FOR EACH ROW EXECUTE FUNCTION custody_signature_event_open()""",
        """CREATE OR REPLACE FUNCTION custody_signature_own_person() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NOT EXISTS (SELECT 1 FROM account a WHERE a.id = NEW.account_id AND a.person_ref = NEW.person_ref) THEN RAISE EXCEPTION 'a signature names the person of its account' USING ERRCODE = 'check_violation'; END IF; RETURN NEW; END $$""",
        """CREATE TRIGGER custody_signature_own_person BEFORE INSERT ON custody_signature FOR EACH ROW EXECUTE FUNCTION custody_signature_own_person()""",
        """CREATE OR REPLACE FUNCTION custody_event_takes_up() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NOT EXISTS (SELECT 1 FROM custody_container k WHERE k.id = NEW.container_id AND k.sequence = NEW.sequence - 1 AND k.state = NEW.from_state AND k.holder = NEW.from_holder) THEN RAISE EXCEPTION 'an event takes up its container where it stands' USING ERRCODE = 'check_violation'; END IF; RETURN NEW; END $$""",
        """CREATE TRIGGER custody_event_takes_up BEFORE INSERT ON custody_event FOR EACH ROW EXECUTE FUNCTION custody_event_takes_up()""",
        """CREATE OR REPLACE FUNCTION custody_container_begins() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.sequence <> 0 OR NEW.state <> 'ordered' OR NEW.holder <> '' THEN RAISE EXCEPTION 'a container begins without history' USING ERRCODE = 'check_violation'; END IF; RETURN NEW; END $$""",
        """CREATE TRIGGER custody_container_begins BEFORE INSERT ON custody_container FOR EACH ROW EXECUTE FUNCTION custody_container_begins()""",
        """CREATE OR REPLACE FUNCTION custody_container_follows() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.id <> OLD.id OR NEW.lot_id <> OLD.lot_id OR NEW.area_id <> OLD.area_id OR NEW.pharmacy_id <> OLD.pharmacy_id OR NEW.serial <> OLD.serial OR NEW.label_ug <> OLD.label_ug OR NEW.overfill_cap_ug <> OLD.overfill_cap_ug OR NEW.basis <> OLD.basis OR NEW.sequence <> OLD.sequence + 1 OR NOT EXISTS (SELECT 1 FROM custody_event e WHERE e.container_id = NEW.id AND e.sequence = NEW.sequence AND e.to_state = NEW.state AND e.to_holder = NEW.holder) THEN RAISE EXCEPTION 'a container changes only by an event' USING ERRCODE = 'check_violation'; END IF; RETURN NEW; END $$""",
        """CREATE TRIGGER custody_container_follows BEFORE UPDATE ON custody_container FOR EACH ROW EXECUTE FUNCTION custody_container_follows()""",
        """CREATE OR REPLACE FUNCTION custody_container_stays() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF 1 = 1 THEN RAISE EXCEPTION 'a container is never deleted' USING ERRCODE = 'check_violation'; END IF; RETURN OLD; END $$""",
        """CREATE TRIGGER custody_container_stays BEFORE DELETE ON custody_container FOR EACH ROW EXECUTE FUNCTION custody_container_stays()""",
        """CREATE OR REPLACE FUNCTION custody_closing_balanced() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF EXISTS (SELECT 1 FROM custody_posting p WHERE p.event_id = NEW.event_id GROUP BY p.lot_id HAVING SUM(p.amount_ug) <> 0) THEN RAISE EXCEPTION 'the postings of an event sum to zero per lot' USING ERRCODE = 'check_violation'; END IF; RETURN NEW; END $$""",
        """CREATE TRIGGER custody_closing_balanced BEFORE INSERT ON custody_closing FOR EACH ROW EXECUTE FUNCTION custody_closing_balanced()""",
        """CREATE OR REPLACE FUNCTION custody_closing_own_lot() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF EXISTS (SELECT 1 FROM custody_posting p JOIN custody_event e ON e.id = p.event_id JOIN custody_container k ON k.id = e.container_id WHERE p.event_id = NEW.event_id AND (p.lot_id <> k.lot_id OR NOT e.applied)) THEN RAISE EXCEPTION 'an event moves drug of its own lot, and a claim moves none' USING ERRCODE = 'check_violation'; END IF; RETURN NEW; END $$""",
        """CREATE TRIGGER custody_closing_own_lot BEFORE INSERT ON custody_closing FOR EACH ROW EXECUTE FUNCTION custody_closing_own_lot()""",
        """CREATE OR REPLACE FUNCTION custody_closing_overfill_capped() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF EXISTS (SELECT 1 FROM custody_event e JOIN custody_container k ON k.id = e.container_id WHERE e.id = NEW.event_id AND k.overfill_cap_ug < (SELECT COALESCE(-SUM(p.amount_ug), 0) FROM custody_event o JOIN custody_posting p ON p.event_id = o.id WHERE o.container_id = k.id AND p.account = 'source:overfill')) THEN RAISE EXCEPTION 'a container gives no more overfill than its cap' USING ERRCODE = 'check_violation'; END IF; RETURN NEW; END $$""",
        """CREATE TRIGGER custody_closing_overfill_capped BEFORE INSERT ON custody_closing FOR EACH ROW EXECUTE FUNCTION custody_closing_overfill_capped()""",
        """CREATE OR REPLACE FUNCTION custody_closing_signed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NOT EXISTS (SELECT 1 FROM custody_event e JOIN custody_signature s ON s.event_id = e.id AND s.role = 'actor' AND s.account_id = e.actor_account_id AND s.person_ref = e.actor_person_ref WHERE e.id = NEW.event_id) THEN RAISE EXCEPTION 'an event is signed by its actor' USING ERRCODE = 'check_violation'; END IF; RETURN NEW; END $$""",
        """CREATE TRIGGER custody_closing_signed BEFORE INSERT ON custody_closing FOR EACH ROW EXECUTE FUNCTION custody_closing_signed()""",
        """CREATE OR REPLACE FUNCTION custody_closing_witnessed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF EXISTS (SELECT 1 FROM custody_event e WHERE e.id = NEW.event_id AND e.witness_account_id IS NULL AND e.kind IN ('picked_up', 'returned', 'wasted') AND NOT e.exception) THEN RAISE EXCEPTION 'this event needs a second signature' USING ERRCODE = 'check_violation'; END IF; RETURN NEW; END $$""",
        """CREATE TRIGGER custody_closing_witnessed BEFORE INSERT ON custody_closing FOR EACH ROW EXECUTE FUNCTION custody_closing_witnessed()""",
        """CREATE OR REPLACE FUNCTION custody_closing_witness_signed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF EXISTS (SELECT 1 FROM custody_event e LEFT JOIN custody_signature s ON s.event_id = e.id AND s.role = 'witness' WHERE e.id = NEW.event_id AND s.account_id IS DISTINCT FROM e.witness_account_id) THEN RAISE EXCEPTION 'the witness that the event names has signed, and nobody else' USING ERRCODE = 'check_violation'; END IF; RETURN NEW; END $$""",
        """CREATE TRIGGER custody_closing_witness_signed BEFORE INSERT ON custody_closing FOR EACH ROW EXECUTE FUNCTION custody_closing_witness_signed()""",
        """CREATE OR REPLACE FUNCTION custody_closing_followed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NOT EXISTS (SELECT 1 FROM custody_event e JOIN custody_container k ON k.id = e.container_id AND k.sequence = e.sequence WHERE e.id = NEW.event_id) THEN RAISE EXCEPTION 'an event closes when its container has followed it' USING ERRCODE = 'check_violation'; END IF; RETURN NEW; END $$""",
        """CREATE TRIGGER custody_closing_followed BEFORE INSERT ON custody_closing FOR EACH ROW EXECUTE FUNCTION custody_closing_followed()""",
        """CREATE OR REPLACE FUNCTION custody_posting_moves() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO custody_balance (account, lot_id, balance_ug, last_posting_id) SELECT NEW.account, NEW.lot_id, 0, 0 WHERE NOT EXISTS (SELECT 1 FROM custody_balance b WHERE b.account = NEW.account AND b.lot_id = NEW.lot_id) ON CONFLICT (account, lot_id) DO NOTHING; UPDATE custody_balance SET balance_ug = balance_ug + NEW.amount_ug, last_posting_id = NEW.id WHERE account = NEW.account AND lot_id = NEW.lot_id; RETURN NULL; END $$""",
        """CREATE TRIGGER custody_posting_moves AFTER INSERT ON custody_posting FOR EACH ROW EXECUTE FUNCTION custody_posting_moves()""",
        """CREATE OR REPLACE FUNCTION custody_balance_no_truncate() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'custody_balance is never emptied' USING ERRCODE = 'restrict_violation'; END $$""",
        """CREATE TRIGGER custody_balance_no_truncate BEFORE TRUNCATE ON custody_balance FOR EACH STATEMENT EXECUTE FUNCTION custody_balance_no_truncate()""",
        """CREATE OR REPLACE FUNCTION custody_container_no_truncate() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'custody_container is never emptied' USING ERRCODE = 'restrict_violation'; END $$""",
        """CREATE TRIGGER custody_container_no_truncate BEFORE TRUNCATE ON custody_container FOR EACH STATEMENT EXECUTE FUNCTION custody_container_no_truncate()""",
    ),
}


def upgrade() -> None:
    op.create_table(
        "custody_closing",
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_custody_closing")),
    )
    op.create_table(
        "custody_product",
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("form", sa.String(), nullable=False),
        sa.Column("concentration_ug_per_ml", sa.Integer(), nullable=False),
        sa.Column("label_ug", sa.BigInteger(), nullable=False),
        sa.Column("overfill_percent", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "label_ug > 0 AND concentration_ug_per_ml > 0", name=op.f("ck_custody_product_amounts_positive")
        ),
        sa.CheckConstraint(
            "overfill_percent BETWEEN 0 AND 30", name=op.f("ck_custody_product_overfill_capped")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_custody_product")),
        sa.UniqueConstraint("code", name=op.f("uq_custody_product_code")),
    )
    op.create_table(
        "custody_count",
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=True),
        sa.Column("counted_units", sa.Integer(), nullable=False),
        sa.Column("expected_units", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("attempt BETWEEN 1 AND 2", name=op.f("ck_custody_count_two_attempts")),
        sa.CheckConstraint(
            "counted_units >= 0 AND expected_units >= 0", name=op.f("ck_custody_count_units_not_negative")
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_custody_count_account_id")),
        sa.ForeignKeyConstraint(
            ["product_id"], ["custody_product.id"], name=op.f("fk_custody_count_product_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_custody_count")),
        sa.UniqueConstraint("round_id", "attempt", name=op.f("uq_custody_count_round_id_attempt")),
    )
    op.create_index("ix_custody_count_holder", "custody_count", ["holder", "at"], unique=False)
    op.create_table(
        "custody_lot",
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["product_id"], ["custody_product.id"], name=op.f("fk_custody_lot_product_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_custody_lot")),
        sa.UniqueConstraint("product_id", "number", name=op.f("uq_custody_lot_product_id_number")),
    )
    op.create_table(
        "custody_balance",
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("lot_id", sa.Uuid(), nullable=False),
        sa.Column("balance_ug", sa.BigInteger(), nullable=False),
        sa.Column("last_posting_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "balance_ug >= 0 OR account LIKE 'source:%'", name=op.f("ck_custody_balance_never_negative")
        ),
        sa.ForeignKeyConstraint(["lot_id"], ["custody_lot.id"], name=op.f("fk_custody_balance_lot_id")),
        sa.PrimaryKeyConstraint("account", "lot_id", name=op.f("pk_custody_balance")),
    )
    op.create_table(
        "custody_container",
        sa.Column("area_id", sa.Uuid(), nullable=False),
        sa.Column("pharmacy_id", sa.Uuid(), nullable=False),
        sa.Column("lot_id", sa.Uuid(), nullable=False),
        sa.Column("serial", sa.String(), nullable=False),
        sa.Column("label_ug", sa.BigInteger(), nullable=False),
        sa.Column("overfill_cap_ug", sa.BigInteger(), nullable=False),
        sa.Column("basis", sa.String(), nullable=False),
        sa.Column("seal", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("offered_to", sa.String(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("drawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "label_ug > 0 AND overfill_cap_ug >= 0", name=op.f("ck_custody_container_amounts_positive")
        ),
        sa.ForeignKeyConstraint(["area_id"], ["service_area.id"], name=op.f("fk_custody_container_area_id")),
        sa.ForeignKeyConstraint(["lot_id"], ["custody_lot.id"], name=op.f("fk_custody_container_lot_id")),
        sa.ForeignKeyConstraint(
            ["pharmacy_id"], ["pharmacy.id"], name=op.f("fk_custody_container_pharmacy_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_custody_container")),
        sa.UniqueConstraint("serial", name=op.f("uq_custody_container_serial")),
    )
    op.create_index("ix_custody_container_area", "custody_container", ["area_id", "state"], unique=False)
    op.create_index(op.f("ix_custody_container_holder"), "custody_container", ["holder"], unique=False)
    op.create_index(op.f("ix_custody_container_state"), "custody_container", ["state"], unique=False)
    op.create_table(
        "custody_shift",
        sa.Column("nurse_id", sa.Uuid(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "closed_at IS NULL OR closed_at >= opened_at",
            name=op.f("ck_custody_shift_opens_before_it_closes"),
        ),
        sa.ForeignKeyConstraint(["nurse_id"], ["nurse.id"], name=op.f("fk_custody_shift_nurse_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_custody_shift")),
    )
    op.create_index(
        "uq_custody_shift_open",
        "custody_shift",
        ["nurse_id"],
        unique=True,
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_table(
        "custody_discrepancy",
        sa.Column("area_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("container_id", sa.Uuid(), nullable=True),
        sa.Column("event_id", sa.Uuid(), nullable=True),
        sa.Column("count_id", sa.Uuid(), nullable=True),
        sa.Column("discovered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("discovered_by", sa.Uuid(), nullable=False),
        sa.Column("expected_ug", sa.BigInteger(), nullable=True),
        sa.Column("found_ug", sa.BigInteger(), nullable=True),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["area_id"], ["service_area.id"], name=op.f("fk_custody_discrepancy_area_id")
        ),
        sa.ForeignKeyConstraint(
            ["container_id"], ["custody_container.id"], name=op.f("fk_custody_discrepancy_container_id")
        ),
        sa.ForeignKeyConstraint(
            ["count_id"], ["custody_count.id"], name=op.f("fk_custody_discrepancy_count_id")
        ),
        sa.ForeignKeyConstraint(
            ["discovered_by"], ["account.id"], name=op.f("fk_custody_discrepancy_discovered_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_custody_discrepancy")),
    )
    op.create_index(
        "ix_custody_discrepancy_area", "custody_discrepancy", ["area_id", "discovered_at"], unique=False
    )
    op.create_index(
        op.f("ix_custody_discrepancy_container_id"), "custody_discrepancy", ["container_id"], unique=False
    )
    op.create_table(
        "custody_event",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("container_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("from_state", sa.String(), nullable=False),
        sa.Column("to_state", sa.String(), nullable=False),
        sa.Column("from_holder", sa.String(), nullable=False),
        sa.Column("to_holder", sa.String(), nullable=False),
        sa.Column("actor_account_id", sa.Uuid(), nullable=False),
        sa.Column("actor_person_ref", sa.String(), nullable=False),
        sa.Column("witness_account_id", sa.Uuid(), nullable=True),
        sa.Column("shift_id", sa.Uuid(), nullable=True),
        sa.Column("device_id", sa.Uuid(), nullable=True),
        sa.Column("device_seq", sa.BigInteger(), nullable=True),
        sa.Column("device_time", sa.DateTime(timezone=True), nullable=True),
        sa.Column("clock_offset_ms", sa.BigInteger(), nullable=True),
        sa.Column("server_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("old_seal", sa.String(), nullable=False),
        sa.Column("new_seal", sa.String(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("supersedes", sa.Uuid(), nullable=True),
        sa.Column("visit_id", sa.Uuid(), nullable=True),
        sa.Column("visit_salt", sa.LargeBinary(), nullable=True),
        sa.Column("amount_ug", sa.BigInteger(), nullable=True),
        sa.Column("method", sa.String(), nullable=True),
        sa.Column("standing", sa.JSON(), nullable=False),
        sa.Column("applied", sa.Boolean(), nullable=False),
        sa.Column("exception", sa.Boolean(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("override_reason", sa.String(), nullable=True),
        sa.Column("override_authority", sa.String(), nullable=True),
        sa.Column("canonical", sa.LargeBinary(), nullable=False),
        sa.Column("body_hash", sa.LargeBinary(), nullable=False),
        sa.Column("event_hash", sa.LargeBinary(), nullable=False),
        sa.Column("leaf_index", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "amount_ug IS NULL OR amount_ug >= 0", name=op.f("ck_custody_event_amount_not_negative")
        ),
        sa.CheckConstraint(
            "applied OR (from_state = to_state AND from_holder = to_holder)",
            name=op.f("ck_custody_event_claim_moves_nothing"),
        ),
        sa.CheckConstraint("applied OR exception", name=op.f("ck_custody_event_claim_is_exception")),
        sa.CheckConstraint(
            "length(body_hash) = 32 AND length(event_hash) = 32", name=op.f("ck_custody_event_hashes_whole")
        ),
        sa.CheckConstraint("sequence > 0", name=op.f("ck_custody_event_sequence_positive")),
        sa.CheckConstraint(
            "witness_account_id IS NULL OR witness_account_id <> actor_account_id",
            name=op.f("ck_custody_event_witness_is_not_actor"),
        ),
        sa.ForeignKeyConstraint(
            ["actor_account_id"], ["account.id"], name=op.f("fk_custody_event_actor_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["container_id"], ["custody_container.id"], name=op.f("fk_custody_event_container_id")
        ),
        sa.ForeignKeyConstraint(
            ["id"],
            ["custody_closing.event_id"],
            name=op.f("fk_custody_event_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(["shift_id"], ["custody_shift.id"], name=op.f("fk_custody_event_shift_id")),
        sa.ForeignKeyConstraint(
            ["supersedes"], ["custody_event.id"], name=op.f("fk_custody_event_supersedes")
        ),
        sa.ForeignKeyConstraint(
            ["witness_account_id"], ["account.id"], name=op.f("fk_custody_event_witness_account_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_custody_event")),
        sa.UniqueConstraint("container_id", "sequence", name=op.f("uq_custody_event_container_id_sequence")),
        sa.UniqueConstraint("device_id", "device_seq", name=op.f("uq_custody_event_device_id_device_seq")),
        sa.UniqueConstraint("id", "event_hash", name=op.f("uq_custody_event_id_event_hash")),
        sa.UniqueConstraint("leaf_index", name=op.f("uq_custody_event_leaf_index")),
    )
    op.create_index("ix_custody_event_server_time", "custody_event", ["server_time"], unique=False)
    op.create_index(op.f("ix_custody_event_visit_id"), "custody_event", ["visit_id"], unique=False)
    op.create_table(
        "custody_posting",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("lot_id", sa.Uuid(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("account_kind", sa.String(), nullable=False),
        sa.Column("amount_ug", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "account = account_kind OR account LIKE account_kind || ':%'",
            name=op.f("ck_custody_posting_account_of_kind"),
        ),
        sa.CheckConstraint("amount_ug <> 0", name=op.f("ck_custody_posting_moves_something")),
        sa.ForeignKeyConstraint(["event_id"], ["custody_event.id"], name=op.f("fk_custody_posting_event_id")),
        sa.ForeignKeyConstraint(["lot_id"], ["custody_lot.id"], name=op.f("fk_custody_posting_lot_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_custody_posting")),
        sa.UniqueConstraint(
            "event_id", "lot_id", "account", name=op.f("uq_custody_posting_event_id_lot_id_account")
        ),
    )
    op.create_index("ix_custody_posting_account", "custody_posting", ["account", "lot_id"], unique=False)
    op.create_table(
        "custody_signature",
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("event_hash", sa.LargeBinary(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("person_ref", sa.String(), nullable=False),
        sa.Column("session_ref", sa.String(), nullable=False),
        sa.Column("proved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("role IN ('actor', 'witness')", name=op.f("ck_custody_signature_role_known")),
        sa.CheckConstraint(
            "session_ref <> '' AND person_ref <> ''", name=op.f("ck_custody_signature_signer_named")
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_custody_signature_account_id")),
        sa.ForeignKeyConstraint(
            ["event_id", "event_hash"],
            ["custody_event.id", "custody_event.event_hash"],
            name=op.f("fk_custody_signature_event_id_event_hash"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_custody_signature")),
        sa.UniqueConstraint("event_id", "account_id", name=op.f("uq_custody_signature_event_id_account_id")),
        sa.UniqueConstraint("event_id", "person_ref", name=op.f("uq_custody_signature_event_id_person_ref")),
        sa.UniqueConstraint("event_id", "role", name=op.f("uq_custody_signature_event_id_role")),
        sa.UniqueConstraint(
            "event_id", "session_ref", name=op.f("uq_custody_signature_event_id_session_ref")
        ),
    )
    for statement in LAWS[op.get_context().dialect.name]:
        op.execute(sa.text(statement.replace(":", "\\:")))


def downgrade() -> None:
    op.drop_table("custody_signature")
    op.drop_table("custody_posting")
    op.drop_table("custody_event")
    op.drop_table("custody_discrepancy")
    op.drop_table("custody_shift")
    op.drop_table("custody_container")
    op.drop_table("custody_balance")
    op.drop_table("custody_lot")
    op.drop_table("custody_count")
    op.drop_table("custody_product")
    op.drop_table("custody_closing")

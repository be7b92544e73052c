"""PostgreSQL asks all that a deed on a table may break by one trigger, and so by one query, not by one each.

The conditions stay what they were, word for word. SQLite compiles its triggers into the statement and keeps one each.
"""

import sqlalchemy as sa
from alembic import op

revision = "0021_guards"
down_revision = "0020_text_salt"

# Name, table, deed, condition, what is said. Kept here as they were, not imported.
GUARDS = (
    (
        "custody_posting_event_open",
        "custody_posting",
        "INSERT",
        "EXISTS (SELECT 1 FROM custody_closing c WHERE c.event_id = NEW.event_id)",
        "a closed event takes no posting",
    ),
    (
        "custody_posting_covered",
        "custody_posting",
        "INSERT",
        "NEW.account_kind <> 'source' AND NEW.amount_ug + COALESCE((SELECT b.balance_ug FROM custody_balance b WHERE b.account = NEW.account AND b.lot_id = NEW.lot_id), 0) < 0",
        "an account cannot give more than it holds",
    ),
    (
        "custody_balance_starts_empty",
        "custody_balance",
        "INSERT",
        "NEW.balance_ug <> 0 OR NEW.last_posting_id <> 0",
        "a balance begins at zero",
    ),
    (
        "custody_balance_follows_posting",
        "custody_balance",
        "UPDATE",
        "NEW.account <> OLD.account OR NEW.lot_id <> OLD.lot_id OR NOT EXISTS (SELECT 1 FROM custody_posting p WHERE p.id = NEW.last_posting_id AND p.account = NEW.account AND p.lot_id = NEW.lot_id AND p.amount_ug = NEW.balance_ug - OLD.balance_ug)",
        "a balance moves only by a posting",
    ),
    (
        "custody_balance_moves_once",
        "custody_balance",
        "UPDATE",
        "pg_trigger_depth() < 2",
        "a posting counts once",
    ),
    (
        "custody_balance_stays",
        "custody_balance",
        "DELETE",
        "1 = 1",
        "a balance is never deleted",
    ),
    (
        "custody_signature_event_open",
        "custody_signature",
        "INSERT",
        "EXISTS (SELECT 1 FROM custody_closing c WHERE c.event_id = NEW.event_id)",
        "a closed event takes no signature",
    ),
    (
        "custody_signature_own_person",
        "custody_signature",
        "INSERT",
        "NOT EXISTS (SELECT 1 FROM account a WHERE a.id = NEW.account_id AND a.person_ref = NEW.person_ref)",
        "a signature names the person of its account",
    ),
    (
        "custody_event_takes_up",
        "custody_event",
        "INSERT",
        "NOT EXISTS (SELECT 1 FROM custody_container k WHERE k.id = NEW.container_id AND k.sequence = NEW.sequence - 1 AND k.state = NEW.from_state AND k.holder = NEW.from_holder)",
        "an event takes up its container where it stands",
    ),
    (
        "custody_container_begins",
        "custody_container",
        "INSERT",
        "NEW.sequence <> 0 OR NEW.state <> 'ordered' OR NEW.holder <> ''",
        "a container begins without history",
    ),
    (
        "custody_container_follows",
        "custody_container",
        "UPDATE",
        "NEW.id <> OLD.id OR NEW.lot_id <> OLD.lot_id OR NEW.area_id <> OLD.area_id OR NEW.pharmacy_id <> OLD.pharmacy_id OR NEW.serial <> OLD.serial OR NEW.label_ug <> OLD.label_ug OR NEW.overfill_cap_ug <> OLD.overfill_cap_ug OR NEW.basis <> OLD.basis OR NEW.sequence <> OLD.sequence + 1 OR NOT EXISTS (SELECT 1 FROM custody_event e WHERE e.container_id = NEW.id AND e.sequence = NEW.sequence AND e.to_state = NEW.state AND e.to_holder = NEW.holder)",
        "a container changes only by an event",
    ),
    (
        "custody_container_stays",
        "custody_container",
        "DELETE",
        "1 = 1",
        "a container is never deleted",
    ),
    (
        "custody_closing_balanced",
        "custody_closing",
        "INSERT",
        "EXISTS (SELECT 1 FROM custody_posting p WHERE p.event_id = NEW.event_id GROUP BY p.lot_id HAVING SUM(p.amount_ug) <> 0)",
        "the postings of an event sum to zero per lot",
    ),
    (
        "custody_closing_own_lot",
        "custody_closing",
        "INSERT",
        "EXISTS (SELECT 1 FROM custody_posting p JOIN custody_event e ON e.id = p.event_id JOIN custody_container k ON k.id = e.container_id WHERE p.event_id = NEW.event_id AND (p.lot_id <> k.lot_id OR NOT e.applied))",
        "an event moves drug of its own lot, and a claim moves none",
    ),
    (
        "custody_closing_overfill_capped",
        "custody_closing",
        "INSERT",
        "EXISTS (SELECT 1 FROM custody_event e JOIN custody_container k ON k.id = e.container_id WHERE e.id = NEW.event_id AND k.overfill_cap_ug < (SELECT COALESCE(-SUM(p.amount_ug), 0) FROM custody_event o JOIN custody_posting p ON p.event_id = o.id WHERE o.container_id = k.id AND p.account = 'source:overfill'))",
        "a container gives no more overfill than its cap",
    ),
    (
        "custody_closing_signed",
        "custody_closing",
        "INSERT",
        "NOT EXISTS (SELECT 1 FROM custody_event e JOIN custody_signature s ON s.event_id = e.id AND s.role = 'actor' AND s.account_id = e.actor_account_id AND s.person_ref = e.actor_person_ref WHERE e.id = NEW.event_id)",
        "an event is signed by its actor",
    ),
    (
        "custody_closing_witnessed",
        "custody_closing",
        "INSERT",
        "EXISTS (SELECT 1 FROM custody_event e WHERE e.id = NEW.event_id AND e.witness_account_id IS NULL AND e.kind IN ('destroyed', 'picked_up', 'residual_returned', 'returned', 'reversed', 'wasted') AND NOT e.exception)",
        "this event needs a second signature",
    ),
    (
        "custody_closing_witness_signed",
        "custody_closing",
        "INSERT",
        "EXISTS (SELECT 1 FROM custody_event e LEFT JOIN custody_signature s ON s.event_id = e.id AND s.role = 'witness' WHERE e.id = NEW.event_id AND s.account_id IS DISTINCT FROM e.witness_account_id)",
        "the witness that the event names has signed, and nobody else",
    ),
    (
        "custody_closing_followed",
        "custody_closing",
        "INSERT",
        "NOT EXISTS (SELECT 1 FROM custody_event e JOIN custody_container k ON k.id = e.container_id AND k.sequence = e.sequence WHERE e.id = NEW.event_id)",
        "an event closes when its container has followed it",
    ),
    (
        "custody_event_after_reconciled",
        "custody_event",
        "INSERT",
        "NEW.from_state = 'reconciled' AND NEW.kind <> 'reversed' AND NEW.applied",
        "after reconciled comes nothing but a reversal",
    ),
    (
        "custody_event_measures",
        "custody_event",
        "INSERT",
        "NEW.rate_ug_per_min < 0 OR NEW.measured_ug < 0 OR NEW.prime_ug < 0",
        "no measure is negative",
    ),
    (
        "custody_event_reverses_one",
        "custody_event",
        "INSERT",
        "NEW.kind = 'reversed' AND NOT EXISTS (SELECT 1 FROM custody_event o WHERE o.id = NEW.supersedes AND o.container_id = NEW.container_id AND o.applied AND o.kind <> 'reversed')",
        "a reversal names an applied entry of its own container",
    ),
    (
        "custody_signature_own_device",
        "custody_signature",
        "INSERT",
        "NEW.device_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM device d WHERE d.id = NEW.device_id AND d.account_id = NEW.account_id)",
        "nobody signs by the device of another account",
    ),
    (
        "custody_closing_reversal_signed",
        "custody_closing",
        "INSERT",
        "EXISTS (SELECT 1 FROM custody_event e WHERE e.id = NEW.event_id AND e.kind = 'reversed' AND (e.witness_account_id IS NULL OR NOT e.applied))",
        "a reversal has two approvers",
    ),
    (
        "custody_closing_reversal_mirrors",
        "custody_closing",
        "INSERT",
        "EXISTS (SELECT 1 FROM custody_event e JOIN custody_posting p ON p.event_id IN (e.id, e.supersedes) WHERE e.id = NEW.event_id AND e.kind = 'reversed' GROUP BY p.lot_id, p.account HAVING SUM(p.amount_ug) <> 0)",
        "a reversal takes back exactly what its entry moved",
    ),
    (
        "custody_log_leaf_next",
        "custody_log_leaf",
        "INSERT",
        "NEW.leaf_index > 0 AND NOT EXISTS (SELECT 1 FROM custody_log_leaf l WHERE l.leaf_index = NEW.leaf_index - 1)",
        "leaves follow each other without a gap",
    ),
    (
        "custody_log_head_begins",
        "custody_log_head",
        "INSERT",
        "NEW.size <> 0",
        "a log begins empty",
    ),
    (
        "custody_log_head_follows",
        "custody_log_head",
        "UPDATE",
        "NEW.size <= OLD.size OR NOT EXISTS (SELECT 1 FROM custody_log_leaf l WHERE l.leaf_index = NEW.size - 1) OR EXISTS (SELECT 1 FROM custody_log_leaf l WHERE l.leaf_index = NEW.size)",
        "the head of the log only follows its leaves",
    ),
    (
        "custody_log_head_stays",
        "custody_log_head",
        "DELETE",
        "1 = 1",
        "the head of the log is never deleted",
    ),
    (
        "custody_closing_logged",
        "custody_closing",
        "INSERT",
        "NOT EXISTS (SELECT 1 FROM custody_event e JOIN custody_log_leaf l ON l.entry_id = e.id AND l.kind = 'event' AND l.leaf_index = e.leaf_index JOIN custody_log_head h ON h.size > l.leaf_index WHERE e.id = NEW.event_id)",
        "an event closes when its leaf stands in the log",
    ),
)
# How many of them are the ledger's own; the others are the log's.
LEDGER = 25
# Moving a balance: a first posting makes the balance's row.
MAKE = "INSERT INTO custody_balance (account, lot_id, balance_ug, last_posting_id) SELECT NEW.account, NEW.lot_id, 0, 0 WHERE NOT EXISTS (SELECT 1 FROM custody_balance b WHERE b.account = NEW.account AND b.lot_id = NEW.lot_id) ON CONFLICT (account, lot_id) DO NOTHING"
MOVE = "UPDATE custody_balance SET balance_ug = balance_ug + NEW.amount_ug, last_posting_id = NEW.id WHERE account = NEW.account AND lot_id = NEW.lot_id"


def upgrade() -> None:
    if op.get_context().dialect.name == "sqlite":
        return
    for name, table, *_ in GUARDS:
        _run(f"DROP TRIGGER {name} ON {table}", f"DROP FUNCTION {name}()")
    for table, deed, name, each in _together():
        cases = " ".join(f"WHEN {broken} THEN '{says}'" for _, _, _, broken, says in each)
        body = f"DECLARE says text := CASE {cases} END; BEGIN IF says IS NOT NULL THEN RAISE check_violation USING MESSAGE = says; END IF; RETURN {_answer(deed)}; END"
        _run(_function(name, body), _trigger(name, deed, table))
    body = f"BEGIN {MOVE}; IF NOT FOUND THEN {MAKE}; {MOVE}; END IF; RETURN NULL; END"
    _run(_function("custody_posting_moves", body))


def downgrade() -> None:
    if op.get_context().dialect.name == "sqlite":
        return
    for table, _, name, _ in _together():
        _run(f"DROP TRIGGER {name} ON {table}", f"DROP FUNCTION {name}()")
    for name, table, deed, broken, says in GUARDS:
        body = f"BEGIN IF {broken} THEN RAISE EXCEPTION '{says}' USING ERRCODE = 'check_violation'; END IF; RETURN {_answer(deed)}; END"
        _run(_function(name, body), _trigger(name, deed, table))
    _run(_function("custody_posting_moves", f"BEGIN {MAKE}; {MOVE}; RETURN NULL; END"))


def _together() -> list[tuple[str, str, str, list[tuple[str, ...]]]]:
    found: list[tuple[str, str, str, list[tuple[str, ...]]]] = []
    for guards in (GUARDS[:LEDGER], GUARDS[LEDGER:]):
        groups: dict[tuple[str, str], list[tuple[str, ...]]] = {}
        for guard in guards:
            groups.setdefault((guard[1], guard[2]), []).append(guard)
        for (table, deed), each in groups.items():
            name = each[0][0] if len(each) == 1 else f"{table}_guards_{deed.lower()}"
            found.append((table, deed, name, each))
    return found


def _answer(deed: str) -> str:
    return "OLD" if deed == "DELETE" else "NEW"


def _function(name: str, body: str) -> str:
    return f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$"


def _trigger(name: str, deed: str, table: str) -> str:
    return f"CREATE TRIGGER {name} BEFORE {deed} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()"


def _run(*statements: str) -> None:
    for statement in statements:
        op.execute(sa.text(statement.replace(":", "\\:")))

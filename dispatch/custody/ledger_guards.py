"""The rows that the database refuses, as data: `ledger_ddl` makes triggers of them.

The conditions are SQL that SQLite and PostgreSQL read alike.
"""

from dataclasses import dataclass

from dispatch.custody.states import TWO_SIGNATURES

_KINDS = ", ".join(f"'{kind}'" for kind in TWO_SIGNATURES)
_IMMUTABLE = " OR ".join(
    f"NEW.{column} <> OLD.{column}"
    for column in (
        "id", "lot_id", "area_id", "pharmacy_id", "serial", "label_ug", "overfill_cap_ug", "basis",
    )
)  # fmt: skip
_EVENT = "SELECT 1 FROM custody_event e"


@dataclass(frozen=True, kw_only=True)
class Guard:
    """A trigger that refuses rows of `table` when `broken_when` (SQL both databases read) holds."""

    name: str
    table: str
    deed: str
    broken_when: str
    says: str
    dialect: str = ""


GUARDS: tuple[Guard, ...] = (
    Guard(
        name="custody_posting_event_open",
        table="custody_posting",
        deed="INSERT",
        broken_when="EXISTS (SELECT 1 FROM custody_closing c WHERE c.event_id = NEW.event_id)",
        says="a closed event takes no posting",
    ),
    Guard(
        name="custody_posting_covered",
        table="custody_posting",
        deed="INSERT",
        broken_when="NEW.account_kind <> 'source' AND NEW.amount_ug + COALESCE((SELECT b.balance_ug "
        "FROM custody_balance b WHERE b.account = NEW.account AND b.lot_id = NEW.lot_id), 0) < 0",
        says="an account cannot give more than it holds",
    ),
    Guard(
        name="custody_balance_starts_empty",
        table="custody_balance",
        deed="INSERT",
        broken_when="NEW.balance_ug <> 0 OR NEW.last_posting_id <> 0",
        says="a balance begins at zero",
    ),
    Guard(
        name="custody_balance_follows_posting",
        table="custody_balance",
        deed="UPDATE",
        broken_when="NEW.account <> OLD.account OR NEW.lot_id <> OLD.lot_id OR NOT EXISTS ("
        "SELECT 1 FROM custody_posting p WHERE p.id = NEW.last_posting_id AND p.account = NEW.account "
        "AND p.lot_id = NEW.lot_id AND p.amount_ug = NEW.balance_ug - OLD.balance_ug)",
        says="a balance moves only by a posting",
    ),
    Guard(
        name="custody_balance_moves_once",
        table="custody_balance",
        deed="UPDATE",
        # One writer at a time: posting ids rise, so none can be counted twice.
        broken_when="NEW.last_posting_id <= OLD.last_posting_id",
        says="a posting counts once",
        dialect="sqlite",
    ),
    Guard(
        name="custody_balance_moves_once",
        table="custody_balance",
        deed="UPDATE",
        # Ids of parallel writers do not rise in order of commit; but only the trigger of a posting
        # reaches this one from inside another trigger.
        broken_when="pg_trigger_depth() < 2",
        says="a posting counts once",
        dialect="postgresql",
    ),
    Guard(
        name="custody_balance_stays",
        table="custody_balance",
        deed="DELETE",
        broken_when="1 = 1",
        says="a balance is never deleted",
    ),
    Guard(
        name="custody_signature_event_open",
        table="custody_signature",
        deed="INSERT",
        broken_when="EXISTS (SELECT 1 FROM custody_closing c WHERE c.event_id = NEW.event_id)",
        says="a closed event takes no signature",
    ),
    Guard(
        name="custody_signature_own_person",
        table="custody_signature",
        deed="INSERT",
        broken_when="NOT EXISTS (SELECT 1 FROM account a WHERE a.id = NEW.account_id "
        "AND a.person_ref = NEW.person_ref)",
        says="a signature names the person of its account",
    ),
    Guard(
        name="custody_event_takes_up",
        table="custody_event",
        deed="INSERT",
        broken_when="NOT EXISTS (SELECT 1 FROM custody_container k WHERE k.id = NEW.container_id "
        "AND k.sequence = NEW.sequence - 1 AND k.state = NEW.from_state AND k.holder = NEW.from_holder)",
        says="an event takes up its container where it stands",
    ),
    Guard(
        name="custody_container_begins",
        table="custody_container",
        deed="INSERT",
        broken_when="NEW.sequence <> 0 OR NEW.state <> 'ordered' OR NEW.holder <> ''",
        says="a container begins without history",
    ),
    Guard(
        name="custody_container_follows",
        table="custody_container",
        deed="UPDATE",
        broken_when=f"{_IMMUTABLE} OR NEW.sequence <> OLD.sequence + 1 OR NOT EXISTS ({_EVENT} "
        "WHERE e.container_id = NEW.id AND e.sequence = NEW.sequence "
        "AND e.to_state = NEW.state AND e.to_holder = NEW.holder)",
        says="a container changes only by an event",
    ),
    Guard(
        name="custody_container_stays",
        table="custody_container",
        deed="DELETE",
        broken_when="1 = 1",
        says="a container is never deleted",
    ),
    Guard(
        name="custody_closing_balanced",
        table="custody_closing",
        deed="INSERT",
        broken_when="EXISTS (SELECT 1 FROM custody_posting p WHERE p.event_id = NEW.event_id "
        "GROUP BY p.lot_id HAVING SUM(p.amount_ug) <> 0)",
        says="the postings of an event sum to zero per lot",
    ),
    Guard(
        name="custody_closing_own_lot",
        table="custody_closing",
        deed="INSERT",
        broken_when="EXISTS (SELECT 1 FROM custody_posting p JOIN custody_event e ON e.id = p.event_id "
        "JOIN custody_container k ON k.id = e.container_id "
        "WHERE p.event_id = NEW.event_id AND (p.lot_id <> k.lot_id OR NOT e.applied))",
        says="an event moves drug of its own lot, and a claim moves none",
    ),
    Guard(
        name="custody_closing_overfill_capped",
        table="custody_closing",
        deed="INSERT",
        broken_when="EXISTS (SELECT 1 FROM custody_event e "
        "JOIN custody_container k ON k.id = e.container_id "
        "WHERE e.id = NEW.event_id AND k.overfill_cap_ug < (SELECT COALESCE(-SUM(p.amount_ug), 0) "
        "FROM custody_event o JOIN custody_posting p ON p.event_id = o.id "
        "WHERE o.container_id = k.id AND p.account = 'source:overfill'))",
        says="a container gives no more overfill than its cap",
    ),
    Guard(
        name="custody_closing_signed",
        table="custody_closing",
        deed="INSERT",
        broken_when=f"NOT EXISTS ({_EVENT} JOIN custody_signature s ON s.event_id = e.id "
        "AND s.role = 'actor' AND s.account_id = e.actor_account_id "
        "AND s.person_ref = e.actor_person_ref WHERE e.id = NEW.event_id)",
        says="an event is signed by its actor",
    ),
    Guard(
        name="custody_closing_witnessed",
        table="custody_closing",
        deed="INSERT",
        broken_when=f"EXISTS ({_EVENT} WHERE e.id = NEW.event_id AND e.witness_account_id IS NULL "
        f"AND e.kind IN ({_KINDS}) AND NOT e.exception)",
        says="this event needs a second signature",
    ),
    Guard(
        name="custody_closing_witness_signed",
        table="custody_closing",
        deed="INSERT",
        broken_when=f"EXISTS ({_EVENT} LEFT JOIN custody_signature s ON s.event_id = e.id "
        "AND s.role = 'witness' WHERE e.id = NEW.event_id "
        "AND s.account_id IS DISTINCT FROM e.witness_account_id)",
        says="the witness that the event names has signed, and nobody else",
    ),
    Guard(
        name="custody_closing_followed",
        table="custody_closing",
        deed="INSERT",
        broken_when=f"NOT EXISTS ({_EVENT} JOIN custody_container k ON k.id = e.container_id "
        "AND k.sequence = e.sequence WHERE e.id = NEW.event_id)",
        says="an event closes when its container has followed it",
    ),
    Guard(
        name="custody_event_after_reconciled",
        table="custody_event",
        deed="INSERT",
        broken_when="NEW.from_state = 'reconciled' AND NEW.kind <> 'reversed' AND NEW.applied",
        says="after reconciled comes nothing but a reversal",
    ),
    Guard(
        name="custody_event_measures",
        table="custody_event",
        deed="INSERT",
        broken_when="NEW.rate_ug_per_min < 0 OR NEW.measured_ug < 0 OR NEW.prime_ug < 0",
        says="no measure is negative",
    ),
    Guard(
        name="custody_event_reverses_one",
        table="custody_event",
        deed="INSERT",
        broken_when="NEW.kind = 'reversed' AND NOT EXISTS (SELECT 1 FROM custody_event o "
        "WHERE o.id = NEW.supersedes AND o.container_id = NEW.container_id AND o.applied "
        "AND o.kind <> 'reversed')",
        says="a reversal names an applied entry of its own container",
    ),
    Guard(
        name="custody_signature_own_device",
        table="custody_signature",
        deed="INSERT",
        broken_when="NEW.device_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM device d "
        "WHERE d.id = NEW.device_id AND d.account_id = NEW.account_id)",
        says="nobody signs by the device of another account",
    ),
    Guard(
        name="custody_closing_reversal_signed",
        table="custody_closing",
        deed="INSERT",
        broken_when=f"EXISTS ({_EVENT} WHERE e.id = NEW.event_id AND e.kind = 'reversed' "
        "AND (e.witness_account_id IS NULL OR NOT e.applied))",
        says="a reversal has two approvers",
    ),
    Guard(
        name="custody_closing_reversal_mirrors",
        table="custody_closing",
        deed="INSERT",
        broken_when=f"EXISTS ({_EVENT} JOIN custody_posting p ON p.event_id IN (e.id, e.supersedes) "
        "WHERE e.id = NEW.event_id AND e.kind = 'reversed' "
        "GROUP BY p.lot_id, p.account HAVING SUM(p.amount_ug) <> 0)",
        says="a reversal takes back exactly what its entry moved",
    ),
)

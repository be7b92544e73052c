"""What the database itself holds of the log: leaves without a gap, a head that only follows them, and no
event without its leaf. Leaves, nodes, checkpoints and what hangs on them are append-only besides."""

from dispatch.custody.ledger_ddl import guard_statements, no_truncate_statements
from dispatch.custody.ledger_guards import Guard

GUARDS: tuple[Guard, ...] = (
    Guard(
        name="custody_log_leaf_next",
        table="custody_log_leaf",
        deed="INSERT",
        broken_when="NEW.leaf_index > 0 AND NOT EXISTS (SELECT 1 FROM custody_log_leaf l "
        "WHERE l.leaf_index = NEW.leaf_index - 1)",
        says="leaves follow each other without a gap",
    ),
    Guard(
        name="custody_log_head_begins",
        table="custody_log_head",
        deed="INSERT",
        broken_when="NEW.size <> 0",
        says="a log begins empty",
    ),
    Guard(
        name="custody_log_head_follows",
        table="custody_log_head",
        deed="UPDATE",
        broken_when="NEW.size <= OLD.size OR NOT EXISTS (SELECT 1 FROM custody_log_leaf l "
        "WHERE l.leaf_index = NEW.size - 1) OR EXISTS (SELECT 1 FROM custody_log_leaf l "
        "WHERE l.leaf_index = NEW.size)",
        says="the head of the log only follows its leaves",
    ),
    Guard(
        name="custody_log_head_stays",
        table="custody_log_head",
        deed="DELETE",
        broken_when="1 = 1",
        says="the head of the log is never deleted",
    ),
    Guard(
        name="custody_closing_logged",
        table="custody_closing",
        deed="INSERT",
        broken_when="NOT EXISTS (SELECT 1 FROM custody_event e JOIN custody_log_leaf l "
        "ON l.entry_id = e.id AND l.kind = 'event' AND l.leaf_index = e.leaf_index "
        "JOIN custody_log_head h ON h.size > l.leaf_index WHERE e.id = NEW.event_id)",
        says="an event closes when its leaf stands in the log",
    ),
)


def statements_by_table(dialect: str) -> tuple[tuple[str, str], ...]:
    """Return (table, statement) pairs for ``sqlite`` or ``postgresql``, in the order to run them."""
    found = guard_statements(GUARDS, dialect)
    return found if dialect == "sqlite" else (*found, *no_truncate_statements(("custody_log_head",)))

"""What the database itself holds of the ledger's invariants, in SQLite and in PostgreSQL alike.

Constraints and keys stand in `records`; this module adds what they cannot say, as triggers.

1. *Postings of an event sum to zero, per lot.* The last row of an event is its closing. The closing is
   refused unless the event balances; afterwards the event takes no posting and no signature. An event
   without a closing cannot be committed: its id is a deferred foreign key into the closings. (SQLite
   has no deferred triggers, but deferred foreign keys it has; so one design serves both.)
2. *No balance but a source's is negative.* Each posting moves its balance row by trigger; the row's CHECK
   refuses, and under READ COMMITTED the row's lock makes two writers queue. Nothing else may touch a
   balance. The overfill that a container may take from its source is capped when an event closes.
4. *Witness is not actor*, by account, by person and by session: unique keys of the signatures; a
   signature's person must be the account's own; events that need two signatures close only with both,
   unless they are kept as an exception.
5. *One order of events, one holder.* An event must take up the container where it stands, a container
   changes only to what its newest event says, and an event closes only when its container followed.
7. *An id means one content*: primary key, and append-only rows.

SQLite: ``RAISE(ABORT)`` cannot be turned off by ``INSERT OR IGNORE``, a CHECK inside a trigger can; so
the never-negative rule stands there twice.
"""

from collections.abc import Callable, Iterable, Sequence

from sqlalchemy import DDL, MetaData, event

from dispatch.custody.ledger_guards import GUARDS, Guard

_MOVE_BALANCE = (
    "INSERT INTO custody_balance (account, lot_id, balance_ug, last_posting_id) "
    "SELECT NEW.account, NEW.lot_id, 0, 0 WHERE NOT EXISTS (SELECT 1 FROM custody_balance b "
    "WHERE b.account = NEW.account AND b.lot_id = NEW.lot_id)",
    "UPDATE custody_balance SET balance_ug = balance_ug + NEW.amount_ug, last_posting_id = NEW.id "
    "WHERE account = NEW.account AND lot_id = NEW.lot_id",
)
# A first posting of two writers at once: the second waits for the first one's row, then adds to it.
_OR_WAIT = " ON CONFLICT (account, lot_id) DO NOTHING"


def _sqlite_guard(guard: Guard) -> str:
    return (
        f"CREATE TRIGGER {guard.name} BEFORE {guard.deed} ON {guard.table} "
        f"WHEN {guard.broken_when} BEGIN SELECT RAISE(ABORT, '{guard.says}'); END"
    )


def _postgresql_guard(guards: Sequence[Guard]) -> tuple[str, str]:
    """Return the function and the trigger of all guards that one deed on one table has.

    One query asks them all: a trigger for each cost the server a fifth of an event (docs/benchmarks.md).
    """
    first = guards[0]
    name = first.name if len(guards) == 1 else f"{first.table}_guards_{first.deed.lower()}"
    asked = " ".join(f"WHEN {guard.broken_when} THEN '{guard.says}'" for guard in guards)
    answer = "OLD" if first.deed == "DELETE" else "NEW"
    return (
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ DECLARE says text := CASE {asked} END; BEGIN IF says IS NOT NULL THEN "
        f"RAISE check_violation USING MESSAGE = says; END IF; RETURN {answer}; END $$",
        f"CREATE TRIGGER {name} BEFORE {first.deed} ON {first.table} FOR EACH ROW EXECUTE FUNCTION {name}()",
    )


def guard_statements(guards: Iterable[Guard], dialect: str) -> tuple[tuple[str, str], ...]:
    """Return (table, statement) pairs that make triggers of `guards`."""
    mine = [guard for guard in guards if guard.dialect in ("", dialect)]
    if dialect == "sqlite":
        return tuple((guard.table, _sqlite_guard(guard)) for guard in mine)
    together: dict[tuple[str, str], list[Guard]] = {}
    for guard in mine:
        together.setdefault((guard.table, guard.deed), []).append(guard)
    return tuple(
        (table, statement) for (table, _), each in together.items() for statement in _postgresql_guard(each)
    )


def no_truncate_statements(tables: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Return (table, statement) pairs that keep PostgreSQL tables from being emptied at once."""
    found: list[tuple[str, str]] = []
    for table in tables:
        function = f"{table}_no_truncate"
        found.append(
            (
                table,
                f"CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                f"RAISE EXCEPTION '{table} is never emptied' USING ERRCODE = 'restrict_violation'; END $$",
            )
        )
        found.append(
            (
                table,
                f"CREATE TRIGGER {function} BEFORE TRUNCATE ON {table} "
                f"FOR EACH STATEMENT EXECUTE FUNCTION {function}()",
            )
        )
    return tuple(found)


def statements_by_table(dialect: str) -> tuple[tuple[str, str], ...]:
    """Return (table, statement) pairs for ``sqlite`` or ``postgresql``, in the order to run them."""
    found = list(guard_statements(GUARDS, dialect))
    if dialect == "sqlite":
        body = "; ".join(_MOVE_BALANCE)
        move = f"CREATE TRIGGER custody_posting_moves AFTER INSERT ON custody_posting BEGIN {body}; END"
        return (*found, ("custody_posting", move))
    insert, update = _MOVE_BALANCE
    found.append(
        (
            "custody_posting",
            "CREATE OR REPLACE FUNCTION custody_posting_moves() RETURNS trigger LANGUAGE plpgsql AS "
            # Most accounts have a balance already.
            f"$$ BEGIN {update}; IF NOT FOUND THEN {insert}{_OR_WAIT}; {update}; END IF; RETURN NULL; END $$",
        )
    )
    found.append(
        (
            "custody_posting",
            "CREATE TRIGGER custody_posting_moves AFTER INSERT ON custody_posting "
            "FOR EACH ROW EXECUTE FUNCTION custody_posting_moves()",
        )
    )
    return (*found, *no_truncate_statements(("custody_balance", "custody_container")))


def attach(
    metadata: MetaData, statements: Callable[[str], Iterable[tuple[str, str]]] = statements_by_table
) -> None:
    """Let `create_all` make the triggers with their tables, as `kernel.row.append_only` does."""
    for dialect in ("sqlite", "postgresql"):
        for table, statement in statements(dialect):
            ddl = DDL(statement.replace("%", "%%"))  # type: ignore[no-untyped-call]
            event.listen(metadata.tables[table], "after_create", ddl.execute_if(dialect=dialect))


def custody_ddl(dialect: str) -> tuple[str, ...]:
    """Return the ledger's triggers as statements, for a migration; tables must exist already.

    The append-only triggers are not among them: `kernel.row.append_only_ddl` makes those.
    """
    return tuple(statement for _table, statement in statements_by_table(dialect))

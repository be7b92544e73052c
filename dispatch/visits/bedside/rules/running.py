"""How long an infusion ran at which rate; pauses left out (care-rules.md section 3, "Stopped early")."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal

from dispatch.visits.bedside.model import Entry
from dispatch.visits.model import Deed, Fact
from dispatch.visits.rules import in_order

ON, OFF = frozenset({Deed.START, Deed.RESUME}), frozenset({Deed.PAUSE, Deed.STOP, Deed.ABORT, Deed.EMERGENCY})


def runs(
    facts: Iterable[Fact], rates: Sequence[Entry], first_ml_h: Decimal, now: datetime
) -> list[tuple[Decimal, Decimal]]:
    """Return ``(mL/h, minutes)`` of each stretch at one rate, until it was stopped or until `now`.

    Parameters
    ----------
    rates
        The charted changes, each with ``to_ml_h``.
    first_ml_h
        What the pump was set to at the start.
    """
    turns: list[tuple[datetime, int, bool | Decimal]] = [
        (fact.happened_at, 0, fact.deed in ON) for fact in in_order(facts) if fact.deed in ON | OFF
    ]
    turns += [(rate.at, 1, Decimal(str(rate.answers["to_ml_h"]))) for rate in rates]
    found, running, rate_ml_h, since = [], False, first_ml_h, now
    for at, _, turn in [*sorted(turns, key=lambda each: each[:2]), (now, 2, False)]:
        if running and at > since:
            minutes = Decimal(int((at - since).total_seconds())) / 60
            found.append((rate_ml_h, minutes))
        since = at
        if isinstance(turn, Decimal):
            rate_ml_h = turn
        else:
            running = turn
    return found

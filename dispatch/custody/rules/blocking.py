"""Expiry, recall, beyond-use time and the order's ceiling: block, or a recorded override (invariant 8).

What is reported late has happened: it is kept and flagged instead (invariant 9).
"""

from datetime import datetime

from dispatch.custody.model import Moment, Override, Vial
from dispatch.custody.sentences import reason
from dispatch.kernel.refusals import Conflict

Codes = tuple[str, ...]


def lot_in_date(vial: Vial, moment: Moment) -> Codes:
    """The lot may be used up to and including its expiry date, in the area's calendar."""
    return () if moment.today <= vial.expires_on else ("lot_expired",)


def lot_not_recalled(vial: Vial) -> Codes:
    """The lot was not recalled (21 CFR 7.40-7.59)."""
    return ("lot_recalled",) if vial.recalled else ()


def order_covers(total_ug: int, ceiling_ug: int) -> Codes:
    """Everything drawn for the visit stays within the order (21 CFR 1306.05, the order names the dose)."""
    return () if total_ug <= ceiling_ug else ("above_order",)


def within_beyond_use(since: datetime | None, moment: Moment) -> Codes:
    """A punctured vial, and drug in a syringe, is used within hours (USP <797>, ``custody.beyond_use_h``)."""
    over = since is not None and moment.happened_at - since > moment.beyond_use
    return ("beyond_use_time",) if over else ()


def same_state(visit_state: str, stock_state: str, moment: Moment) -> Codes:
    """Drug is used in the state of its stock point (21 USC 822(e), 21 CFR 1301.12; ``custody.state_line``).

    A vial that is opened elsewhere has crossed the line already: it is kept, and flagged.
    """
    crossed = bool(visit_state) and visit_state != stock_state
    return ("state_line_crossed",) if crossed and not moment.policy["custody.state_line"]["may_cross"] else ()


def block_unless_overridden(codes: Codes, override: Override | None, flags: Codes = ()) -> Codes:
    """Refuse with every blocking rule, unless somebody recorded why to go on, or it happened before.

    Returns
    -------
    Codes
        What is not blocked any more because it has happened already: further flags.
    """
    if not codes or override is not None:
        return ()
    if "late_entry" in flags:
        return codes
    raise Conflict([reason(code) for code in codes])

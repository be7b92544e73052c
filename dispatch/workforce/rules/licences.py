"""Does a nurse's licence cover a visit in the patient's state? Every reason why not, licence by licence.

A licence covers a visit when it is an active single-state licence of the patient's state, or a multistate
one whose home state is the nurse's primary residence and issues such licences, and the patient's state
admits practice from elsewhere (Nurse Licensure Compact, Articles III and IV). What is not known blocks.

Days are those of the visit's place. A visit that may begin at several times is judged over all of them:
what fails for one of them fails.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from dispatch.kernel.local_time import local_day
from dispatch.kernel.refusals import Reason
from dispatch.workforce.model import (
    DISCIPLINE,
    MULTISTATE_KINDS,
    Licence,
    LicenceKind,
    LicenceStatus,
    Residence,
)
from dispatch.workforce.rules.compact import Compact

RENEW = "Enter the renewed licence once the board of nursing shows it."
BOARD = "Only the board of nursing can lift it; a supervised return of drug is still possible."


@dataclass(frozen=True, kw_only=True)
class PracticeSpan:
    """From the earliest begin of a visit to its latest end, with the local days of both.

    A visit that ends at midnight ends on the day before.
    """

    begins_at: datetime
    ends_at: datetime
    first_day: date
    last_day: date


def practice_span(begins_at: datetime, ends_at: datetime, zone: ZoneInfo) -> PracticeSpan:
    """Return the span with the days that a calendar of `zone` shows."""
    last_moment = max(begins_at, ends_at - timedelta(microseconds=1))
    return PracticeSpan(
        begins_at=begins_at,
        ends_at=ends_at,
        first_day=local_day(begins_at, zone),
        last_day=local_day(last_moment, zone),
    )


@dataclass(frozen=True, kw_only=True)
class Coverage:
    """Which licences cover the visit, and if none does, every reason."""

    covering: tuple[Licence, ...]
    reasons: tuple[Reason, ...]

    @property
    def kinds(self) -> frozenset[LicenceKind]:
        """In which capacities the nurse may practise there."""
        return frozenset(licence.kind for licence in self.covering)


def licence_covers_state(
    licences: Sequence[Licence],
    residences: Sequence[Residence],
    state: str,
    span: PracticeSpan,
    compact: Compact,
) -> Coverage:
    """Tell which licences let a nurse practise in `state` during `span`.

    Parameters
    ----------
    licences, residences
        All of the nurse's, in any order.
    state
        The patient's state, two letters.

    Returns
    -------
    Coverage
        `reasons` is empty when a licence covers; otherwise it begins with
        ``licence_not_valid_in_state`` and goes on with what is wrong with each licence.
    """
    if state not in compact.states:
        unknown = Reason(
            code="state_unknown",
            text=f"{state!r} is no state or territory of the United States.",
            way_out="Correct the patient's state.",
        )
        return Coverage(covering=(), reasons=(_not_valid(state), unknown))
    disciplined = tuple(_discipline_in_state(licences, state, span))
    covering = []
    faults: dict[tuple[str, str], Reason] = {}
    for licence in licences:
        found = (
            *_not_in_force(licence, span),
            *_not_for_state(licence, residences, state, span, compact, disciplined),
        )
        if not found:
            covering.append(licence)
        for fault in found:
            faults.setdefault((fault.code, fault.text), fault)
    if covering:
        return Coverage(covering=tuple(covering), reasons=())
    return Coverage(covering=(), reasons=(_not_valid(state), *faults.values()))


def _not_valid(state: str) -> Reason:
    return Reason(
        code="licence_not_valid_in_state",
        text=f"None of her licences allows practice in {state} during the whole visit.",
        way_out=f"Send a nurse who is licensed in {state}.",
    )


def _named(licence: Licence) -> str:
    reach = "multistate " if licence.multistate else ""
    return f"{licence.state} {reach}{licence.kind.value} licence"


def _not_in_force(licence: Licence, span: PracticeSpan) -> Iterator[Reason]:
    """Dates and standing: what fails wherever the visit is."""
    name = _named(licence)
    if licence.valid_from > span.first_day:
        text = f"Her {name} is valid from {licence.valid_from} only."
        yield Reason(code="licence_not_yet_valid", text=text)
    if licence.expires_on < span.first_day:
        text = f"Her {name} expired on {licence.expires_on}."
        yield Reason(code="licence_expired", text=text, way_out=RENEW)
    elif licence.expires_on < span.last_day:
        text = f"Her {name} expires on {licence.expires_on}, before the visit's end."
        yield Reason(code="licence_expires_before_end", text=text, way_out=RENEW)
    since = licence.status_since
    if licence.status is LicenceStatus.ACTIVE:
        if since is not None and since > span.begins_at:
            yield Reason(
                code="licence_not_active_yet", text=f"Her {name} is active from {_reading(since)} only."
            )
    elif since is None or since < span.ends_at:
        way_out = BOARD if licence.status in DISCIPLINE else RENEW
        text = f"Her {name} is {licence.status.value}" + (f" since {_reading(since)}." if since else ".")
        yield Reason(code=f"licence_{licence.status.value}", text=text, way_out=way_out)


def _reading(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def _discipline_in_state(licences: Iterable[Licence], state: str, span: PracticeSpan) -> Iterator[Reason]:
    """A board that disciplined her own licence of a state has closed that state to the compact as well."""
    for licence in licences:
        since = licence.status_since
        disciplined = licence.status in DISCIPLINE and (since is None or since < span.ends_at)
        if disciplined and licence.state == state:
            yield Reason(
                code="disciplined_in_state",
                text=f"{state} disciplined her there: no practice in {state} on another state's licence.",
                way_out=BOARD,
            )


def _not_for_state(
    licence: Licence,
    residences: Sequence[Residence],
    state: str,
    span: PracticeSpan,
    compact: Compact,
    disciplined: Iterable[Reason],
) -> Iterator[Reason]:
    """Place: what fails for this state."""
    reaches_out = (
        licence.multistate
        and licence.kind.value in MULTISTATE_KINDS
        and compact.issues_multistate(licence.state, span.first_day)
    )
    at_home = licence.state == state
    if not reaches_out:
        if not at_home:
            yield _other_state(licence, state, span, compact)
        return
    if at_home:
        if not _became_single_state(residences, state, span, compact):
            yield from _not_resident(licence, residences, span, compact)
        return
    yield from disciplined
    yield from _not_inbound(state, span, compact)
    yield from _not_resident(licence, residences, span, compact)


def _other_state(licence: Licence, state: str, span: PracticeSpan, compact: Compact) -> Reason:
    if licence.multistate and licence.kind.value in MULTISTATE_KINDS:
        return Reason(
            code="home_state_not_issuing",
            text=f"{licence.state} issues no multistate licences on {span.first_day}: "
            f"her {_named(licence)} is good in {licence.state} only.",
        )
    return Reason(
        code="licence_of_other_state",
        text=f"Her {_named(licence)} is good in {licence.state} only"
        + (": advanced practice is licensed state by state." if licence.kind is LicenceKind.APRN else "."),
    )


def _not_inbound(state: str, span: PracticeSpan, compact: Compact) -> Iterator[Reason]:
    if compact.admits_inbound(state, span.first_day):
        return
    way_out = f"She needs a licence of {state} itself."
    if state in compact.enacted_not_operating:
        text = f"{state} enacted the Nurse Licensure Compact; it does not operate there yet."
        yield Reason(code="compact_not_operating", text=text, way_out=way_out)
    elif state in compact.inbound:
        text = f"{state} admits multistate licences from {compact.inbound_from[state]} only."
        yield Reason(code="compact_not_begun", text=text, way_out=way_out)
    else:
        text = f"{state} is not in the Nurse Licensure Compact."
        yield Reason(code="state_outside_compact", text=text, way_out=way_out)


def _not_resident(
    licence: Licence, residences: Sequence[Residence], span: PracticeSpan, compact: Compact
) -> Iterator[Reason]:
    for day in dict.fromkeys((span.first_day, span.last_day)):
        fault = _residence_fault(licence, residences, day, compact)
        if fault is not None:
            yield fault
            return


def _residence_fault(
    licence: Licence, residences: Sequence[Residence], day: date, compact: Compact
) -> Reason | None:
    home, now = licence.state, residence_on(residences, day)
    way_out = "Enter her primary state of residence, or the licence of the state she lives in."
    if now is None:
        text = f"Her primary state of residence on {day} is not known."
        return Reason(code="residence_unknown", text=text, way_out=way_out)
    if now.state == home:
        return None
    left_on = _left_on(residences, home, day)
    if left_on is None:
        text = f"She lives in {now.state}: a multistate licence counts only from the state one lives in."
        return Reason(code="residence_not_home_state", text=text, way_out=way_out)
    if not compact.issues_multistate(now.state, day):
        text = (
            f"She moved to {now.state}, outside the compact: her {home} licence is good in {home} only "
            f"since {left_on}."
        )
        return Reason(code="residence_left_compact", text=text, way_out=way_out)
    last_day = left_on + timedelta(days=compact.days_to_apply_after_move)
    if day > last_day:
        text = (
            f"She moved to {now.state} on {left_on}; her {home} multistate licence served until {last_day}."
        )
        return Reason(code="residence_moved", text=text, way_out=way_out)
    return None


def residence_on(residences: Sequence[Residence], day: date) -> Residence | None:
    """Return where the nurse lives on a day, None when it is not known."""
    known = [residence for residence in residences if residence.since <= day]
    return max(known, key=lambda residence: residence.since, default=None)


def _left_on(residences: Sequence[Residence], home: str, day: date) -> date | None:
    """Return the day she last moved away from `home`, None when she never lived there."""
    known = sorted((r for r in residences if r.since <= day), key=lambda residence: residence.since)
    left = [after.since for before, after in pairwise(known) if before.state == home]
    return left[-1] if left else None


def _became_single_state(
    residences: Sequence[Residence], home: str, span: PracticeSpan, compact: Compact
) -> bool:
    """A move out of the compact makes it a licence of the old home state alone (Article IV(d))."""
    now = residence_on(residences, span.last_day)
    if now is None or now.state == home or _left_on(residences, home, span.last_day) is None:
        return False
    return not compact.issues_multistate(now.state, span.last_day)

"""A prescriber signs a version of an order; nobody edits one, and a nurse never signs one (row D06)."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from dispatch.areas.service import area_by_id, zone_of
from dispatch.clearance.queries import prescriber_may_order
from dispatch.clearance.rules.deciding import proof_faults
from dispatch.kernel.actor import Actor, Role
from dispatch.kernel.clock import Clock
from dispatch.kernel.ids import new_id
from dispatch.kernel.local_time import local_day
from dispatch.kernel.plain_text import LONGEST_NOTE, text_fault
from dispatch.kernel.refusals import Conflict, Forbidden, Invalid, Reason
from dispatch.series.commands import SignOrder
from dispatch.series.loading import (
    JUDGES,
    last_given_mg_per_kg,
    newest_version_row,
    order_value,
    series_policy,
    series_row,
)
from dispatch.series.model import Order, Terms
from dispatch.series.records import OrderVersionRow, SeriesRow
from dispatch.series.rules.ordering import Judged, judge_order, unmet
from dispatch.series.rules.terms_text import sealed_text
from dispatch.series.service.outside import external_faults, outside_order
from dispatch.series.states import ENDS, SeriesDeed, SeriesState
from dispatch.series.writing import SAYS, audit, move


def judge(session: Session, series_id: UUID, terms: Terms, clock: Clock) -> Judged:
    """Return what an order would come to and everything it breaks, before anybody signs."""
    row = series_row(session, series_id)
    return _judged(session, row, terms, series_policy(session, row), clock.now())


def sign_order(session: Session, command: SignOrder, actor: Actor, clock: Clock) -> Order:
    """Sign the next version of a series' order. The same event again gives what it gave before.

    Raises
    ------
    Forbidden
        Without the role, a licence of the patient's state, a DEA registration, or a fresh proof.
    Invalid
        Everything that the order breaks and nobody signed over or acknowledged; ``reason_missing`` for a
        change; the parts of an external order that are missing.
    Conflict
        ``series_over``; ``order_changed`` when another version was signed since.
    """
    actor.require((Role.PRESCRIBER,))
    row = series_row(session, command.series_id, locked=True)
    before = session.get(OrderVersionRow, command.event_id)
    if before is not None and before.series_id == row.id and before.signed_by == actor.account_id:
        return order_value(row, before)
    assert actor.account_id is not None
    rules, now = series_policy(session, row), clock.now()
    fresh = timedelta(minutes=rules["identity.fresh_minutes"]["minutes"])
    forbidden = [
        *prescriber_may_order(session, actor.account_id, row.state_code, now),
        *proof_faults(command.proof, actor.account_id, now, fresh),
    ]
    newest = newest_version_row(session, row.id)
    judged = _judged(session, row, command.terms, rules, now)
    most_days = rules["series.order"]["override_most_days"]
    invalid = [
        *unmet(judged.findings, command.signed_over, command.acknowledged, now, most_days),
        *_change_has_a_reason(command, newest),
        *_external_is_whole(session, command, local_day(now, zone_of(area_by_id(session, row.area_id)))),
    ]
    conflict = _series_goes_on(row) + _nobody_was_faster(command, newest)
    if forbidden:
        raise Forbidden([*forbidden, *invalid, *conflict])
    if conflict:
        raise Conflict([*conflict, *invalid])
    if invalid:
        raise Invalid(invalid)
    version = _kept(session, row, command, judged, newest, rules, actor.account_id, now)
    if row.status == SeriesState.PROPOSED:
        move(session, row, SeriesDeed.ORDER)
    session.flush()
    audit(
        session, "sign_order", row, actor, clock, order=str(version.order_id), version=version.number,
        drawn_ug=version.drawn_ug, external=command.external is not None,
        signed_over=sorted(each.code for each in command.signed_over),
    )  # fmt: skip
    return order_value(row, version)


def _judged(
    session: Session, row: SeriesRow, terms: Terms, rules: Mapping[str, Mapping[str, Any]], now: datetime
) -> Judged:
    today = local_day(now, zone_of(area_by_id(session, row.area_id)))
    return judge_order(terms, last_given_mg_per_kg(session, row.patient_id), rules, today)


def _kept(
    session: Session,
    row: SeriesRow,
    command: SignOrder,
    judged: Judged,
    newest: OrderVersionRow | None,
    rules: Mapping[str, Mapping[str, Any]],
    account_id: UUID,
    now: datetime,
) -> OrderVersionRow:
    assert judged.dose is not None
    assert command.proof is not None
    version = OrderVersionRow(
        id=command.event_id,
        order_id=newest.order_id if newest else new_id(),
        series_id=row.id,
        number=newest.number + 1 if newest else 1,
        drawn_ug=judged.dose.drawn_ug,
        signed_by=account_id,
        signed_at=now,
        proof_ref=command.proof.session_ref,
        expires_at=now + timedelta(days=rules["series.order"]["holds_after_days"]),
        policy={key: dict(rules[key]) for key in JUDGES},
    )
    version.terms = sealed_text(
        command.terms, command.signed_over, command.acknowledged, command.external, command.reason.strip()
    )
    session.add(version)
    session.flush()
    return version


def _series_goes_on(row: SeriesRow) -> list[Reason]:
    if SeriesState(row.status) not in ENDS:
        return []
    return [Reason(code="series_over", text=SAYS[SeriesState(row.status)], way_out="Propose a new series.")]


def _nobody_was_faster(command: SignOrder, newest: OrderVersionRow | None) -> list[Reason]:
    if command.seen == (newest.number if newest else 0):
        return []
    text = "Another version was signed since you looked."
    return [Reason(code="order_changed", text=text, field="seen", way_out="Look at it, then decide.")]


def _change_has_a_reason(command: SignOrder, newest: OrderVersionRow | None) -> list[Reason]:
    why = command.reason.strip()
    if newest is not None and len(why) < 3:
        return [Reason(code="reason_missing", text="Say why the order changes.", field="reason")]
    fault = text_fault(why, most=LONGEST_NOTE, lines=True) if why else None
    return [Reason(code=fault[0], text=fault[1], field="reason")] if fault else []


def _external_is_whole(session: Session, command: SignOrder, today: date) -> list[Reason]:
    """An order from outside names its prescriber, licence and day; ours countersigns it (row D10)."""
    if command.external is None:
        return []
    found = external_faults(command.external, today)
    scan = command.external.outside_id
    # What is countersigned is what was transcribed from the scan, to the letter.
    if scan and outside_order(session, command.series_id, scan).external != command.external:
        text = "This is not what was transcribed from the scan."
        found.append(Reason(code="external_differs", text=text, field="external"))
    return found

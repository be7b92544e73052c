"""A prescriber reviews the response: due after infusion 2, and none is number 4 without it (row B03)."""

import json
from datetime import timedelta

from sqlalchemy.orm import Session

from dispatch.clearance.queries import prescriber_may_order
from dispatch.clearance.rules.deciding import proof_faults
from dispatch.kernel.actor import Actor, Role
from dispatch.kernel.clock import Clock
from dispatch.kernel.plain_text import LONGEST_NOTE, text_fault
from dispatch.kernel.refusals import Conflict, Forbidden, Invalid, Reason
from dispatch.series.commands import ReviewResponse
from dispatch.series.loading import series_policy, series_row, series_value
from dispatch.series.model import InfusionState, Series
from dispatch.series.queries import phq9_of
from dispatch.series.records import ReviewRow
from dispatch.series.rules.responding import response_of
from dispatch.series.service.happening import settle
from dispatch.series.states import SeriesDeed, SeriesState
from dispatch.series.writing import audit, given_of, not_now, target_of


def review_response(session: Session, command: ReviewResponse, actor: Actor, clock: Clock) -> Series:
    """Keep a review; the series goes on or is stopped. The same event again gives what it gave before.

    Raises
    ------
    Forbidden
        Without the role, a licence of the patient's state, a DEA registration, or a fresh proof.
    Invalid
        ``phq9_missing`` without a score at baseline and one since; ``response_missing`` where PHQ-9 cannot
        tell; ``note_missing`` when the prescriber sees it otherwise than PHQ-9, or stops.
    Conflict
        ``series_step_not_allowed`` when no review is due.
    """
    actor.require((Role.PRESCRIBER,))
    row = series_row(session, command.series_id, locked=True)
    if session.get(ReviewRow, command.event_id) is not None:
        return series_value(session, row)
    assert actor.account_id is not None
    rules, now = series_policy(session, row), clock.now()
    fresh = timedelta(minutes=rules["identity.fresh_minutes"]["minutes"])
    forbidden = [
        *prescriber_may_order(session, actor.account_id, row.state_code, now),
        *proof_faults(command.proof, actor.account_id, now, fresh),
    ]
    scores = phq9_of(session, row)
    told = response_of(scores.baseline, scores.now, rules["series.response"])
    response, invalid = command.response or told, []
    if scores.baseline is None or scores.now is None:
        text = "PHQ-9 was not taken at baseline and again since the series began."
        invalid.append(_reason("phq9_missing", text, "", "Take PHQ-9 first."))
    if response is None:
        text = "PHQ-9 cannot tell the response."
        invalid.append(_reason("response_missing", text, "response", "State the response."))
    note = command.note.strip()
    if (not command.go_on or response is not told) and len(note) < 3:
        invalid.append(_reason("note_missing", "Say why.", "note", "Write a note."))
    elif note and (fault := text_fault(note, most=LONGEST_NOTE, lines=True)):
        invalid.append(_reason(*fault, "note", ""))
    deed = SeriesDeed.REVIEW if command.go_on else SeriesDeed.STOP
    target = target_of(session, row, deed) if row.status == SeriesState.REVIEW_DUE else None
    if forbidden:
        raise Forbidden([*forbidden, *invalid])
    if target is None:
        raise Conflict([not_now(row, SeriesDeed.REVIEW), *invalid])
    if invalid:
        raise Invalid(invalid)
    assert response is not None
    assert command.proof is not None
    kept = ReviewRow(
        id=command.event_id,
        series_id=row.id,
        after_given=given_of(row),
        go_on=command.go_on,
        reviewed_by=actor.account_id,
        reviewed_at=now,
        proof_ref=command.proof.session_ref,
        policy={"series.response": dict(rules["series.response"])},
    )
    kept.findings = json.dumps(
        {"baseline": scores.baseline, "now": scores.now, "response": response.value, "note": note}
    )
    session.add(kept)
    row.status, row.reviewed_after = target.value, given_of(row)
    if target is SeriesState.STOPPED:
        for each in row.infusions:
            if each.status in (InfusionState.PLANNED, InfusionState.MISSED):
                each.status = InfusionState.DROPPED.value
    settle(session, row)
    session.flush()
    audit(session, "review", row, actor, clock, after=row.reviewed_after, go_on=command.go_on)
    return series_value(session, row)


def _reason(code: str, text: str, where: str, way_out: str) -> Reason:
    return Reason(code=code, text=text, field=where, way_out=way_out)

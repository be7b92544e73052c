"""The case of a visit at an instant, gathered for the rules; and what still stands against its deeds."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from dispatch.appointments.records import AppointmentRow
from dispatch.custody.queries import visit_totals
from dispatch.kernel.refusals import Reason
from dispatch.visits.bedside.loading import chart_of, limits_of, released_in
from dispatch.visits.bedside.model import Class, Unmet
from dispatch.visits.bedside.outside import against_start, ordered
from dispatch.visits.bedside.rules.gates import (
    Case,
    standing,
    unmet_before_discharge,
    unmet_before_resume,
    unmet_before_start,
)
from dispatch.visits.facts import facts_of, patients_watched, still_watched_text, story_of
from dispatch.visits.model import Deed, Story


def case_of(
    session: Session, row: AppointmentRow, nurse_id: UUID, at: datetime, story: Story | None = None
) -> Case:
    """Gather everything that decides about a visit's deeds at `at`."""
    if story is None:
        facts = facts_of(session, [row.id]).get((row.id, nurse_id), ())
        story = story_of(facts, cancelled=row.status == "cancelled")
    chart = chart_of(session, row.id)
    begun = Deed.START in story.times
    totals = visit_totals(session, [row.id]).get(row.id) if row.service.controlled else None
    drawn_ug = (totals.drawn_ug if totals else 0) if row.service.controlled else None
    return Case(
        story=story,
        chart=chart,
        limits=limits_of(session, row),
        now=at,
        outside=()
        if begun
        else (*against_start(session, row, chart, at), *_other_patients(session, row, nurse_id, at)),
        drawn_ug=drawn_ug,
        dose_ug=row.dose_ug,
        ordered=ordered(session, row, at),
        first_at_home=row.first_infusion,
        released=released_in(chart),
    )


def _other_patients(session: Session, row: AppointmentRow, nurse_id: UUID, at: datetime) -> list[Unmet]:
    """One nurse, one patient, until the discharge (care-rules.md A20)."""
    return [
        Unmet(
            reason=Reason(
                code="another_patient_watched",
                text=still_watched_text(other),
                field="nurse",
                way_out="Discharge that patient first, or dispatch sends another nurse to this one.",
            ),
            kind=Class.BLOCK,
            step=13,
        )
        for other in patients_watched(session, nurse_id, at)
        if other.id != row.id
    ]


def standing_against(case: Case, deed: Deed) -> tuple[Unmet, ...]:
    """Return what refuses a deed that is asked for; what a prescriber released and warnings do not."""
    if deed is Deed.READY or deed is Deed.START:
        unmet = unmet_before_start(case)
    elif deed is Deed.RESUME:
        unmet = unmet_before_resume(case, case.story.since)
    elif deed is Deed.DISCHARGE:
        unmet = unmet_before_discharge(case)
    else:
        unmet = ()
    return standing(unmet, case.released, case.chart)

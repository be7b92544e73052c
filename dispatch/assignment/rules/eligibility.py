"""Everything that stands against sending a nurse to an appointment, for one pair or for a whole day."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from uuid import UUID

from dispatch.assignment.model import AppointmentFacts, LawFacts, NurseFacts, TimeWindow
from dispatch.assignment.rules.standing import Demand, demand_of, standing_reasons
from dispatch.assignment.rules.times import (
    ShiftOfDay,
    begins_within,
    ends_in_time,
    fits_a_shift,
    shifts_of_day,
    windows_in_time,
)
from dispatch.kernel.refusals import Reason
from dispatch.workforce.rules.licences import PracticeSpan, practice_span

EXCLUDED = (
    Reason(
        code="patient_excluded",
        text="This nurse and this patient must not meet.",
        way_out="Whoever asked for the exclusion can lift it.",
    ),
)


def reasons_against(nurse: NurseFacts, appointment: AppointmentFacts, law: LawFacts) -> tuple[Reason, ...]:
    """Return every reason against this nurse for this appointment; none means that she is eligible.

    The order is fixed: the nurse's standing, the patient's word, the place, the time. Drug, travel and the
    rest of her day are the planner's to judge.
    """
    asked = _ask(appointment, law)
    shifts = shifts_of_day(nurse, asked.span.first_day, asked.span.last_day, law)
    return _all(nurse, asked, standing_reasons(nurse, asked.demand, asked.span, law), shifts)


def eligibility_of_day(
    nurses: Sequence[NurseFacts], appointments: Sequence[AppointmentFacts], law: LawFacts
) -> Mapping[UUID, Mapping[UUID, tuple[Reason, ...]]]:
    """Judge every nurse for every appointment: appointment id -> nurse id -> reasons against.

    The same as `reasons_against` for each pair, but what many visits share is judged once: 300 visits
    and 60 nurses in well under 150 ms.
    """
    asked = [_ask(appointment, law) for appointment in appointments]
    found: dict[UUID, dict[UUID, tuple[Reason, ...]]] = {one.appointment.appointment_id: {} for one in asked}
    for nurse in nurses:
        day = _NurseDay(nurse, law)
        for one in asked:
            found[one.appointment.appointment_id][nurse.nurse_id] = day.reasons(one)
    return found


class DayJudge:
    """Judges appointments of one day one after the other; what they share is judged once, as above.

    Holds the facts of nurses and what was found, nothing of a patient.
    """

    def __init__(self, nurses: Sequence[NurseFacts], law: LawFacts) -> None:
        self._law = law
        self._days = {nurse.nurse_id: _NurseDay(nurse, law) for nurse in nurses}

    def reasons(self, appointment: AppointmentFacts) -> Mapping[UUID, tuple[Reason, ...]]:
        """Return every reason against each nurse, by nurse id."""
        asked = _ask(appointment, self._law)
        return {nurse_id: day.reasons(asked) for nurse_id, day in self._days.items()}

    def may_begin(self, nurse_id: UUID, appointment: AppointmentFacts) -> tuple[TimeWindow, ...]:
        """Return when she may begin it, travel apart: inside the windows, her shifts and the law."""
        asked = _ask(appointment, self._law)
        return begins_within(self._days[nurse_id].shifts(asked.span), asked.windows, asked.length)


@dataclass(frozen=True, kw_only=True)
class _Asked:
    """An appointment with what the rules need of it, worked out once."""

    appointment: AppointmentFacts
    demand: Demand
    span: PracticeSpan
    windows: tuple[TimeWindow, ...]
    length: timedelta
    appointment_reasons: tuple[Reason, ...]
    key: tuple[Demand, date, date]


def _ask(appointment: AppointmentFacts, law: LawFacts) -> _Asked:
    in_time = windows_in_time(appointment, law)
    windows = in_time or appointment.windows
    length = appointment.length
    span = practice_span(
        min(window.begins_at for window in windows),
        max(window.ends_at for window in windows) + length,
        law.zone,
    )
    demand = demand_of(appointment)
    return _Asked(
        appointment=appointment,
        demand=demand,
        span=span,
        windows=windows,
        length=length,
        appointment_reasons=(*_address_is_verified(appointment), *ends_in_time(appointment, in_time, law)),
        key=(demand, span.first_day, span.last_day),
    )


def _all(
    nurse: NurseFacts, asked: _Asked, standing: tuple[Reason, ...], shifts: Sequence[ShiftOfDay]
) -> tuple[Reason, ...]:
    time = fits_a_shift(shifts, asked.windows, asked.length)
    meet = EXCLUDED if nurse.nurse_id in asked.appointment.excluded_nurses else ()
    return (*standing, *meet, *asked.appointment_reasons, *time)


def _address_is_verified(appointment: AppointmentFacts) -> Iterator[Reason]:
    if not appointment.address_verified:
        yield Reason(
            code="address_not_verified",
            text="The point of the patient's address is not confirmed.",
            way_out="A dispatcher confirms the pin on the map.",
        )


@dataclass
class _NurseDay:
    """A nurse's answers to what several visits ask alike."""

    nurse: NurseFacts
    law: LawFacts
    known: dict[object, tuple[Reason, ...]] = field(default_factory=dict)
    rosters: dict[tuple[date, date], tuple[ShiftOfDay, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.turns = [lic.status_since for lic in self.nurse.licences if lic.status_since is not None]

    def reasons(self, asked: _Asked) -> tuple[Reason, ...]:
        return _all(self.nurse, asked, self.standing(asked), self.shifts(asked.span))

    def standing(self, asked: _Asked) -> tuple[Reason, ...]:
        # A licence may change its status in the course of the day, so visits around it are told apart.
        key: object = asked.key
        if self.turns:
            begins_at, ends_at = asked.span.begins_at, asked.span.ends_at
            key = (key, tuple((at > begins_at, at < ends_at) for at in self.turns))
        reasons = self.known.get(key)
        if reasons is None:
            reasons = self.known[key] = standing_reasons(self.nurse, asked.demand, asked.span, self.law)
        return reasons

    def shifts(self, span: PracticeSpan) -> tuple[ShiftOfDay, ...]:
        days = (span.first_day, span.last_day)
        if days not in self.rosters:
            self.rosters[days] = shifts_of_day(self.nurse, *days, self.law)
        return self.rosters[days]

"""From what a dispatcher reports to what planning knows of it, and what holds on a day until withdrawn."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from dispatch.assignment.day_shape import second_of
from dispatch.assignment.plan_model import Gathered, NurseKey, VisitKey
from dispatch.assignment.records import DisturbanceRow
from dispatch.assignment.replan_model import Happening, Report
from dispatch.kernel.refusals import Conflict, NotFound, Reason, refuse
from routing.faults import ProblemInvalid
from routing.problem import PENALTY_MC_BY_PRIORITY, Problem
from routing.replan.effects import after
from routing.replan.events import (
    Cancelled,
    DrugNotAvailable,
    Event,
    NoShow,
    NurseIll,
    Overrun,
    UrgentVisit,
    VehicleLate,
)
from routing.replan.underway import Running


def disturbed(problem: Problem, names: "Names", rows: Iterable[DisturbanceRow], now_s: int) -> Problem:
    """Return the day with all that still holds taken in.

    What the facts have overtaken is passed over: an overrun that has ended, a nurse who has no shift any
    more, a closed door that her phone has reported since.
    """
    running = Running(problem=problem, orders={}, promised={}, now_s=now_s)
    for row in rows:
        report = Report(
            kind=Happening(row.kind),
            shift_id=row.shift_id,
            appointment_id=row.appointment_id,
            pharmacy_id=row.pharmacy_id,
            at=row.at,
        )
        try:
            events = [event_of(report, names, running.problem, now_s, row.reported_at)]
            running = replace(running, problem=after(running, events).problem)
        except (ProblemInvalid, NotFound, Conflict):
            continue
    return running.problem


class Names:
    """The ways from the database's ids to the day file's."""

    def __init__(
        self,
        origin: datetime,
        visits: Mapping[str, VisitKey],
        nurses: Mapping[str, NurseKey],
        pharmacies: Mapping[str, UUID],
    ) -> None:
        self.origin = origin
        self._visits, self._nurses, self._pharmacies = visits, nurses, pharmacies

    def nurse(self, shift_id: UUID | None) -> str:
        """Return the nurse of a shift."""
        for name, key in self._nurses.items():
            if key.shift_id == shift_id:
                return name
        raise refuse(NotFound, "no_such_shift", "Nobody has that shift on this day.", field="shift_id")

    def visit(self, appointment_id: UUID | None) -> str:
        """Return the visit of an appointment, the first half of one by two nurses."""
        for name, key in self._visits.items():
            if key.appointment_id == appointment_id:
                return name
        text = "This day has no such visit to plan."
        raise refuse(NotFound, "no_such_visit", text, field="appointment_id")

    def pharmacy(self, pharmacy_id: UUID | None) -> str:
        """Return a pharmacy."""
        for name, known in self._pharmacies.items():
            if known == pharmacy_id:
                return name
        raise refuse(NotFound, "no_such_pharmacy", "The area has no such pharmacy.", field="pharmacy_id")


def names_of(gathered: Gathered) -> Names:
    """Return the names of a gathered day."""
    return Names(gathered.origin, gathered.visits, gathered.nurses, gathered.pharmacies)


def event_of(  # noqa: PLR0911 - one for each kind
    report: Report, names: Names, problem: Problem, now_s: int, now: datetime
) -> Event:
    """Turn a report into what planning knows of it.

    Raises
    ------
    NotFound
        When the day has no such shift, visit or pharmacy.
    Conflict
        ``visit_under_way`` when an urgent visit is being made already.
    """
    at_s = second_of(report.at or now, names.origin)
    until_s = at_s if report.at else None
    match report.kind:
        case Happening.NURSE_ILL:
            return NurseIll(nurse=names.nurse(report.shift_id), from_s=at_s)
        case Happening.VEHICLE_LATE:
            return VehicleLate(nurse=names.nurse(report.shift_id), free_at_s=at_s)
        case Happening.OVERRUN:
            return Overrun(visit=names.visit(report.appointment_id), ends_s=at_s)
        case Happening.CANCELLED:
            return Cancelled(visit=names.visit(report.appointment_id))
        case Happening.NO_SHOW:
            return NoShow(visit=names.visit(report.appointment_id), known_s=min(at_s, now_s))
        case Happening.URGENT_VISIT:
            return _urgent(names.visit(report.appointment_id), problem)
        case Happening.DRUG_NOT_AVAILABLE:
            return DrugNotAvailable(
                visit=names.visit(report.appointment_id) if report.appointment_id else None,
                pharmacy=names.pharmacy(report.pharmacy_id) if report.pharmacy_id else None,
                nurse=names.nurse(report.shift_id) if report.shift_id else None,
                until_s=until_s,
            )


def _urgent(name: str, problem: Problem) -> UrgentVisit:
    visit = problem.visit.get(name)
    if visit is None:
        raise refuse(Conflict, "visit_under_way", "Its nurse is on her way, there, or done.")
    return UrgentVisit(visit=replace(visit, penalty_mc=PENALTY_MC_BY_PRIORITY["critical"]))


def reasons_of(invalid: ProblemInvalid) -> list[Reason]:
    """Return what planning found wrong with the events, as reasons."""
    return [
        Reason(code=fault.code, text=fault.text, field=fault.path, way_out=fault.way_out)
        for fault in invalid.faults
    ]

"""What events do to a running day: nurses, visits and orders as they are from now on."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from routing.faults import Faults
from routing.problem import FrozenStop, Nurse, Pharmacy, Place, Problem, Visit, Window
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
from routing.replan.underway import Running, not_before, with_travel_of

NO_DRUG = "drug_not_available"


@dataclass(frozen=True, kw_only=True)
class Happened:
    """A running day after what happened.

    Attributes
    ----------
    problem
        The day as it is now; what was called off is no longer in it.
    gone
        Visits that nobody needs to make any more.
    urgent
        Visits that came in.
    orders
        Nurse -> visits of the plan in force that are still hers to make, if she can.
    loose
        Visits of that plan whose nurse makes them no more.
    """

    problem: Problem
    gone: frozenset[str]
    urgent: frozenset[str]
    orders: dict[str, tuple[str, ...]]
    loose: tuple[str, ...]


def after(running: Running, events: Iterable[Event]) -> Happened:
    """Return the day after these events, taken in one after the other.

    Raises
    ------
    ProblemInvalid
        With every event that cannot have happened on this day (an unknown nurse, a visit that is not under
        way) and, for a new visit, every fault of it.
    """
    work = _Work(running)
    for index, event in enumerate(events):
        work.take(f"events[{index}]", event)
    work.faults.raise_if_any()
    return work.result()


class _Work:
    def __init__(self, running: Running) -> None:
        self.running, self.problem, self.now_s = running, running.problem, running.now_s
        self.faults = Faults()
        self.nurses = dict(running.problem.nurse)
        self.visits = dict(running.problem.visit)
        self.places = list(running.problem.places)
        self.pharmacies: dict[str, Pharmacy] = dict(running.problem.pharmacy)
        self.orders = dict(running.orders)
        self.gone: set[str] = set()
        self.urgent: set[str] = set()
        self.loose: list[str] = []
        self.under_way = {
            stop.ref: nurse.id
            for nurse in running.problem.nurses
            for stop in nurse.frozen[-1:]
            if stop.kind == "visit"
        }

    def take(self, path: str, event: Event) -> None:
        """Take one event in, or note what is wrong with it."""
        if isinstance(event, NurseIll):
            self._ill(path, event)
        elif isinstance(event, VehicleLate):
            self._late(path, event)
        elif isinstance(event, Overrun):
            self._overrun(path, event)
        elif isinstance(event, Cancelled):
            self._called_off(path, event.visit, self.now_s)
        elif isinstance(event, NoShow):
            self._called_off(path, event.visit, event.known_s)
        elif isinstance(event, DrugNotAvailable):
            self._no_drug(path, event)
        else:
            self._urgent(event)

    def result(self) -> Happened:
        """Return the day; a new visit may still have faults."""
        problem = self.problem
        gone = self.gone
        after = replace(
            problem,
            places=problem.places if len(self.places) == len(problem.places) else tuple(self.places),
            nurses=tuple(self.nurses.values()),
            visits=tuple(visit for name, visit in self.visits.items() if name not in gone),
            pharmacies=tuple(self.pharmacies.values()),
            double_visits=tuple(pair for pair in problem.double_visits if not gone & set(pair)),
            pins=tuple(pin for pin in problem.pins if pin.visit not in gone),
        )
        return Happened(
            problem=with_travel_of(problem, after),
            gone=frozenset(gone),
            urgent=frozenset(self.urgent),
            orders=self.orders,
            loose=tuple(self.loose),
        )

    def _ill(self, path: str, event: NurseIll) -> None:
        nurse = self._nurse(path, event.nurse)
        if nurse is None:
            return
        until_s = max(nurse.shift.begin_s, min(nurse.shift.end_s, max(event.from_s, self.now_s)))
        self.nurses[nurse.id] = replace(
            nurse, shift=Window(begin_s=nurse.shift.begin_s, end_s=until_s), overtime_limit_s=0
        )
        if event.from_s <= max(nurse.departs_at_s, self.now_s):
            self.loose += self.orders.pop(nurse.id, ())

    def _late(self, path: str, event: VehicleLate) -> None:
        nurse = self._nurse(path, event.nurse)
        if nurse is None:
            return
        if nurse.free is None:
            self.nurses[nurse.id] = not_before(nurse, event.free_at_s)
        else:
            free = replace(nurse.free, at_s=max(nurse.free.at_s, event.free_at_s))
            self.nurses[nurse.id] = replace(nurse, free=free)

    def _overrun(self, path: str, event: Overrun) -> None:
        nurse = self.under_way.get(event.visit)
        if nurse is None:
            self.faults.add(
                f"{path}.visit",
                "not_under_way",
                f"No nurse is at {event.visit!r} or on her way to it.",
                "Name a visit under way; for one still to come change its length.",
            )
            return
        self._end_last(nurse, event.ends_s)

    def _called_off(self, path: str, visit: str, known_s: int) -> None:
        nurse = self.under_way.get(visit)
        if nurse is not None:
            stop = self.nurses[nurse].frozen[-1]
            # Who is on the road is free where the road leads.
            self._end_last(nurse, max(known_s, stop.begin_s) if stop.begin_s > self.now_s else known_s)
            unused = self.running.frozen_units.get(visit, 0)
            her = self.nurses[nurse]
            self.nurses[nurse] = replace(her, stock_units=min(her.lock_box_units, her.stock_units + unused))
        elif visit in self.visits:
            self.gone.add(visit)
            self._take_off(visit)
            partner = self.problem.partner.get(visit)
            if partner is not None:
                self.gone.add(partner)
                self._take_off(partner)
        else:
            self._unknown(f"{path}.visit", "visit", visit)

    def _no_drug(self, path: str, event: DrugNotAvailable) -> None:
        named = [name for name in ("visit", "pharmacy", "nurse") if getattr(event, name) is not None]
        if len(named) != 1:
            text = "It names a visit, a pharmacy or a nurse: exactly one of them."
            self.faults.add(path, "name_one", text, "Write one event for each.")
        elif event.nurse is not None:
            nurse = self._nurse(path, event.nurse)
            if nurse is not None:
                self.nurses[nurse.id] = replace(nurse, stock_units=0)
        elif event.pharmacy is not None:
            self._no_drug_at(path, event.pharmacy, event.until_s)
        elif event.visit not in self.visits:
            self._unknown(f"{path}.visit", "visit", event.visit or "")
        else:
            self._no_drug_for(self.visits[event.visit], event.until_s)

    def _no_drug_at(self, path: str, name: str, until_s: int | None) -> None:
        shop = self.pharmacies.get(name)
        if shop is None:
            self._unknown(f"{path}.pharmacy", "pharmacy", name)
            return
        opens = () if until_s is None else _from(shop.open, until_s)
        if opens:
            self.pharmacies[name] = replace(shop, open=opens)
        else:
            del self.pharmacies[name]

    def _no_drug_for(self, visit: Visit, until_s: int | None) -> None:
        windows = () if until_s is None else _from(visit.windows, until_s)
        if windows:
            self.visits[visit.id] = replace(visit, windows=windows)
            return
        against = {nurse: (*visit.ineligible.get(nurse, ()), NO_DRUG) for nurse in self.nurses}
        self.visits[visit.id] = replace(visit, ineligible=against)
        self._take_off(visit.id)
        self.loose.append(visit.id)

    def _urgent(self, event: UrgentVisit) -> None:
        if event.place is not None and event.place.id not in {place.id for place in self.places}:
            self.places.append(Place(id=event.place.id, lat=event.place.lat, lon=event.place.lon))
        self.visits[event.visit.id] = event.visit
        self.gone.discard(event.visit.id)
        self.urgent.add(event.visit.id)

    def _take_off(self, visit: str) -> None:
        for nurse, order in self.orders.items():
            if visit in order:
                self.orders[nurse] = tuple(other for other in order if other != visit)

    def _end_last(self, nurse: str, ends_s: int) -> None:
        """Let the visit under way end at another second; the nurse is free from then on."""
        her = self.nurses[nurse]
        assert her.free is not None, "a nurse with frozen stops is on duty"
        last = her.frozen[-1]
        floor_s = her.frozen[-2].end_s if len(her.frozen) > 1 else 0
        ends_s = max(ends_s, floor_s)
        stop = FrozenStop(kind=last.kind, ref=last.ref, begin_s=min(last.begin_s, ends_s), end_s=ends_s)
        free = replace(her.free, at_s=max(ends_s, self.now_s, her.free.on_duty_since_s))
        self.nurses[nurse] = replace(her, frozen=(*her.frozen[:-1], stop), free=free)

    def _nurse(self, path: str, name: str) -> Nurse | None:
        if name not in self.nurses:
            self._unknown(f"{path}.nurse", "nurse", name)
        return self.nurses.get(name)

    def _unknown(self, path: str, what: str, name: str) -> None:
        self.faults.add(
            path,
            f"unknown_{what}",
            f"There is no {what} {name!r} to re-plan.",
            f"Name a {what} of this day; what is done is past.",
        )


def _from(windows: tuple[Window, ...], second_s: int) -> tuple[Window, ...]:
    return tuple(
        Window(begin_s=max(w.begin_s, second_s), end_s=w.end_s) for w in windows if w.end_s >= second_s
    )

"""A day file while it is written, with the ways back from its ids to the database's."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from dispatch.areas.records import PharmacyRow
from dispatch.assignment.day_rows import DayRows
from dispatch.assignment.day_shape import distinct_id, merged, second_of, second_of_reading
from dispatch.assignment.model import AppointmentFacts, NurseFacts
from dispatch.assignment.plan_model import Law, NurseKey, VisitKey
from dispatch.kernel.refusals import Reason
from routing.problem import Nurse, Pharmacy, Pin, Place, Visit, Window


@dataclass(kw_only=True)
class DayFile:
    """Everything of a `Problem` so far.

    Attributes
    ----------
    now_s
        The present second of a running day, None before it begins.
    latest_end_minute
        When visits end at the latest, as a reading of the area's clocks.
    people, booked, law
        The facts of nurses and appointments by id, and everything that stands against each pair.
    """

    rows: DayRows
    now_s: int | None
    latest_end_minute: int
    people: Mapping[UUID, NurseFacts]
    booked: Mapping[UUID, AppointmentFacts]
    law: Law
    places: dict[str, Place] = field(default_factory=dict)
    visits: list[Visit] = field(default_factory=list)
    nurses: list[Nurse] = field(default_factory=list)
    pharmacies: list[Pharmacy] = field(default_factory=list)
    pins: list[Pin] = field(default_factory=list)
    pairs: list[tuple[str, str]] = field(default_factory=list)
    visit_keys: dict[str, VisitKey] = field(default_factory=dict)
    nurse_keys: dict[str, NurseKey] = field(default_factory=dict)
    pharmacy_ids: dict[str, UUID] = field(default_factory=dict)
    left_out: dict[UUID, tuple[Reason, ...]] = field(default_factory=dict)

    @property
    def horizon(self) -> Window:
        """The local day, 23 to 25 hours."""
        return Window(begin_s=0, end_s=second_of(self.rows.ends_at, self.rows.begins_at))

    @property
    def pharmacy_names(self) -> Mapping[UUID, str]:
        """Pharmacy id -> its id in the day file."""
        return {pharmacy_id: name for name, pharmacy_id in self.pharmacy_ids.items()}

    @property
    def frozen(self) -> list[str]:
        """Visits that are past or under way, once a nurse."""
        return [stop.ref for nurse in self.nurses for stop in nurse.frozen if stop.kind == "visit"]

    def add_place(self, name: str, lat: float, lon: float) -> str:
        """Add a point and return its name."""
        self.places[name] = Place(id=name, lat=lat, lon=lon)
        return name

    def add_pharmacy(self, row: PharmacyRow) -> None:
        """Add a pharmacy with its hours of this day."""
        rows = self.rows
        name = distinct_id(row.code, str(row.id), self.pharmacy_ids)
        opens_s, closes_s = (
            second_of_reading(minute, rows.day, rows.zone, rows.begins_at)
            for minute in (row.opens_minute, row.closes_minute)
        )
        self.pharmacy_ids[name] = row.id
        self.pharmacies.append(
            Pharmacy(
                id=name,
                place=self.add_place(f"pharmacy {name}", row.lat, row.lon),
                open=merged([(opens_s, closes_s)], 0, self.horizon.end_s),
                handling_s=row.pickup_s,
            )
        )

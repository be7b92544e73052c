"""A visit that somebody would like to have: what is known of it before any time is agreed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.appointments.care.model import CarePathRefused
from dispatch.appointments.care.rules.path import still_missing
from dispatch.appointments.care.service.gate import Path, care_path_required, path_of
from dispatch.appointments.loading import patient_by_id
from dispatch.appointments.model import (
    BookingDraft,
    BookingPolicy,
    Occupied,
    Point,
    Service,
    Window,
    point_of,
)
from dispatch.appointments.records import ExclusionRow, PatientRow
from dispatch.appointments.rules.booking import booking_faults
from dispatch.appointments.service.bookings import booking_policy, confirmed_around, occupied
from dispatch.appointments.service.catalogue import service_of, services
from dispatch.appointments.service.patients import born_on, patients_named
from dispatch.areas.records import ServiceAreaRow
from dispatch.areas.service import zone_of
from dispatch.clearance.model import RuleClass
from dispatch.kernel.clock import Clock
from dispatch.kernel.refusals import Conflict, Invalid, Reason, refuse

# These are asked for when a time is agreed and the visit is really booked.
ASKED_LATER = frozenset({"order_missing", "dose_missing"})
# These depend on the day; whatever else is wrong is wrong on every day.
OF_A_DAY = frozenset(
    {
        "day_is_past",
        "day_too_far",
        "patient_under_age",
        "ends_too_late",
        "patient_double_booked",
        "too_many_in_days",
        "too_close",
    }
)


@dataclass(frozen=True, kw_only=True)
class Prospect:
    """A service for a patient, not booked yet.

    `excluded` are the nurses who must not meet her; `path` is how her care path stands, None where the
    gate does not stand (`care.service.gate`).
    """

    area: ServiceAreaRow
    patient: PatientRow
    service: Service
    draft: BookingDraft
    point: Point
    excluded: frozenset[UUID]
    others: Sequence[Occupied]
    policy: BookingPolicy
    born_on: date | None
    path: Path | None = None

    @property
    def minutes(self) -> int:
        """How long the nurse is busy there."""
        return self.draft.minutes or self.service.minutes

    @property
    def units(self) -> int:
        """Vials of controlled drug that it takes."""
        return self.service.units if self.draft.units is None else self.draft.units

    @property
    def nurses_needed(self) -> int:
        """How many nurses go."""
        needed = self.draft.nurses_needed
        return self.service.nurses_needed if needed is None else needed

    def faults(self, day: date, windows: Sequence[Window]) -> tuple[Reason, ...]:
        """Return every reason against booking it in these windows of a day, as `book_appointment` would."""
        draft = replace(self.draft, day=day)
        zone = zone_of(self.area)
        found = booking_faults(draft, self.service, windows, self.born_on, self.others, self.policy, zone)
        wrong = [reason for reason in found if reason.code not in ASKED_LATER]
        if self.path is not None:
            against = self.path.of_day(draft, windows)
            # Warnings are acknowledged when it is booked.
            warnings = {each.reason.code for each in against if each.rule_class is RuleClass.WARN}
            missing, _ = still_missing(against, self.path.signed, warnings)
            wrong += [each.reason for each in missing]
            wrong += self._lapses(windows)
        return tuple(wrong)

    def _lapses(self, windows: Sequence[Window]) -> list[Reason]:
        """Return what stands today but no longer at the end of a visit in these windows."""
        if self.path is None or not windows:
            return []
        over_at = max(window.ends_at for window in windows) + timedelta(minutes=self.minutes)
        standing = self.path.standing
        ends = (
            ("clearance_lapses", standing.clearance.expires_at, "The clearance ends before the visit does."),
            (
                "order_lapses",
                standing.order.expires_at if standing.order else None,
                "The order ends before the visit does.",
            ),
        )
        way_out = "Choose a sooner day, or the prescriber renews it."
        return [
            Reason(code=code, text=text, field="day", way_out=way_out)
            for code, until, text in ends
            if until is not None and until <= over_at
        ]


def prospect(
    session: Session, patient_id: UUID, draft: BookingDraft, last_day: date, clock: Clock
) -> Prospect:
    """Return what is known of a visit that would be booked from `draft.day` to `last_day`.

    The draft's windows, order and dose are not looked at.

    Raises
    ------
    NotFound
        ``no_such_patient``.
    Invalid
        With every fault of the draft that no other day would mend.
    Conflict
        ``address_not_verified``: nobody is sent to a door whose place is not sure.
    CarePathRefused
        What her care path has against any visit: no time is offered then.
    """
    patient = patient_by_id(session, patient_id)
    area = session.get_one(ServiceAreaRow, patient.area_id)
    row = services(session).get(draft.service_code)
    if row is None:
        text = "The catalogue has no service of that code."
        raise refuse(Invalid, "service_unknown", text, field="service")
    if not patient.point_verified or not patient.point:
        raise refuse(
            Conflict,
            "address_not_verified",
            "The point of the patient's address is not confirmed.",
            way_out="A dispatcher confirms it on the map, under Addresses.",
        )
    excluded = select(ExclusionRow.nurse_id).where(ExclusionRow.patient_id == patient.id)
    others = confirmed_around(session, [patient.id], draft.day, last_day)
    value = service_of(row)
    path = None
    if value.offered and care_path_required(session, area.id, value, patient):
        path = path_of(session, patient, clock.now(), clock)
        if against := path.of_patient():
            raise CarePathRefused([each.reason for each in against], path.standing.task)
    found = Prospect(
        area=area,
        patient=patient,
        service=value,
        draft=draft,
        point=point_of(patient.point),
        excluded=frozenset(session.scalars(excluded)),
        others=tuple(span for other in others for span in occupied(other)),
        policy=booking_policy(session, area, clock),
        born_on=born_on(patient),
        path=path,
    )
    wrong = [reason for reason in found.faults(draft.day, ()) if reason.code not in OF_A_DAY]
    if wrong:
        raise Invalid(wrong)
    return found


def patients_called(session: Session, area_id: UUID, who: str) -> Sequence[PatientRow]:
    """Return the area's patient of that reference, else all of that exact full name, case apart."""
    wanted = select(PatientRow).where(PatientRow.area_id == area_id, PatientRow.reference == who.strip())
    return session.scalars(wanted).all() or patients_named(session, area_id, who)

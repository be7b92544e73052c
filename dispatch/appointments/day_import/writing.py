"""Write faultless drafts, and count what became of them."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from sqlalchemy.orm import Session

from dispatch.appointments.care.service.reminders import plan_reminders
from dispatch.appointments.day_import.drafts import (
    AppointmentEntry,
    Drafted,
    LicenceEntry,
    NurseEntry,
    PatientEntry,
    ShiftEntry,
)
from dispatch.appointments.day_import.judging import Files
from dispatch.appointments.day_import.keeping import BOOKING_KEEPS, NURSE_KEEPS, PATIENT_KEEPS, kept
from dispatch.appointments.day_import.known import Known
from dispatch.appointments.day_import.model import Progress, Tally
from dispatch.appointments.day_import.reading import STEP, ReadRow
from dispatch.appointments.loading import windows_of
from dispatch.appointments.model import UNPLACED, AppointmentStatus, Geocode, Placed
from dispatch.appointments.records import PatientRow
from dispatch.appointments.service.bookings import save_appointment
from dispatch.appointments.service.exclusions import save_exclusions
from dispatch.appointments.service.patients import save_patient
from dispatch.kernel.actor import Actor
from dispatch.kernel.changes import Saved
from dispatch.kernel.clock import Clock
from dispatch.workforce.service import (
    save_authorisation,
    save_competency,
    save_licence,
    save_nurse,
    save_residence,
    save_shift,
)

T = TypeVar("T")


@dataclass
class Writing:
    """One import's pen: the session, who holds it, and what it counted so far."""

    session: Session
    known: Known
    actor: Actor
    clock: Clock
    on_progress: Progress
    geocode: Geocode | None
    counts: dict[str, Counter[Saved]] = field(default_factory=dict)

    def write(self, files: Files) -> None:
        """Write all files, those first that others lean on."""
        with self.session.no_autoflush:
            for nurse in self._each(files.nurses):
                self._nurse(nurse)
            for licence in self._each(files.licences):
                self._licence(licence)
            for shift in self._each(files.shifts):
                self._shift(shift)
            self.session.flush()
            for patient in self._each(files.patients):
                self._patient(patient)
            self.session.flush()
            for patient in files.patients:
                self._exclusions(patient)
            for appointment in self._each(files.appointments):
                self._appointment(appointment)
            self.session.flush()

    def tallies(self) -> dict[str, Tally]:
        """Return what became of each file's rows."""
        return {
            name: Tally(
                added=count[Saved.ADDED], changed=count[Saved.CHANGED], unchanged=count[Saved.UNCHANGED]
            )
            for name, count in self.counts.items()
        }

    def _each(self, drafted: Sequence[T]) -> Iterator[T]:
        total = len(drafted)
        for done, one in enumerate(drafted, 1):
            yield one
            if done % STEP == 0 or done == total:
                row: ReadRow = one.row  # type: ignore[attr-defined]
                self.on_progress(f"writing {row.file}", done, total)

    def _count(self, row: ReadRow, *saved: Saved) -> None:
        worst = Saved.ADDED if Saved.ADDED in saved[:1] else Saved.UNCHANGED
        if worst is Saved.UNCHANGED and any(one is not Saved.UNCHANGED for one in saved):
            worst = Saved.CHANGED
        self.counts.setdefault(row.file, Counter())[worst] += 1

    def _nurse(self, one: Drafted[NurseEntry]) -> None:
        entry, known = one.draft, self.known.nurses.get(one.draft.nurse.code)
        draft = kept(one.row, entry.nurse, known, NURSE_KEEPS)
        session, actor, clock = self.session, self.actor, self.clock
        nurse, saved = save_nurse(session, self.known.area.id, draft, known, actor, clock)
        self.known.nurses[nurse.code] = nurse
        parts = [save_residence(session, nurse, entry.residence, actor, clock)]
        parts += [save_competency(session, nurse, proof, actor, clock) for proof in entry.competencies]
        parts += [save_authorisation(session, nurse, word, actor, clock) for word in entry.authorisations]
        self._count(one.row, saved, *parts)

    def _licence(self, one: Drafted[LicenceEntry]) -> None:
        licence, nurse = one.draft.licence, self.known.nurses[one.draft.nurse]
        known = self.known.licences.get((licence.state, licence.kind.value, licence.number))
        _, saved = save_licence(
            self.session, nurse, licence, known, self.actor, self.clock, keep_status=not one.draft.says_status
        )
        self._count(one.row, saved)

    def _shift(self, one: Drafted[ShiftEntry]) -> None:
        nurse, shift = self.known.nurses[one.draft.nurse], one.draft.shift
        rows = self.known.shifts.get(nurse.id, [])
        known = next((row for row in rows if row.starts_at == shift.starts_at), None)
        _, saved = save_shift(self.session, nurse, shift, known, self.actor, self.clock)
        self._count(one.row, saved)

    def _patient(self, one: Drafted[PatientEntry]) -> None:
        entry, known = one.draft, self.known.patients.get(one.draft.patient.reference)
        draft = kept(one.row, entry.patient, known, PATIENT_KEEPS)
        placed = self._placed(entry, known)
        patient, saved = save_patient(
            self.session, self.known.area.id, draft, placed, known, self.actor, self.clock
        )
        self.known.patients[patient.reference] = patient
        missing = {self.known.nurses[code].id for code in entry.excluded_nurses}
        missing -= self.known.exclusions.get(patient.id, set())
        self._count(one.row, saved, Saved.CHANGED if missing else Saved.UNCHANGED)

    def _placed(self, entry: PatientEntry, known: PatientRow | None) -> Placed | None:
        """Return the point to write; None leaves a known one. What a dispatcher confirmed is left."""
        moved = known is None or known.address != entry.patient.address
        if not moved:
            assert known is not None
            confirmed_by_hand = known.point_source == "dispatcher" and known.point_verified
            return None if confirmed_by_hand else entry.placed
        if entry.placed is not None:
            return entry.placed
        found = self.geocode(entry.patient.address) if self.geocode is not None else None
        return found or UNPLACED

    def _exclusions(self, one: Drafted[PatientEntry]) -> None:
        if not one.draft.excluded_nurses:
            return
        patient = self.known.patients[one.draft.patient.reference]
        nurse_ids = [self.known.nurses[code].id for code in one.draft.excluded_nurses]
        known = self.known.exclusions.get(patient.id, set())
        save_exclusions(self.session, patient, nurse_ids, known, self.actor, self.clock)

    def _appointment(self, one: Drafted[AppointmentEntry]) -> None:
        entry, known = one.draft, self.known.appointments.get(one.draft.booking.reference)
        if known is not None and known.status == AppointmentStatus.CANCELLED:
            self._count(one.row, Saved.UNCHANGED)
            return
        draft = entry.booking
        if entry.preferred_nurse is not None:
            draft = replace(draft, preferred_nurse_id=self.known.nurses[entry.preferred_nurse].id)
        draft = kept(one.row, draft, known, BOOKING_KEEPS)
        patient, service = self.known.patients[entry.patient], self.known.services[draft.service_code]
        told = None if known is None else (known.day, known.service_id, windows_of(known))
        row, saved = save_appointment(
            self.session, patient, service, draft, entry.windows, known, self.actor, self.clock
        )
        self._count(one.row, saved)
        if told is None:
            plan_reminders(self.session, row, self.actor, self.clock, told_elsewhere=True)
        elif told != (row.day, row.service_id, windows_of(row)):
            plan_reminders(self.session, row, self.actor, self.clock, changed=True)

"""The care path's gate for imported bookings: a file brings in nobody who could not be booked by hand."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from sqlalchemy.orm import Session

from dispatch.appointments.care.model import Passage
from dispatch.appointments.care.rules.path import spacing_requirements
from dispatch.appointments.care.service.gate import care_path_required, link_to_series, pass_gate, path_of
from dispatch.appointments.day_import.drafts import AppointmentEntry, Drafted
from dispatch.appointments.day_import.judging import Files
from dispatch.appointments.day_import.known import Known
from dispatch.appointments.day_import.reading import Findings, ReadRow
from dispatch.appointments.loading import windows_of
from dispatch.appointments.model import BookingDraft
from dispatch.appointments.records import AppointmentRow, PatientRow
from dispatch.appointments.rules.booking import laid_of
from dispatch.appointments.service.bookings import appointment_by_reference, note_passage
from dispatch.appointments.service.catalogue import service_of
from dispatch.areas.service import zone_of
from dispatch.kernel.actor import Actor
from dispatch.kernel.clock import Clock
from dispatch.kernel.refusals import Reason
from dispatch.series.queries import infusion_blocks, next_number
from dispatch.series.service import note_moved

NO_CASE = Reason(
    code="no_case",
    text="A patient whom the file brings has no clearance yet.",
    way_out="Import patients first; visits follow when they are cleared, or the area signs "
    "`booking.without_case`.",
)
# The gate says what is missing of the order, and better.
OF_THE_ORDER = frozenset({"dose_order_ref", "dose_mg"})


@dataclass(frozen=True, kw_only=True)
class Passed:
    """A controlled visit of the files that the gate let pass, and by what."""

    draft: BookingDraft
    passage: Passage


def judge_care_path(
    session: Session, files: Files, known: Known, clock: Clock, findings: Findings
) -> list[Passed]:
    """Note what the gate has against each new or changed controlled visit of the files.

    Of what passes, a blank order or dose becomes the one in force, as when it is booked by hand; so this
    comes before the other rules of a booking. Visits of one patient count against each other.

    Returns
    -------
    list of Passed
        In the order of their days.
    """
    passed = []
    days: defaultdict[UUID, list[date]] = defaultdict(list)
    met: Counter[UUID] = Counter()
    in_turn = sorted(enumerate(files.appointments), key=lambda each: each[1].draft.booking.day)
    for index, one in in_turn:
        entry, draft = one.draft, one.draft.booking
        row = known.appointments.get(draft.reference)
        service = known.services.get(draft.service_code)
        patient = known.patients.get(entry.patient)
        if service is None or not care_path_required(session, known.area.id, service, patient):
            continue
        if row is not None and (row.service.code, row.day, windows_of(row)) == (
            draft.service_code, draft.day, entry.windows,
        ):  # fmt: skip
            files.appointments[index] = _ordered(one, row.dose_order_ref, row.dose_ug)
            continue
        if patient is None:
            one.row.faulty.update(OF_THE_ORDER)
            _note(one.row, [NO_CASE], findings)
            continue
        but = None if row is None else row.id
        passage = pass_gate(session, patient, service_of(service), draft, entry.windows, clock, but=but)
        if passage is None:
            continue
        against = [*passage.reasons, *_in_turn(session, patient, one, row, days[patient.id], met, clock)]
        days[patient.id].append(draft.day)
        met[patient.id] += row is None
        _note(one.row, against, findings)
        if against:
            one.row.faulty.update(OF_THE_ORDER)
            continue
        files.appointments[index] = ordered = _ordered(one, passage.order_ref, passage.dose_ug)
        passed.append(Passed(draft=ordered.draft.booking, passage=passage))
    return passed


def _ordered(
    one: Drafted[AppointmentEntry], order_ref: str | None, dose_ug: int | None
) -> Drafted[AppointmentEntry]:
    """Return a line with this order and dose in the place of blank ones."""
    draft = one.draft.booking
    filled = replace(
        draft, dose_order_ref=draft.dose_order_ref or order_ref, dose_ug=draft.dose_ug or dose_ug
    )
    return Drafted(one.row, replace(one.draft, booking=filled))


def _in_turn(
    session: Session,
    patient: PatientRow,
    one: Drafted[AppointmentEntry],
    row: AppointmentRow | None,
    days: Sequence[date],
    met: Counter[UUID],
    clock: Clock,
) -> Iterator[Reason]:
    """Yield what the patient's visits before this one in the same files have against it."""
    if not days:
        return
    draft = one.draft.booking
    path = path_of(session, patient, clock.now(), clock, but=None if row is None else row.id)
    near = (*path.other_days, *days)
    yield from (each.reason for each in spacing_requirements(draft.day, near, path.values["booking.spacing"]))
    number = next_number(session, patient.id)
    if row is None and number is not None and one.draft.windows:
        begins = min(window.begins_at for window in one.draft.windows)
        yield from infusion_blocks(session, patient.id, number + met[patient.id], begins)


def _note(row: ReadRow, reasons: Sequence[Reason], findings: Findings) -> None:
    """Note every reason: at its cell where it has one, else at the line, where there may be several."""
    told = set()
    for reason in reasons:
        if reason.field in row.cells:
            findings.add_all(row, [reason], {})
        elif reason.code not in told:
            told.add(reason.code)
            findings.of_file(row.file, row.line, reason.code, f"{reason.text} {reason.way_out}".strip())


def keep_passages(
    session: Session, known: Known, passed: Sequence[Passed], actor: Actor, clock: Clock
) -> None:
    """Keep by what each visit passed, and count it as the next infusion of its series."""
    zone = zone_of(known.area)
    for each in passed:
        row = appointment_by_reference(session, known.area.id, each.draft.reference)
        assert row is not None
        note_passage(session, row, each.draft, each.passage, actor, clock)
        link_to_series(session, row, actor, clock)
        note_moved(session, row.id, laid_of(row.day, windows_of(row), zone), actor, clock)

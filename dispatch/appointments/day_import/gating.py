"""The care path's gate for imported bookings: a file brings in nobody who could not be booked by hand."""

from sqlalchemy.orm import Session

from dispatch.appointments.care.service.gate import care_path_required, pass_gate
from dispatch.appointments.day_import.judging import Files
from dispatch.appointments.day_import.known import Known
from dispatch.appointments.day_import.reading import Findings
from dispatch.appointments.service.bookings import windows_of
from dispatch.appointments.service.catalogue import service_of
from dispatch.kernel.clock import Clock
from dispatch.kernel.refusals import Reason

NO_CASE = Reason(
    code="no_case",
    text="A patient whom the file brings has no clearance yet.",
    way_out="Import patients first; visits follow when they are cleared, or the area signs "
    "`booking.without_case`.",
)


def judge_care_path(session: Session, files: Files, known: Known, clock: Clock, findings: Findings) -> None:
    """Note what the gate has against each new or changed controlled visit of the files."""
    for one in files.appointments:
        entry, draft = one.draft, one.draft.booking
        row = known.appointments.get(draft.reference)
        service = known.services.get(draft.service_code)
        patient = known.patients.get(entry.patient)
        if service is None or not care_path_required(session, known.area.id, service, patient):
            continue
        if row is not None and (row.service.code, row.day, windows_of(row)) == (
            draft.service_code, draft.day, entry.windows,
        ):  # fmt: skip
            continue
        if patient is None:
            findings.add_all(one.row, [NO_CASE], {})
            continue
        passage = pass_gate(
            session,
            patient,
            service_of(service),
            draft,
            entry.windows,
            clock,
            but=None if row is None else row.id,
        )
        if passage is not None:
            findings.add_all(one.row, passage.reasons, {})

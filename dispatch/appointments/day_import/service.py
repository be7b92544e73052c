"""Import a day: read everything, judge everything, then write everything or nothing."""

from collections.abc import Mapping
from datetime import date
from hashlib import sha256
from pathlib import Path, PurePath
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.appointments.day_import.drafts import (
    Calendar,
    draft_all,
    draft_appointment,
    draft_licence,
    draft_nurse,
    draft_patient,
    draft_shift,
    refuse_repeats,
)
from dispatch.appointments.day_import.gating import judge_care_path, keep_passages
from dispatch.appointments.day_import.judging import Files, judge
from dispatch.appointments.day_import.known import Known, load_known
from dispatch.appointments.day_import.model import ImportReport, Progress
from dispatch.appointments.day_import.reading import Findings, ReadRow, read_files
from dispatch.appointments.day_import.writing import Writing
from dispatch.appointments.model import AppointmentStatus, Geocode
from dispatch.appointments.records import AppointmentRow
from dispatch.appointments.service.bookings import booking_policy
from dispatch.areas.records import ServiceAreaRow
from dispatch.areas.service import note_change, zone_of
from dispatch.audit.model import AuditEntry
from dispatch.audit.service import record
from dispatch.kernel.actor import Actor
from dispatch.kernel.clock import Clock
from dispatch.kernel.local_time import local_day


def quiet(_stage: str, _done: int, _total: int) -> None:
    """Show no progress."""


def import_files(
    session: Session,
    files: Mapping[str, bytes | Path],
    actor: Actor,
    clock: Clock,
    on_progress: Progress = quiet,
    *,
    area_id: UUID,
    geocode: Geocode | None = None,
) -> ImportReport:
    """Take over nurses, licences, shifts, patients and appointments of an area; docs/import.md.

    Parameters
    ----------
    files
        Name such as ``nurses.csv`` -> its path or content; any of the five, in any order.
    on_progress
        Called now and then with a stage, the rows done and the rows there are (0: not known yet).
    geocode
        Looks up addresses without a point while the transaction is open, so it must be quick (a table,
        a cache); without one such patients wait for a point and nobody is sent to them yet.

    Returns
    -------
    ImportReport
        With bad cells, and then nothing was written, or with what became of every row. Never commits.
    """
    area = session.get_one(ServiceAreaRow, area_id)
    calendar = Calendar(zone_of(area), local_day(clock.now(), zone_of(area)))
    findings = Findings()
    contents = {
        name: content.read_bytes() if isinstance(content, Path) else content
        for name, content in files.items()
    }
    rows = read_files(contents, findings, on_progress)
    drafted = _draft(rows, findings, calendar)
    on_progress("checking", 0, 0)
    known = load_known(
        session,
        area,
        licence_numbers={one.draft.licence.number for one in drafted.licences},
        shifts_from=min((one.draft.shift.starts_at for one in drafted.shifts), default=None),
        patient_references={one.draft.patient.reference for one in drafted.patients}
        | {one.draft.patient for one in drafted.appointments},
        appointment_references={one.draft.booking.reference for one in drafted.appointments},
    )
    passed = judge_care_path(session, drafted, known, clock, findings)
    judge(drafted, known, booking_policy(session, area, clock), geocode, findings)
    if findings.bad:
        order = {name: index for index, name in enumerate(files)}
        bad = sorted(findings.bad, key=lambda cell: (order[cell.file], cell.line))
        return ImportReport(bad_cells=tuple(bad))
    writing = Writing(session, known, actor, clock, on_progress, geocode)
    writing.write(drafted)
    session.flush()
    keep_passages(session, known, passed, actor, clock)
    return _report(session, drafted, known, calendar, writing, contents)


def _draft(rows: Mapping[str, list[ReadRow]], findings: Findings, calendar: Calendar) -> Files:
    files = Files(
        nurses=draft_all(rows.get("nurses", ()), draft_nurse, findings, calendar),
        licences=draft_all(rows.get("licences", ()), draft_licence, findings, calendar),
        shifts=draft_all(rows.get("shifts", ()), draft_shift, findings, calendar),
        patients=draft_all(rows.get("patients", ()), draft_patient, findings, calendar),
        appointments=draft_all(rows.get("appointments", ()), draft_appointment, findings, calendar),
    )
    refuse_repeats(files.nurses, lambda entry: entry.nurse.code, "code", findings)
    refuse_repeats(
        files.licences,
        lambda entry: (entry.licence.state, entry.licence.kind, entry.licence.number),
        "number",
        findings,
    )
    refuse_repeats(files.shifts, lambda entry: (entry.nurse, entry.shift.starts_at), "starts", findings)
    refuse_repeats(files.patients, lambda entry: entry.patient.reference, "reference", findings)
    refuse_repeats(files.appointments, lambda entry: entry.booking.reference, "reference", findings)
    return files


def _report(
    session: Session,
    files: Files,
    known: Known,
    calendar: Calendar,
    writing: Writing,
    contents: Mapping[str, bytes],
) -> ImportReport:
    days = {one.draft.booking.day for one in files.appointments}
    days |= {local_day(one.draft.shift.starts_at, calendar.zone) for one in files.shifts}
    tallies = writing.tallies()
    if any(tally.added or tally.changed for tally in tallies.values()):
        for day in sorted(days | _days_booked(session, known, calendar.today)):
            note_change(session, known.area.id, day, "import", writing.clock)
        entry = AuditEntry(
            action="import.day",
            subject_kind="service_area",
            subject_id=known.area.id,
            detail={
                "rows": {PurePath(name).stem: sum(count.values()) for name, count in writing.counts.items()},
                "sha256": {
                    PurePath(name).stem: sha256(content).hexdigest() for name, content in contents.items()
                },
            },
        )
        record(session, entry, writing.actor, writing.clock)
    waiting = [
        one.draft.patient.reference
        for one in files.patients
        if not known.patients[one.draft.patient.reference].point_verified
    ]
    return ImportReport(tallies=tallies, days=tuple(sorted(days)), points_to_confirm=tuple(waiting))


def _days_booked(session: Session, known: Known, today: date) -> set[date]:
    """Days from today on with appointments: a nurse's or patient's change may matter to any of them."""
    wanted = (
        select(AppointmentRow.day)
        .where(AppointmentRow.area_id == known.area.id, AppointmentRow.day >= today)
        .where(AppointmentRow.status == AppointmentStatus.CONFIRMED.value)
        .distinct()
    )
    return set(session.scalars(wanted))

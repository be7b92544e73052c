"""A visit's chart and the case that the rules judge, from the stored rows."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.appointments.records import AppointmentRow
from dispatch.areas.service import policies
from dispatch.visits.bedside.model import (
    REPEATED,
    Chart,
    ChartedReading,
    Entry,
    Judged,
    Level,
    Phase,
    Reading,
    Section,
)
from dispatch.visits.bedside.records import EntryRow, ReadingRow
from dispatch.visits.bedside.rules.vitals import KEYS
from dispatch.visits.model import Deed, Story

LIMITS = (*KEYS, "visit.discharge", "visit.weight", "visit.adult")


def limits_of(session: Session, row: AppointmentRow) -> Mapping[str, Mapping[str, Any]]:
    """Return the signed limits that hold for a visit."""
    return policies(session, LIMITS, row.area_id, row.patient.state)


def keeps_checklist(session: Session, row: AppointmentRow) -> bool:
    """Tell whether the bedside checklist is kept: for controlled services, unless policy says otherwise."""
    if not row.service.controlled:
        return False
    key = "visit.checklist"
    return bool(policies(session, (key,), row.area_id, row.patient.state)[key]["required"])


def chart_of(session: Session, appointment_id: UUID) -> Chart:
    """Return what was charted of a visit."""
    return charts_of(session, [appointment_id])[appointment_id]


def charts_of(session: Session, appointment_ids: Collection[UUID]) -> dict[UUID, Chart]:
    """Return the charts of visits by appointment id."""
    readings, entries = defaultdict[UUID, list[ReadingRow]](list), defaultdict[UUID, list[EntryRow]](list)
    for reading in session.scalars(select(ReadingRow).where(ReadingRow.appointment_id.in_(appointment_ids))):
        readings[reading.appointment_id].append(reading)
    for entry in session.scalars(select(EntryRow).where(EntryRow.appointment_id.in_(appointment_ids))):
        entries[entry.appointment_id].append(entry)
    return {each: _chart(readings[each], entries[each]) for each in appointment_ids}


def _chart(readings: Iterable[ReadingRow], entries: Iterable[EntryRow]) -> Chart:
    sections: dict[Section, Entry] = {}
    repeated: list[Entry] = []
    for entry in map(entry_of, sorted(entries, key=_when)):
        if entry.section in REPEATED:
            repeated.append(entry)
        else:
            sections[entry.section] = entry
    return Chart(
        readings=tuple(map(reading_of, sorted(readings, key=_when))),
        sections=sections,
        repeated=tuple(repeated),
    )


def _when(row: ReadingRow | EntryRow) -> tuple[datetime, int, UUID]:
    """Order reports the same way whatever the order of their delivery."""
    return row.happened_at, row.device_seq or 0, row.id


def reading_of(row: ReadingRow) -> ChartedReading:
    """Return a stored set of readings."""
    verdict = row.verdict
    return ChartedReading(
        event_id=row.id,
        at=row.happened_at,
        phase=Phase(row.phase),
        reading=Reading(
            sbp=row.sbp,
            dbp=row.dbp,
            hr=row.hr,
            rr=row.rr,
            spo2=row.spo2,
            rhythm=row.rhythm,
            moaas=row.moaas,
            agitation=row.agitation,
            spo2_low_s=row.spo2_low_s,
            symptoms=tuple(row.symptoms),
        ),
        judged=Judged(level=Level(verdict["level"]), codes=tuple(verdict["codes"]), limits=verdict["limits"]),
    )


def entry_of(row: EntryRow) -> Entry:
    """Return a stored section."""
    return Entry(
        event_id=row.id,
        at=row.happened_at,
        section=Section(row.section),
        answers=json.loads(row.answers or "{}"),
        by=str(row.account_id or ""),
    )


def phase_at(story: Story, at: datetime) -> Phase:
    """Return when a set of readings was taken, by the visit's own times."""
    started_at, stopped_at = story.times.get(Deed.START), story.times.get(Deed.STOP)
    if started_at is None or at < started_at:
        return Phase.BEFORE
    return Phase.DURING if stopped_at is None or at < stopped_at else Phase.AFTER


def released_in(chart: Chart) -> dict[str, datetime]:
    """Return what a prescriber released, and when last, by code."""
    found: dict[str, datetime] = {}
    for entry in chart.each(Section.RELEASE):
        codes: Sequence[str] = entry.answers.get("codes", ())
        found |= dict.fromkeys(codes, entry.at)
    return found


def reading_times(session: Session, appointment_ids: Collection[UUID]) -> dict[UUID, tuple[datetime, ...]]:
    """Return when each visit's sets of readings were taken, oldest first (UTC)."""
    rows = session.execute(
        select(ReadingRow.appointment_id, ReadingRow.happened_at)
        .where(ReadingRow.appointment_id.in_(appointment_ids))
        .order_by(ReadingRow.happened_at)
    )
    found: dict[UUID, list[datetime]] = defaultdict(list)
    for appointment_id, at in rows:
        found[appointment_id].append(at)
    return {each: tuple(found[each]) for each in appointment_ids}

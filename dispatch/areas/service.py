"""Open and look up service areas, their pharmacies and policies; tell the boards what changed."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import (
    JSON,
    ColumnElement,
    Insert,
    Label,
    Uuid,
    bindparam,
    func,
    insert,
    literal_column,
    or_,
    select,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from dispatch.areas.model import (
    DEFAULT_POLICIES,
    POLICY_CITATIONS,
    DayChange,
    NewArea,
    NewPharmacy,
    NewPolicy,
    PolicyLine,
)
from dispatch.areas.records import DayChangeRow, PharmacyRow, PolicyRow, ServiceAreaRow
from dispatch.areas.rules import precedence, shape_faults
from dispatch.audit.model import AuditEntry
from dispatch.audit.service import record
from dispatch.kernel.actor import Actor, Role
from dispatch.kernel.clock import Clock
from dispatch.kernel.ids import new_id
from dispatch.kernel.refusals import Conflict, Invalid, NotFound, Reason, refuse
from dispatch.kernel.row import table_of


def open_area(session: Session, new: NewArea, actor: Actor, clock: Clock) -> ServiceAreaRow:
    """Open a service area.

    Raises
    ------
    Invalid
        ``no_such_time_zone``.
    Conflict
        ``area_exists`` when the slug is taken.
    """
    try:
        ZoneInfo(new.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise refuse(
            Invalid,
            "no_such_time_zone",
            "There is no time zone of that name.",
            field="time_zone",
            way_out="Write a name of the IANA list, such as America/New_York.",
        ) from None
    if session.scalar(select(ServiceAreaRow.id).where(ServiceAreaRow.slug == new.slug)) is not None:
        raise refuse(Conflict, "area_exists", "There is a service area of that name already.", field="slug")
    row = ServiceAreaRow(id=new_id(), slug=new.slug, name=new.name, time_zone=new.time_zone, weights={})
    session.add(row)
    session.flush()
    record(session, AuditEntry(action="area.open", subject_kind="area", subject_id=row.id), actor, clock)
    return row


def open_pharmacy(
    session: Session, area_id: UUID, new: NewPharmacy, actor: Actor, clock: Clock
) -> PharmacyRow:
    """Add a stock point to an area.

    Raises
    ------
    Conflict
        ``pharmacy_exists`` when the area has one of that code.
    """
    same = select(PharmacyRow.id).where(PharmacyRow.area_id == area_id, PharmacyRow.code == new.code)
    if session.scalar(same) is not None:
        raise refuse(Conflict, "pharmacy_exists", "The area has a pharmacy of that code.", field="code")
    row = PharmacyRow(
        id=new_id(),
        area_id=area_id,
        code=new.code,
        name=new.name,
        address=new.address,
        state=new.state,
        lat=new.lat,
        lon=new.lon,
        opens_minute=new.opens_minute,
        closes_minute=new.closes_minute,
        pickup_s=new.pickup_s,
    )
    session.add(row)
    session.flush()
    record(
        session, AuditEntry(action="pharmacy.open", subject_kind="pharmacy", subject_id=row.id), actor, clock
    )
    return row


def pharmacies(session: Session, area_id: UUID) -> list[PharmacyRow]:
    """Return the area's stock points by code."""
    wanted = select(PharmacyRow).where(PharmacyRow.area_id == area_id).order_by(PharmacyRow.code)
    return list(session.scalars(wanted))


def area_by_slug(session: Session, slug: str) -> ServiceAreaRow:
    """Return the service area that `slug` names, or refuse with `NotFound`."""
    row = session.scalar(select(ServiceAreaRow).where(ServiceAreaRow.slug == slug))
    if row is None:
        raise refuse(NotFound, "no_such_area", "There is no service area of that name.", field="area")
    return row


def area_by_id(session: Session, area_id: UUID) -> ServiceAreaRow:
    """Return the service area to which some row belongs."""
    return session.get_one(ServiceAreaRow, area_id)


def areas(session: Session) -> list[ServiceAreaRow]:
    """Return all service areas by name."""
    return list(session.scalars(select(ServiceAreaRow).order_by(ServiceAreaRow.name)))


def zone_of(area: ServiceAreaRow) -> ZoneInfo:
    """Return the zone in which the area's times are shown."""
    return ZoneInfo(area.time_zone)


def policy(session: Session, key: str, area_id: UUID | None = None) -> Mapping[str, Any]:
    """Return the newest signed value of a policy: the area's own, else the company's, else the default.

    Raises
    ------
    KeyError
        When `key` is no policy of `areas.model.DEFAULT_POLICIES`.
    """
    return policies(session, (key,), area_id)[key]


class JsonRows(FunctionElement[Any]):
    """The rows of a group as one JSON list of lists, so that a statement reads them beside its own row."""

    type = JSON()
    inherit_cache = True


@compiles(JsonRows, "postgresql")
def _rows_on_postgresql(rows: JsonRows, compiler: SQLCompiler, **how: Any) -> str:
    return f"json_agg(json_build_array({compiler.process(rows.clauses, **how)}))"


@compiles(JsonRows, "sqlite")
def _rows_on_sqlite(rows: JsonRows, compiler: SQLCompiler, **how: Any) -> str:
    cells = [
        f"json({compiler.process(each, **how)})"
        if isinstance(each.type, JSON)
        else compiler.process(each, **how)
        for each in rows.clauses
    ]
    return f"json_group_array(json_array({', '.join(cells)}))"


_policy = table_of(PolicyRow)
_SCOPE = (
    or_(_policy.c.area_id.is_(None), _policy.c.area_id == bindparam("area_id", type_=Uuid())),
    or_(_policy.c.state.is_(None), _policy.c.state == bindparam("state")),
    or_(_policy.c.registrant.is_(None), _policy.c.registrant == bindparam("registrant")),
)
_TOLD = (
    _policy.c.registrant, _policy.c.area_id.is_not(None), _policy.c.state, _policy.c.version, _policy.c.key,
    _policy.c.value,
)  # fmt: skip
_IN_FORCE = select(*_TOLD).where(
    _policy.c.key.in_(bindparam("keys", expanding=True)),
    *_SCOPE,
)


def policies(
    session: Session,
    keys: Collection[str],
    area_id: UUID | None = None,
    state: str | None = None,
    registrant: str | None = None,
) -> dict[str, Mapping[str, Any]]:
    """Return what is in force for each key in an area, a state and for a registrant, in one statement.

    A value signed for the registrant counts before the area's, that before the state's, that before the
    company's; of one scope the newest counts.
    """
    place = {"keys": list(keys), "area_id": area_id, "state": state, "registrant": registrant}
    return policies_found(keys, session.connection().execute(_IN_FORCE, place))


def policy_by_time(session: Session, key: str, area_id: UUID) -> Callable[[datetime], Mapping[str, Any]]:
    """Return what tells which value of a policy was in force in an area at an instant; one statement."""
    place = {"keys": [key], "area_id": area_id, "state": None, "registrant": None}
    rows = session.connection().execute(_IN_FORCE.add_columns(_policy.c.signed_at), place).all()
    return lambda at: policies_found((key,), [row[:-1] for row in rows if row.signed_at <= at])[key]


def policies_column(keys: Collection[str]) -> Label[Any]:
    """Return what `policies` reads as one column, ``policies``, for a statement that reads more.

    The statement is asked with ``area_id``, ``state`` and ``registrant``; `policies_found` reads the column.
    """
    # Written out, so that the statement is made once: an expanding list is made anew each time.
    named: list[ColumnElement[str]] = [literal_column(f"'{key}'") for key in keys]
    found = select(JsonRows(*_TOLD)).where(_policy.c.key.in_(named), *_SCOPE)
    return found.scalar_subquery().label("policies")


def policies_found(
    keys: Collection[str], rows: Iterable[Sequence[Any]] | None
) -> dict[str, Mapping[str, Any]]:
    """Return the value in force for each key, of the rows that were signed for the place."""

    def rank(row: Sequence[Any]) -> tuple[int, int]:
        registrant, of_area, state, version, *_ = row
        return precedence(registrant, bool(of_area), state), version

    signed = {key: value for *_, key, value in sorted(rows or (), key=rank)}
    return {key: DEFAULT_POLICIES[key] for key in keys} | signed


def sign_policy(session: Session, new: NewPolicy, actor: Actor, clock: Clock) -> PolicyRow:
    """Sign a new version of a policy: who, when, why. Earlier versions stay (45 CFR 164.316(b)(2)).

    Raises
    ------
    NotFound
        ``no_such_policy``.
    Invalid
        ``policy_shape``, once for each part that is wrong; ``reason_missing``.
    """
    actor.require((Role.COMPLIANCE, Role.ADMIN))
    if new.key not in DEFAULT_POLICIES:
        raise refuse(NotFound, "no_such_policy", "There is no policy of that name.", field="key")
    wrong = shape_faults(DEFAULT_POLICIES[new.key], new.value)
    if len(new.reason.strip()) < 3:
        wrong.append(Reason(code="reason_missing", text="Say why, and on whose advice.", field="reason"))
    if wrong:
        raise Invalid(wrong)
    last = select(func.max(PolicyRow.version)).where(
        PolicyRow.key == new.key, PolicyRow.area_id.is_not_distinct_from(new.area_id)
    )
    row = PolicyRow(
        id=new_id(),
        area_id=new.area_id,
        registrant=new.registrant or None,
        state=new.state or None,
        key=new.key,
        value=dict(new.value),
        version=(session.scalar(last) or 0) + 1,
        signed_by=actor.person_ref,
        signed_at=clock.now(),
        reason=new.reason.strip(),
    )
    session.add(row)
    session.flush()
    detail = {"key": row.key, "version": row.version, "value": dict(new.value)}
    entry = AuditEntry(action="policy.sign", subject_kind="policy", subject_id=row.id, detail=detail)
    record(session, entry, actor, clock)
    return row


def policy_lines(session: Session, area_id: UUID) -> list[PolicyLine]:
    """Return every policy with its citation: the default first, then each signed value, oldest first."""
    rows = session.scalars(
        select(PolicyRow)
        .where(or_(PolicyRow.area_id.is_(None), PolicyRow.area_id == area_id))
        .order_by(PolicyRow.key, PolicyRow.signed_at, PolicyRow.version)
    ).all()
    found = []
    for key, default in DEFAULT_POLICIES.items():
        citation = POLICY_CITATIONS.get(key, "")
        found.append(PolicyLine(key=key, value=default, citation=citation))
        found += [
            PolicyLine(
                key=key,
                value=row.value,
                citation=citation,
                version=row.version,
                registrant=row.registrant,
                state=row.state,
                company_wide=row.area_id is None,
                signed_by=row.signed_by,
                signed_at=row.signed_at,
                reason=row.reason,
            )
            for row in rows
            if row.key == key
        ]
    return found


def note_change(
    session: Session, area_id: UUID, day: date, kind: str, clock: Clock, subject_id: UUID | None = None
) -> None:
    """Tell the boards of (`area_id`, `day`) that something of `kind` changed."""
    session.add(DayChangeRow(area_id=area_id, day=day, at=clock.now(), kind=kind, subject_id=subject_id))


_CHANGED = insert(table_of(DayChangeRow)).inline()  # nobody asks for its position


def change_as_row(
    area_id: UUID, day: date, kind: str, clock: Clock, subject_id: UUID
) -> tuple[Insert, dict[str, Any]]:
    """Return the statement that notes a change, and its values: for where a lock is held, and time counts."""
    change = {"area_id": area_id, "day": day, "at": clock.now(), "kind": kind, "subject_id": subject_id}
    return _CHANGED, change


def last_change(session: Session, area_id: UUID, day: date) -> int:
    """Return the position of the newest change of the day, 0 when there is none."""
    newest = select(func.max(DayChangeRow.position)).where(
        DayChangeRow.area_id == area_id, DayChangeRow.day == day
    )
    return session.scalar(newest) or 0


def changes_after(session: Session, area_id: UUID, day: date, position: int) -> list[DayChange]:
    """Return what changed on the day after `position`, oldest first."""
    wanted = (
        select(DayChangeRow)
        .where(DayChangeRow.area_id == area_id, DayChangeRow.day == day, DayChangeRow.position > position)
        .order_by(DayChangeRow.position)
    )
    return [_change(row) for row in session.scalars(wanted)]


def newest_changes(session: Session, most: int) -> list[DayChange]:
    """Return the newest changes of all areas and days, oldest first, `most` at most."""
    wanted = select(DayChangeRow).order_by(DayChangeRow.position.desc()).limit(most)
    return [_change(row) for row in reversed(session.scalars(wanted).all())]


def _change(row: DayChangeRow) -> DayChange:
    return DayChange(
        position=row.position, area_id=row.area_id, day=row.day, kind=row.kind, subject_id=row.subject_id
    )

"""Cases as lines of a list: the question, what is due next, filters. The first thing compliance sees."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, exists, select
from sqlalchemy.orm import Session, aliased, joinedload

from dispatch.areas.records import PharmacyRow, ServiceAreaRow
from dispatch.areas.service import zone_of
from dispatch.custody.cases.loading import case_policies, opening_of, steps_of
from dispatch.custody.cases.model import Case, Category, Deadline, Standing, StepKind
from dispatch.custody.cases.opening import JOINS
from dispatch.custody.cases.records import CaseStepRow
from dispatch.custody.cases.rules.clocks import deadlines, next_due
from dispatch.custody.cases.rules.folding import category_of, folded
from dispatch.custody.cases.rules.wording import Told, question
from dispatch.custody.queries.names import account_names, holder_labels
from dispatch.custody.records import ContainerRow, CountRow, DiscrepancyRow, EventRow, LotRow
from dispatch.identity.records import AccountRow, RoleRow
from dispatch.kernel.actor import Role
from dispatch.kernel.clock import Clock
from dispatch.kernel.local_time import local_day

STATUSES = ("open", "overdue", "due soon", "resolved", "all")


@dataclass(frozen=True, kw_only=True)
class Sought:
    """Which cases are sought; what is empty does not narrow the list.

    Attributes
    ----------
    status
        One of `STATUSES`.
    holder
        Code of a nurse or stock point that held the vial at the first signal, or was counted.
    since, until
        Local days of the discovery, both included.
    """

    area_id: UUID | None = None
    status: str = "open"
    category: str = ""
    holder: str = ""
    product: str = ""
    site: str = ""
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, kw_only=True)
class CaseLine:
    """One case as a line.

    Attributes
    ----------
    gap_ug
        Expected less found, where the first signal had figures.
    next
        The deadline at which somebody must act first; None when nothing runs.
    """

    case: Case
    area: ServiceAreaRow
    zone: ZoneInfo
    state: str
    site: str
    question: str
    category: Category
    serial: str
    product: str
    holder: str
    gap_ug: int | None
    assigned_to: str
    discovered_on: date
    deadlines: tuple[Deadline, ...]

    @property
    def next(self) -> Deadline | None:
        """The deadline at which somebody must act first."""
        return next_due(self.deadlines)

    @property
    def status(self) -> str:
        """One word: resolved, overdue, due soon or open."""
        if self.case.resolved:
            return "resolved"
        first = self.next
        return "open" if first is None or first.standing is Standing.RUNNING else str(first.standing)


def case_lines(session: Session, clock: Clock, sought: Sought, case_id: UUID | None = None) -> list[CaseLine]:
    """Return the cases sought: what is due first stands first, what is resolved last."""
    rows = _rows(session, sought, case_id)
    reading = _Reading(session, rows, clock)
    lines = [line for line in map(reading.line, rows) if case_id is not None or _finds(sought, line)]
    return sorted(lines, key=_urgency)


def _urgency(line: CaseLine) -> tuple[bool, bool, float, float]:
    first = line.next
    discovered = line.case.opening.discovered_at.timestamp()
    return (
        line.case.resolved,
        first is None,
        first.due_at.timestamp() if first else -discovered,
        discovered,
    )


def _finds(sought: Sought, line: CaseLine) -> bool:
    return all(
        (
            sought.status in ("open", "resolved", "all") or sought.status == line.status,
            sought.category in ("", line.category.value),
            sought.holder in ("", line.holder),
            sought.product in ("", line.product),
            sought.site in ("", line.site),
            sought.since is None or sought.since <= line.discovered_on,
            sought.until is None or line.discovered_on <= sought.until,
        )
    )


@dataclass(frozen=True, kw_only=True)
class _Row:
    discrepancy: DiscrepancyRow
    container: ContainerRow | None
    event_holder: str
    count: CountRow | None


def _rows(session: Session, sought: Sought, case_id: UUID | None) -> list[_Row]:
    asked = (
        select(DiscrepancyRow, ContainerRow, EventRow.from_holder, EventRow.to_holder, CountRow)
        .outerjoin(ContainerRow, ContainerRow.id == DiscrepancyRow.container_id)
        .outerjoin(EventRow, EventRow.id == DiscrepancyRow.event_id)
        .outerjoin(CountRow, CountRow.id == DiscrepancyRow.count_id)
        # Lots are joined inside by default, which would drop the cases that name no vial.
        .options(joinedload(ContainerRow.lot, innerjoin=False).joinedload(LotRow.product, innerjoin=False))
    )
    if case_id is not None:
        asked = asked.where(DiscrepancyRow.id == case_id)
    else:
        asked = asked.where(_begins_a_case(), *_in_sql(sought))
    return [
        _Row(
            discrepancy=row.DiscrepancyRow,
            container=row.ContainerRow,
            event_holder=row.from_holder or row.to_holder or "",
            count=row.CountRow,
        )
        for row in session.execute(asked)
    ]


def _begins_a_case() -> ColumnElement[bool]:
    """A signal that joined another case is a step there, not a case."""
    joined = select(CaseStepRow.id).where(
        CaseStepRow.signal_id == DiscrepancyRow.id, CaseStepRow.kind.in_(JOINS)
    )
    return ~exists(joined)


def _is_resolved() -> ColumnElement[bool]:
    later = aliased(CaseStepRow)
    reopened = exists(
        select(later.id).where(
            later.case_id == CaseStepRow.case_id,
            later.kind == StepKind.REOPENED.value,
            later.sequence > CaseStepRow.sequence,
        )
    )
    return exists(
        select(CaseStepRow.id).where(
            CaseStepRow.case_id == DiscrepancyRow.id,
            CaseStepRow.kind == StepKind.RESOLVED.value,
            and_(~reopened),
        )
    )


def _in_sql(sought: Sought) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if sought.area_id is not None:
        found.append(DiscrepancyRow.area_id == sought.area_id)
    if sought.status == "resolved":
        found.append(_is_resolved())
    elif sought.status != "all":
        found.append(~_is_resolved())
    return found


class _Reading:
    """What all lines of a list need, read once."""

    def __init__(self, session: Session, rows: list[_Row], clock: Clock) -> None:
        self.session, self.now = session, clock.now()
        self.steps = steps_of(session, [row.discrepancy.id for row in rows], with_text=False)
        area_ids = {row.discrepancy.area_id for row in rows}
        found = session.scalars(select(ServiceAreaRow).where(ServiceAreaRow.id.in_(area_ids)))
        self.areas = {area.id: area for area in found}
        self.policies = {each: case_policies(session, each) for each in area_ids}
        sites = session.scalars(
            select(PharmacyRow).where(PharmacyRow.area_id.in_(area_ids)).order_by(PharmacyRow.code)
        ).all()
        self.sites = {site.id: site for site in sites}
        self.first_sites = {site.area_id: site for site in reversed(sites)}
        self.labels = holder_labels(session, map(_holder, rows))
        discovered_by = {row.discrepancy.discovered_by for row in rows}
        self.names = account_names(session, _assigned(self.steps.values()) | discovered_by)

    def line(self, row: _Row) -> CaseLine:
        """Return one case as a line."""
        opened, container = row.discrepancy, row.container
        case = folded(opening_of(opened), self.steps.get(opened.id, []))
        area = self.areas[opened.area_id]
        zone = zone_of(area)
        site = self._site(row)
        holder = self.labels.get(_holder(row), "")
        gap_ug = None
        if opened.expected_ug is not None and opened.found_ug is not None:
            gap_ug = opened.expected_ug - opened.found_ug
        state = site.state if site else ""
        policy_then = self.policies[opened.area_id](opened.discovered_at)
        return CaseLine(
            case=case,
            area=area,
            zone=zone,
            state=state,
            site=site.code if site else "",
            question=_asks(row, gap_ug, holder, self.names.get(opened.discovered_by, "")),
            category=category_of(opened.kind),
            serial=container.serial if container else "",
            product=container.lot.product.name if container else "",
            holder=holder,
            gap_ug=gap_ug,
            assigned_to=self.names.get(case.assigned_to, "") if case.assigned_to else "",
            discovered_on=local_day(opened.discovered_at, zone),
            deadlines=deadlines(case, policy_then, state, zone, self.now),
        )

    def _site(self, row: _Row) -> PharmacyRow | None:
        if row.container is not None:
            return self.sites[row.container.pharmacy_id]
        kind, _, key = _holder(row).partition(":")
        if kind == "pharmacy":
            return self.sites.get(UUID(key))
        return self.first_sites.get(row.discrepancy.area_id)


def _asks(row: _Row, gap_ug: int | None, holder: str, discoverer: str) -> str:
    """Return the question of a case; one that began with a signal's question asks just that."""
    kind, detail = row.discrepancy.kind, row.discrepancy.detail
    asked = detail.get("question")
    if isinstance(asked, str) and asked.endswith("?"):
        return asked
    if row.container is not None:
        return question(Told(what=f"vial {row.container.serial}", kind=kind, gap_ug=gap_ug))
    counted, expected = detail.get("counted_units"), detail.get("expected_units")
    if isinstance(counted, list) and isinstance(expected, int):
        return question(Told(what=f"the count of {holder}", kind=kind, gap_units=counted[-1] - expected))
    what = f"the shift of {discoverer}" if kind == "shift_not_closed" else "what was reported"
    return question(Told(what=what, kind=kind, gap_ug=gap_ug))


def _holder(row: _Row) -> str:
    if row.count is not None:
        return row.count.holder
    held = row.event_holder or (row.container.holder if row.container else "")
    return held or str(row.discrepancy.detail.get("holder", ""))


def _assigned(steps: Iterable[Iterable[object]]) -> set[UUID]:
    people = (getattr(step, "person_id", None) for each in steps for step in each)
    return {person for person in people if person is not None}


def officers(session: Session) -> list[tuple[UUID, str]]:
    """Return the accounts a case can be assigned to, by name."""
    asked = (
        select(AccountRow.id, AccountRow.name)
        .where(AccountRow.active, AccountRow.roles.any(RoleRow.name == Role.COMPLIANCE.value))
        .order_by(AccountRow.name)
    )
    return [(row.id, row.name) for row in session.execute(asked)]

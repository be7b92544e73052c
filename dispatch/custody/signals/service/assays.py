"""Random assays of residual that was carried back: commit to a seed, draw, measure, reveal."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dispatch.areas.records import ServiceAreaRow
from dispatch.areas.service import policy
from dispatch.custody.receipts import open_case
from dispatch.custody.records import ContainerRow, EventRow
from dispatch.custody.signals.commands import RecordAssay
from dispatch.custody.signals.records import AssayPeriodRow, AssayResultRow, AssayRevealRow, AssayTaskRow
from dispatch.custody.signals.residuals import Residual, residuals
from dispatch.custody.signals.rules.assaying import Verdict, is_plausible, judged
from dispatch.custody.signals.rules.drawing import commitment_of, is_drawn, ticket_of
from dispatch.custody.signals.sentences import reason
from dispatch.custody.signals.writing import write
from dispatch.kernel.actor import Actor, Role
from dispatch.kernel.clock import Clock
from dispatch.kernel.ids import new_id
from dispatch.kernel.refusals import Conflict, Forbidden, Invalid, NotFound
from dispatch.kernel.sealing import keyring_of

WEEK = timedelta(days=7)
# Monday 2026-01-05, 00:00 UTC: weeks are counted from it.
FIRST_MONDAY = "2026-01-05T00:00:00+00:00"
# An event written just before the week's end has long been committed by then.
REVEAL_AFTER = timedelta(hours=1)
MOST_MEASUREMENTS = 2
LONGEST_NAME = 200


def tend_assays(session: Session, area_id: UUID, actor: Actor, clock: Clock) -> list[UUID]:
    """Draw what is due, reveal the seeds of weeks that are over, commit to the coming ones; any time, often.

    Returns the ids of new tasks.
    """
    session.execute(
        select(ServiceAreaRow.id).where(ServiceAreaRow.id == area_id).with_for_update(key_share=True)
    )
    now = clock.now()
    drawn: list[UUID] = []
    for period in _unrevealed(session, area_id):
        drawn += _draw(
            session, period, residuals(session, area_id, period.begins_at, period.ends_at), actor, clock
        )
        if now >= period.ends_at + REVEAL_AFTER:
            _reveal(session, period, actor, clock)
    _commit(session, area_id, actor, clock)
    return drawn


def draw_residual(session: Session, event_id: UUID, actor: Actor, clock: Clock) -> UUID | None:
    """Say at once whether a residual that was just carried back is to be assayed; the task's id if so.

    Call it in the transaction of the event: who receives the residual must know before it is destroyed.
    """
    event = session.get_one(EventRow, event_id)
    area_id = session.get_one(ContainerRow, event.container_id).area_id
    for period in _unrevealed(session, area_id):
        if period.begins_at <= event.server_time < period.ends_at:
            just = [
                each
                for each in residuals(session, area_id, period.begins_at, period.ends_at)
                if each.event_id == event_id
            ]
            return next(iter(_draw(session, period, just, actor, clock)), None)
    return None


def _unrevealed(session: Session, area_id: UUID) -> Sequence[AssayPeriodRow]:
    wanted = (
        select(AssayPeriodRow)
        .join(AssayRevealRow, AssayRevealRow.period_id == AssayPeriodRow.id, isouter=True)
        .where(AssayPeriodRow.area_id == area_id, AssayRevealRow.period_id.is_(None))
        .order_by(AssayPeriodRow.begins_at)
    )
    return session.scalars(wanted).all()


def _seed(session: Session, area_id: UUID, begins_at: datetime) -> bytes:
    """Make the seed anew from the application's secret key: it lies in no table before it is revealed."""
    return keyring_of(session).blind_index(f"{area_id} {begins_at.isoformat()}", "custody.assay seed")


def _draw(
    session: Session, period: AssayPeriodRow, found: Sequence[Residual], actor: Actor, clock: Clock
) -> list[UUID]:
    seed = _seed(session, period.area_id, period.begins_at)
    known = set(
        session.scalars(
            select(AssayTaskRow.event_id).where(AssayTaskRow.event_id.in_([each.event_id for each in found]))
        )
    )
    due_days = policy(session, "custody.assay", period.area_id)["due_days"]
    drawn = []
    for residual in found:
        ticket = ticket_of(seed, residual.event_hash)
        if residual.event_id in known or not is_drawn(ticket, period.rate_permille):
            continue
        told = {
            "area_id": period.area_id,
            "period_id": period.id,
            "event_id": residual.event_id,
            "container_id": residual.container_id,
            "ticket": ticket,
            "expected_ug_per_ml": residual.ug_per_ml,
            "expected_ug": residual.amount_ug,
            "drawn_at": clock.now(),
            "due_at": clock.now() + timedelta(days=due_days),
        }
        row = AssayTaskRow(id=new_id(), **told)
        write(session, "assay_task", row, told, actor, clock)
        drawn.append(row.id)
    return drawn


def _reveal(session: Session, period: AssayPeriodRow, actor: Actor, clock: Clock) -> None:
    told = {
        "seed": _seed(session, period.area_id, period.begins_at),
        "revealed_at": clock.now(),
    }
    write(session, "assay_reveal", AssayRevealRow(period_id=period.id, **told), told, actor, clock)


def _commit(session: Session, area_id: UUID, actor: Actor, clock: Clock) -> None:
    """Commit to the seeds of what is left of this week, where nobody did in time, and of the next one."""
    now = clock.now()
    monday = datetime.fromisoformat(FIRST_MONDAY)
    next_monday = monday + ((now - monday) // WEEK + 1) * WEEK
    last = session.scalar(select(func.max(AssayPeriodRow.ends_at)).where(AssayPeriodRow.area_id == area_id))
    rate = policy(session, "custody.assay", area_id)["rate_permille"]
    for begins_at, ends_at in ((now, next_monday), (next_monday, next_monday + WEEK)):
        if last is not None and begins_at < last:
            continue
        told = {
            "area_id": area_id,
            "begins_at": begins_at,
            "ends_at": ends_at,
            "rate_permille": rate,
            "commitment": commitment_of(_seed(session, area_id, begins_at)),
            "committed_at": now,
        }
        write(session, "assay_period", AssayPeriodRow(id=new_id(), **told), told, actor, clock)


def record_assay(session: Session, command: RecordAssay, actor: Actor, clock: Clock) -> tuple[str, ...]:
    """Keep a measurement and return what is wrong with the residual; anything wrong opens a case (attack 17).

    Raises
    ------
    Forbidden
        ``own_residual``: who handed it in or received it does not measure it.
    Invalid
        With everything that is wrong with the figures.
    Conflict
        ``measured_twice``.
    """
    actor.require((Role.COMPLIANCE, Role.PHARMACIST))
    # Two who record at once queue.
    task = session.scalar(select(AssayTaskRow).where(AssayTaskRow.id == command.task_id).with_for_update())
    if task is None:
        raise NotFound([reason("no_such_assay", "task_id")])
    event = session.get_one(EventRow, task.event_id)
    if actor.account_id in (event.actor_account_id, event.witness_account_id):
        raise Forbidden([reason("own_residual")])
    laboratory = command.laboratory.strip()
    wrong = []
    if not is_plausible(command.measured_ug_per_ml, command.volume_ul):
        wrong.append(reason("measure_not_plausible", "measured_ug_per_ml"))
    if not 0 < len(laboratory) <= LONGEST_NAME:
        wrong.append(reason("laboratory_missing", "laboratory"))
    if wrong:
        raise Invalid(wrong)
    measured = select(func.count()).where(AssayResultRow.task_id == task.id).select_from(AssayResultRow)
    attempt = (session.scalar(measured) or 0) + 1
    if attempt > MOST_MEASUREMENTS:
        raise Conflict([reason("measured_twice")])
    tolerance = policy(session, "custody.assay", task.area_id)["tolerance_percent"]
    verdict = judged(
        command.measured_ug_per_ml,
        command.volume_ul,
        task.expected_ug_per_ml,
        task.expected_ug,
        tolerance,
        command.diluted,
    )
    case_id = _case(session, task, verdict, command, actor, clock) if verdict.codes else None
    told = {
        "task_id": task.id,
        "attempt": attempt,
        "measured_ug_per_ml": command.measured_ug_per_ml,
        "volume_ul": command.volume_ul,
        "diluted": command.diluted,
        "laboratory": laboratory,
        "passed": not verdict.codes,
        "case_id": case_id,
        "account_id": actor.account_id,
        "at": clock.now(),
    }
    write(session, "assay_result", AssayResultRow(id=new_id(), **told), told, actor, clock)
    return verdict.codes


def _case(
    session: Session, task: AssayTaskRow, verdict: Verdict, command: RecordAssay, actor: Actor, clock: Clock
) -> UUID:
    detail = {
        "assay_id": str(task.id),
        "reasons": list(verdict.codes),
        "expected_ug_per_ml": task.expected_ug_per_ml,
        "measured_ug_per_ml": command.measured_ug_per_ml,
    }
    return open_case(
        session,
        task.area_id,
        "assay_failed",
        task.container_id,
        task.event_id,
        actor,
        clock,
        detail,
        expected_ug=task.expected_ug,
        found_ug=verdict.found_ug,
    )

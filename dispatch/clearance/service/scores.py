"""Scales that were filled in: scored by policy, kept for good; a worrying one raises its alarm itself."""

from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy.orm import Session

from dispatch.areas.service import policy
from dispatch.clearance.commands import NewScore, NewTask
from dispatch.clearance.model import ScoreLine, SuicideRisk, TaskKind
from dispatch.clearance.queries.scores import score_line
from dispatch.clearance.records import ScoreRow
from dispatch.clearance.rules.scales import scored
from dispatch.clearance.sealed import packed
from dispatch.clearance.sentences import reason
from dispatch.clearance.service.tasks import raise_alarm, whole
from dispatch.clearance.service.traces import audit
from dispatch.intake.model import LINK_SESSION
from dispatch.kernel.actor import Actor
from dispatch.kernel.clock import Clock
from dispatch.kernel.ids import new_id
from dispatch.kernel.refusals import Invalid

ALARM_OF: Mapping[SuicideRisk, TaskKind] = {
    SuicideRisk.HIGH: TaskKind.SUICIDALITY_HIGH,
    SuicideRisk.SAME_DAY: TaskKind.SUICIDALITY_SAME_DAY,
}
# A phone's clock may run ahead a little.
AHEAD = timedelta(minutes=5)


def record_score(session: Session, command: NewScore, actor: Actor, clock: Clock) -> ScoreLine:
    """Keep a filled-in scale and raise the alarm that it calls for.

    Raises
    ------
    Invalid
        ``answers_not_of_scale``, ``answer_out_of_range``, ``no_answer``, ``score_in_the_future``.
    """
    found = scored(command.scale, command.answers, policy(session, "clearance.scales"))
    wrong = []
    if all(each is None for each in command.answers):
        wrong.append(reason("no_answer", "answers"))
    if command.taken_at > clock.now() + AHEAD:
        wrong.append(reason("score_in_the_future", "taken_at"))
    if wrong:
        raise Invalid(wrong)
    subject = whole(session, command.subject)
    patient = actor.session_ref.startswith(LINK_SESSION)
    row = ScoreRow(
        id=new_id(),
        case_id=subject.case_id,
        patient_id=subject.patient_id,
        appointment_id=command.appointment_id,
        scale=command.scale.value,
        occasion=command.occasion.value,
        taken_at=command.taken_at,
        at=clock.now(),
        account_id=actor.account_id,
        by="patient" if patient else actor.name,
    )
    row.content = packed(
        {
            "answers": list(command.answers),
            "total": found.total,
            "band": found.band,
            "risk": found.risk.value if found.risk else None,
        }
    )
    session.add(row)
    session.flush()
    kind = ALARM_OF.get(found.risk) if found.risk else None
    if kind is not None:
        raise_alarm(session, NewTask(subject=subject, kind=kind, about=row.id), actor, clock)
    audit(session, "score.record", "score", row.id, actor, clock, subject.patient_id)
    return score_line(row)

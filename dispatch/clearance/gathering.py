"""From tables to the plain facts that screening judges, with digests of what was judged.

The patient's answers come from intake; what a prescriber found later counts before them, and what the
patient says after that counts again (the latest word counts).
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from dispatch.clearance.loading import Place
from dispatch.clearance.model import ALARMS, Facts, Medicine, PdmpResult, Scale, SuicideRisk
from dispatch.clearance.records import (
    ConsultationRecordRow,
    EvaluationRow,
    MedicationReviewRow,
    PrescriberTaskRow,
    ScoreRow,
)
from dispatch.clearance.rules.screening import QUESTIONS
from dispatch.clearance.sealed import packed, unpacked
from dispatch.intake.queries import histories, indications, medication_list
from dispatch.intake.statements import HistoryAnswer, MedicationList, Saying
from dispatch.workforce.service import state_rules

HOME = "home"


@dataclass(frozen=True, kw_only=True)
class Gathered:
    """The facts of a case at an instant, and digests of what they were made of."""

    facts: Facts
    facts_digest: bytes
    medications: MedicationList


def gather(session: Session, place: Place, at: datetime) -> Gathered:
    """Read everything that screening looks at."""
    case = place.case
    consulted = _in_force(
        session, ConsultationRecordRow, ConsultationRecordRow.at, case.case_id, at,
        place.policies["clearance.consultation"]["valid_days"],
    )  # fmt: skip
    evaluated = _in_force(
        session, EvaluationRow, EvaluationRow.evaluated_at, case.case_id, at,
        place.policies["clearance.evaluation"]["valid_days"],
    )  # fmt: skip
    listed = medication_list(session, case.case_id)
    review = review_of(session, case.case_id, listed.digest, at)
    found, evaluation = _contents(consulted), _contents(evaluated)
    newest_talk = found[-1] if found else {}
    newest_look = evaluation[-1] if evaluation else {}
    facts = Facts(
        answers=_answers(histories(session, case.case_id).answers, consulted, evaluated),
        age_years=age_on(case.contact.born_on, place.day),
        weight_g=newest_look.get("weight_g"),
        asa_class=newest_look.get("asa_class"),
        risk_points=newest_look.get("risk_points"),
        audit_c=sum(newest_talk["audit_c"]) if newest_talk.get("audit_c") else None,
        pdmp=PdmpResult(newest_talk["pdmp_result"]) if newest_talk.get("pdmp_result") else None,
        indications=indications(session, case.case_id) or None,
        medicines=_medicines(listed, review),
        unmatched=any(str(each.entry_id) not in review.get("classes", {}) for each in listed.unmatched),
        medications_reviewed=bool(review),
        consulted=bool(consulted),
        evaluated_in_person=bool(evaluated),
        setting_allowed=_setting(session, case.contact.state),
        phq9_known=_newest_score(session, place, Scale.PHQ9, at) is not None,
        suicide_risk=_suicide_risk(session, place, at),
        alarm_open=alarm_waits(session, case.case_id, case.patient_id),
    )
    return Gathered(facts=facts, facts_digest=_digest(facts), medications=listed)


def _digest(facts: Facts) -> bytes:
    plain = asdict(facts) | {"answers": dict(facts.answers)}
    return sha256(packed(_sorted(plain)).encode()).digest()


def _sorted(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _sorted(each) for key, each in value.items()}
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, tuple):
        return [_sorted(each) for each in value]
    return str(value) if isinstance(value, Decimal) else value


def _in_force(session: Session, row: Any, column: Any, case_id: UUID, at: datetime, days: int) -> list[Any]:
    wanted = select(row).where(row.case_id == case_id, column <= at, column > at - timedelta(days=days))
    return list(session.scalars(wanted.order_by(column)))


def _contents(rows: Sequence[Any]) -> list[dict[str, Any]]:
    return [unpacked(row.content) for row in rows]


def _answers(
    said: Mapping[str, HistoryAnswer],
    consulted: Sequence[ConsultationRecordRow],
    evaluated: Sequence[EvaluationRow],
) -> dict[str, str]:
    """Return the latest word on each question, the patient's or a prescriber's."""
    found: dict[str, tuple[datetime, str]] = {}
    for question, items in QUESTIONS.items():
        if all(item in said and said[item].saying is not None for item in items):
            sayings = {said[item].saying for item in items}
            answer = next((each for each in (Saying.YES, Saying.UNKNOWN) if each in sayings), Saying.NO)
            found[question] = (max(said[item].at for item in items), answer.value)
        elif any(item in said and said[item].saying is Saying.YES for item in items):
            found[question] = (max(said[item].at for item in items if item in said), Saying.YES.value)
    rows: tuple[ConsultationRecordRow | EvaluationRow, ...] = (*consulted, *evaluated)
    for row in rows:
        for question, answer in unpacked(row.content).get("answers", {}).items():
            if question not in found or found[question][0] <= row.at:
                found[question] = (row.at, answer)
    return {question: answer for question, (_at, answer) in found.items()}


def age_on(born_on: date | None, day: date) -> int | None:
    """Return whole years on a day; who was born on 29 February is a year older on 1 March."""
    if born_on is None or born_on > day:
        return None
    return day.year - born_on.year - ((day.month, day.day) < (born_on.month, born_on.day))


def review_of(session: Session, case_id: UUID, digest: str, at: datetime) -> dict[str, Any]:
    """Return the newest medication review of this very list by `at`, empty where there is none."""
    wanted = select(MedicationReviewRow).where(
        MedicationReviewRow.case_id == case_id,
        MedicationReviewRow.list_digest == digest,
        MedicationReviewRow.at <= at,
    )
    newest = wanted.order_by(MedicationReviewRow.at.desc(), MedicationReviewRow.id.desc())
    row = session.scalar(newest.limit(1))
    return {} if row is None else {"review_id": str(row.id), "classes": {}} | unpacked(row.content)


def _medicines(listed: MedicationList, review: Mapping[str, Any]) -> tuple[Medicine, ...] | None:
    """Return what is taken; None where nobody said whether anything is (which blocks)."""
    if not listed.entries:
        return () if listed.takes_any is Saying.NO else None
    doses, classes = review.get("mg_per_day", {}), review.get("classes", {})
    found = []
    for entry in listed.entries:
        dose = doses.get(str(entry.entry_id))
        amount = Decimal(dose) if dose is not None else None
        if not entry.ingredients:
            named = frozenset(classes.get(str(entry.entry_id), ()))
            found.append(Medicine(classes=named, mg_per_day=amount))
        found += [
            Medicine(classes=frozenset(each.classes), ingredient=each.ingredient.lower(), mg_per_day=amount)
            for each in entry.ingredients
        ]
    return tuple(found)


def _setting(session: Session, state: str) -> bool | None:
    row = next((each for each in state_rules(session) if each.state == state), None)
    if row is None or row.verified_on is None:
        return None
    return row.setting == HOME


def about(row: Any, case_id: UUID | None, patient_id: UUID | None) -> Any:
    """Return the condition by which rows of a case, of its patient or of both are found."""
    wanted = [row.case_id == case_id] if case_id is not None else []
    wanted += [row.patient_id == patient_id] if patient_id is not None else []
    return or_(*wanted)


def _newest_score(session: Session, place: Place, scale: Scale, at: datetime) -> ScoreRow | None:
    wanted = select(ScoreRow).where(
        about(ScoreRow, place.case.case_id, place.case.patient_id),
        ScoreRow.scale == scale.value,
        ScoreRow.taken_at <= at,
    )
    return session.scalar(wanted.order_by(ScoreRow.taken_at.desc(), ScoreRow.at.desc()).limit(1))


def _suicide_risk(session: Session, place: Place, at: datetime) -> SuicideRisk | None:
    row = _newest_score(session, place, Scale.CSSRS, at)
    days = place.policies["clearance.scales"]["cssrs_valid_days"]
    if row is None or row.taken_at <= at - timedelta(days=days):
        return None
    risk = unpacked(row.content).get("risk")
    return SuicideRisk(risk) if risk else None


def alarm_waits(session: Session, case_id: UUID | None, patient_id: UUID | None) -> bool:
    """Tell whether an alarm of suicidality waits for a prescriber."""
    wanted = select(PrescriberTaskRow.id).where(
        about(PrescriberTaskRow, case_id, patient_id),
        PrescriberTaskRow.kind.in_([kind.value for kind in ALARMS]),
        PrescriberTaskRow.answered_at.is_(None),
    )
    return session.scalar(wanted.limit(1)) is not None

"""Invented facts of screening, prescribers and proofs; whatever a test does not say is harmless."""

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dispatch.areas.defaults.clearance import DEFAULTS
from dispatch.clearance.commands import (
    Decide,
    NewScore,
    RecordConsultation,
    RecordEvaluation,
    ReviewMedications,
)
from dispatch.clearance.model import (
    Decision,
    Facts,
    Licence,
    Medicine,
    Occasion,
    PdmpResult,
    Prescriber,
    PrescriberDraft,
    PrescriberKind,
    Scale,
    Specialty,
    Subject,
    SuicideRisk,
)
from dispatch.clearance.queries import open_tasks
from dispatch.clearance.records import ConsultationRow, DecisionRow
from dispatch.clearance.rules.screening import QUESTIONS
from dispatch.clearance.service import (
    decide,
    enter_prescriber,
    enter_prescriber_licence,
    record_consultation,
    record_evaluation,
    record_score,
    review_medications,
)
from dispatch.identity.model import ProofOfIdentity
from dispatch.identity.service import account_by_email, open_account
from dispatch.intake.model import CaseState
from dispatch.intake.queries import medication_list
from dispatch.intake.questions import ITEMS
from dispatch.intake.records import AnswerRow, CaseRow, ListEntryRow, ReferralRow
from dispatch.kernel.actor import SYSTEM, AccountId, Actor, Role
from dispatch.kernel.clock import SetClock
from dispatch.kernel.ids import new_id
from tests.builders.company import ADMIN, a_company

LIMITS = DEFAULTS
NOW = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
DAY = date(2026, 11, 23)
# Digits chosen so that the seventh fits: 1+3+5 + 2*(2+4+6) = 33.
DEA = "AB1234563"


def limits(**screening: Any) -> dict[str, Any]:
    """The default policies, with parts of `clearance.screening` changed."""
    return {**LIMITS, "clearance.screening": {**LIMITS["clearance.screening"], **screening}}


def facts(**more: Any) -> Facts:
    """Somebody of 40 with nothing against treatment at home; `answers` are laid over twenty-odd noes."""
    answers = dict.fromkeys(QUESTIONS, "no") | more.pop("answers", {})
    usual: dict[str, Any] = {
        "age_years": 40,
        "weight_g": 70_000,
        "asa_class": 2,
        "audit_c": 0,
        "pdmp": PdmpResult.NOTHING,
        "indications": frozenset({"major_depression"}),
        "medicines": (),
        "medications_reviewed": True,
        "consulted": True,
        "evaluated_in_person": True,
        "setting_allowed": True,
        "phq9_known": True,
        "suicide_risk": SuicideRisk.NONE,
    }
    return Facts(answers=answers, **(usual | more))


def a_medicine(*classes: str, ingredient: str = "", mg: str | None = None) -> Medicine:
    """A medicine of those ingredient classes, so many milligrams a day."""
    return Medicine(
        classes=frozenset(classes), ingredient=ingredient, mg_per_day=None if mg is None else Decimal(mg)
    )


def a_licence(**more: Any) -> Licence:
    """A licence of Ohio in force for the whole of 2026."""
    usual: dict[str, Any] = {
        "state": "OH",
        "number": "35.123456",
        "valid_from": date(2026, 1, 1),
        "expires_on": date(2026, 12, 31),
    }
    return Licence(**(usual | more))


def a_draft(account_id: UUID | None = None, **more: Any) -> PrescriberDraft:
    """A psychiatrist with a DEA number in force."""
    usual: dict[str, Any] = {
        "account_id": account_id or uuid4(),
        "kind": PrescriberKind.MD,
        "specialty": Specialty.PSYCHIATRY,
        "dea_number": DEA,
        "dea_expires_on": date(2027, 6, 30),
    }
    return PrescriberDraft(**(usual | more))


def a_prescriber(**more: Any) -> Prescriber:
    """A prescriber licensed in Ohio; `licences` and `approved` are hers, the rest her draft's."""
    licences = more.pop("licences", (a_licence(),))
    approved = more.pop("approved", False)
    return Prescriber(draft=a_draft(**more), licences=licences, approved=approved)


def a_proof(account_id: UUID, at: datetime = NOW, ago: timedelta = timedelta(minutes=1)) -> ProofOfIdentity:
    """A proof of identity that the person gave a minute ago."""
    return ProofOfIdentity(
        account_id=account_id, person_ref=str(account_id), session_ref="proof:test", proved_at=at - ago
    )


@dataclass
class Scene:
    """A case in Columbus that was talked over, and its prescriber; the clock stands on a Monday morning."""

    session: Session
    clock: SetClock
    area_id: UUID
    case_id: UUID
    patient_id: UUID
    prescriber: Actor

    @property
    def now(self) -> datetime:
        return self.clock.now()

    @property
    def proof(self) -> ProofOfIdentity:
        """The prescriber's own, a minute old."""
        return a_proof(self.prescriber.account_id, self.now)

    @property
    def subject(self) -> Subject:
        return Subject(case_id=self.case_id, patient_id=self.patient_id)

    def case(self) -> CaseRow:
        return self.session.get_one(CaseRow, self.case_id)

    def say(self, item: str, saying: str) -> None:
        """Answer an item of the histories as the patient's last word."""
        last = self.session.scalar(
            select(func.max(AnswerRow.sequence)).where(AnswerRow.case_id == self.case_id)
        )
        row = AnswerRow(
            id=new_id(), case_id=self.case_id, sequence=(last or 0) + 1, form_version=1, item=item,
            at=self.now,
        )  # fmt: skip
        row.content = json.dumps({"saying": saying, "detail": ""})
        self.session.add(row)
        self.session.flush()

    def takes(self, name: str, dose: str = "") -> UUID:
        """Put a medicine on the list, as nobody's deed; return its entry."""
        last = self.session.scalar(
            select(func.max(ListEntryRow.sequence)).where(ListEntryRow.case_id == self.case_id)
        )
        entry_id = new_id()
        row = ListEntryRow(
            id=new_id(), case_id=self.case_id, sequence=(last or 0) + 1, kind="medication",
            entry_id=entry_id, removed=False, at=self.now,
        )  # fmt: skip
        row.content = json.dumps(
            {"name": name, "dose": dose, "last_taken": "", "rxnorm": "", "confirmed": ""}
        )
        self.session.add(row)
        self.session.flush()
        return entry_id


def a_prescriber_account(
    session: Session, clock: SetClock, email: str = "doctor@test.example", **draft: Any
) -> Actor:
    """An account with the role, entered as a prescriber licensed in Ohio (`licences` for others)."""
    licences = draft.pop("licences", (a_licence(),))
    account = open_account(
        session, email=email, name=email.partition("@")[0], password_hash="x",
        roles=frozenset({Role.PRESCRIBER}), actor=SYSTEM, clock=clock,
    )  # fmt: skip
    session.flush()
    enter(session, clock, account.id, licences, **draft)
    return Actor(
        account_id=AccountId(account.id), name=account.name, roles=frozenset({Role.PRESCRIBER}),
        person_ref=account.person_ref, session_ref="browser:doctor",
    )  # fmt: skip


def enter(session: Session, clock: SetClock, account_id: UUID, licences: Any = (), **draft: Any) -> None:
    """Enter an account that has the role as a prescriber."""
    enter_prescriber(session, a_draft(account_id, **draft), ADMIN, clock)
    for licence in licences or (a_licence(),):
        enter_prescriber_licence(session, account_id, licence, ADMIN, clock)


def a_case(session: Session, clock: SetClock, area_id: UUID, **more: Any) -> CaseRow:
    """A case in which every question was answered with no and no medicine is taken."""
    usual: dict[str, Any] = {
        "state": CaseState.CONSULT_DONE.value, "channel": "phone", "opened_at": clock.now(),
        "answer_due_at": clock.now(), "patient_state": "OH", "patient_id": new_id(),
    }  # fmt: skip
    born_on = more.pop("born_on", "1986-05-01")
    row = CaseRow(id=new_id(), area_id=area_id, **(usual | more))
    row.name, row.phone, row.born_on = "Ada Example", "+1 614 555 0100", born_on
    session.add(row)
    session.flush()
    for number, item in enumerate(ITEMS.values(), 1):
        answer = AnswerRow(
            id=new_id(), case_id=row.id, sequence=number, form_version=1, item=item.code, at=clock.now()
        )
        answer.content = json.dumps({"saying": "no", "detail": ""})
        session.add(answer)
    referral = ReferralRow(
        id=new_id(), case_id=row.id, sequence=1, source="fax", kind="home_infusion",
        received_at=clock.now(), noted_at=clock.now(),
    )  # fmt: skip
    referral.content = json.dumps({"indications": ["major_depression"], "reason": "", "home_reason": ""})
    session.add(referral)
    session.flush()
    return row


def a_scene(session: Session, clock: SetClock, prescriber: Actor | None = None, **case: Any) -> Scene:
    """A company, a prescriber and a case that waits for its decision, with nothing examined yet."""
    area_id, _pharmacy = a_company(session, clock)
    prescriber = prescriber or a_prescriber_account(session, clock)
    row = a_case(session, clock, area_id, **case)
    return Scene(
        session=session, clock=clock, area_id=area_id, case_id=row.id, patient_id=row.patient_id,
        prescriber=prescriber,
    )  # fmt: skip


def examined(scene: Scene, **answers: str) -> Scene:
    """Consultation, evaluation, scales and medication review, all without a finding."""
    session, clock, doctor = scene.session, scene.clock, scene.prescriber
    talk = ConsultationRow(
        id=new_id(), case_id=scene.case_id, prescriber_id=doctor.account_id, mode="video",
        begins_at=clock.now() - timedelta(hours=1), minutes=45, status="booked", booked_at=clock.now(),
    )  # fmt: skip
    session.add(talk)
    session.flush()
    found = RecordConsultation(
        consultation_id=talk.id, answers=answers, audit_c=(0, 0, 0), pdmp_checked_at=clock.now(),
        pdmp_result=PdmpResult.NOTHING,
    )  # fmt: skip
    record_consultation(session, found, doctor, clock)
    seen = RecordEvaluation(case_id=scene.case_id, evaluated_at=clock.now(), asa_class=2, weight_g=70_000)
    record_evaluation(session, seen, doctor, clock)
    filled = ((Scale.PHQ9, (2,) * 8 + (0,)), (Scale.CSSRS, (0, 0, None, None, None, 0, None)))
    for scale, given in filled:
        score = NewScore(
            subject=scene.subject, scale=scale, answers=given, taken_at=clock.now(),
            occasion=Occasion.BASELINE,
        )  # fmt: skip
        record_score(session, score, doctor, clock)
    reviewed(scene)
    return scene


def reviewed(scene: Scene, **more: Any) -> None:
    """The prescriber reviews the medication list as it stands."""
    digest = medication_list(scene.session, scene.case_id).digest
    command = ReviewMedications(case_id=scene.case_id, digest=digest, proof=scene.proof, **more)
    review_medications(scene.session, command, scene.prescriber, scene.clock)


def decided(scene: Scene, decision: Decision = Decision.CANDIDATE, **more: Any) -> DecisionRow:
    """The prescriber decides, with a reason and a fresh proof."""
    usual: dict[str, Any] = {"reason": "Talked it over.", "proof": scene.proof}
    command = Decide(case_id=scene.case_id, decision=decision, **(usual | more))
    return decide(scene.session, command, scene.prescriber, scene.clock)


def cleared(scene: Scene) -> Scene:
    """A case that a prescriber cleared."""
    decided(examined(scene))
    return scene


def what_waits(session: Session, clock: Any, area_id: UUID, email: str) -> tuple[UUID, UUID]:
    """A case with much unmet and an alarm, for the prescriber of that address: the case, the alarm's task."""
    account = account_by_email(session, email)
    enter(session, clock, account.id)
    doctor = Actor(account_id=AccountId(account.id), name=account.name, roles=frozenset({Role.PRESCRIBER}))
    row = a_case(session, clock, area_id)
    scene = Scene(
        session=session, clock=clock, area_id=area_id, case_id=row.id, patient_id=row.patient_id,
        prescriber=doctor,
    )  # fmt: skip
    scene.takes("lorazepam", "1 mg")
    scene.takes("Grandmother's drops")
    for item in ("medical.bladder", "medical.sleep_apnoea", "medical.pregnant"):
        scene.say(item, "yes")
    examined(scene)
    screener = NewScore(
        subject=scene.subject, scale=Scale.CSSRS, answers=(1, 1, 1, 1, 0, 0, None), taken_at=clock.now(),
        occasion=Occasion.BEFORE_VISIT,
    )  # fmt: skip
    record_score(session, screener, doctor, clock)
    return row.id, open_tasks(session, scene.subject)[0].task_id

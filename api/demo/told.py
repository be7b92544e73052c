"""Four invented patients on their way to a clearance, each at another place of it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from api.demo.office import Staff, sign
from api.demo.streets import Spot
from dispatch.clearance import commands as clearing
from dispatch.clearance import service as clearance
from dispatch.clearance.model import (
    Licence,
    Mode,
    Occasion,
    PdmpResult,
    PrescriberDraft,
    PrescriberKind,
    Scale,
    Specialty,
    Subject,
)
from dispatch.intake import commands as taking
from dispatch.intake import service as intake
from dispatch.intake.model import LINK_SESSION, CaseDeed, Contact
from dispatch.intake.queries import agreements_of, medication_list
from dispatch.intake.questions import SECTIONS, Detail
from dispatch.intake.service import LinkPurpose
from dispatch.intake.statements import Saying
from dispatch.kernel.actor import Actor, Role
from dispatch.kernel.clock import SetClock
from dispatch.kernel.local_time import instant
from dispatch.visits.safety.model import ContactHow, NewContact, NewDuty
from dispatch.visits.safety.service import confirm_reachable, enter_duty

PATIENT = Actor(
    account_id=None, name="Patient, by link", roles=frozenset(), session_ref=f"{LINK_SESSION}demo"
)
STATE = "OH"
# The last digit is the check digit of the six before it; nobody's.
DEA_NUMBER = "AB1234563"
TEMPLATE, CONSENT_TEXT = "T-S0", "2026-11"
# PHQ-9 of those who were talked over and wait.
BASELINE = 21
# From when to when the prescriber is on call: before the first visit and after the last.
ON_CALL = ((6, 0), (22, 0))
CALM = (0, 0, None, None, None, 0, None)
INTENT = (1, 1, 1, 1, 0, 0, None)


@dataclass(frozen=True, kw_only=True)
class Links:
    """What is printed: one-time secrets of the pages of patients and of an outside provider."""

    half_done: str
    to_sign: str
    today: str


@dataclass(kw_only=True)
class Teller:
    """Lets them come as far as they are, day by day, through the services the screens call.

    Attributes
    ----------
    homes
        Where a patient lives, by her number.
    session
        Set before each part of the story: the plan is made between two of them.
    duty_id
        The prescriber's turn on call.
    alarming
        The case whose answers cannot wait.
    """

    area_id: UUID
    staff: Staff
    day: date
    zone: ZoneInfo
    clock: SetClock
    homes: Sequence[Spot]
    session: Session = field(init=False)
    duty_id: UUID = field(init=False)
    alarming: UUID = field(init=False)

    @property
    def prescriber(self) -> Actor:
        """The one prescriber of the demo."""
        return self.staff.office[Role.PRESCRIBER]

    @property
    def dispatcher(self) -> Actor:
        """Who calls back and registers."""
        return self.staff.office[Role.DISPATCHER]

    def begin(self) -> None:
        """Three weeks ago: the company enters its prescriber, who is on call all of today."""
        self.at(21, 8)
        self._enter_prescriber()
        account_id = self.prescriber.account_id
        assert account_id is not None
        turn = NewDuty(
            account_id=account_id, states=frozenset({STATE}), begins_at=self._moment(0, *ON_CALL[0]),
            ends_at=self._moment(0, *ON_CALL[1]), phone="+1 614 555 0177",
        )  # fmt: skip
        self.duty_id = enter_duty(self.session, turn, self.dispatcher, self.clock).id

    def tell_until_yesterday(self) -> UUID:
        """Let those come as far as they are who are on their way; return the case that is half done."""
        self.at(1, 9)
        half_done = self._half_done()
        self._waiting("Otto Glasswater", 3)
        self.alarming = self._waiting("Ines Thornapple", 5)
        return half_done

    def tell_this_morning(self) -> None:
        """An answer that cannot wait, a new enquiry, and the prescriber's word that she can be reached."""
        self.at(0, 9, 55)
        self.score(self.alarming, Scale.CSSRS, INTENT, Occasion.OTHER)
        reached = NewContact(duty_id=self.duty_id, how=ContactHow.OWN_WORD)
        confirm_reachable(self.session, reached, self.prescriber, self.clock)
        self._open("Wanda Moonridge", 4, "I would like to know whether this is for me.")

    def at(self, days_ago: int, hour: int, minute: int = 0) -> None:
        """Set the clock to a reading of the area's, so many days before the demo's."""
        self.clock.at = self._moment(days_ago, hour, minute)

    def _moment(self, days_ago: int, hour: int, minute: int = 0) -> datetime:
        return instant(self.day - timedelta(days=days_ago), time(hour, minute), self.zone)

    def _enter_prescriber(self) -> None:
        admin, account_id = self.staff.office[Role.ADMIN], self.prescriber.account_id
        assert account_id is not None
        draft = PrescriberDraft(
            account_id=account_id,
            kind=PrescriberKind.MD,
            specialty=Specialty.PSYCHIATRY,
            dea_number=DEA_NUMBER,
            dea_expires_on=self.day + timedelta(days=300),
        )
        clearance.enter_prescriber(self.session, draft, admin, self.clock)
        licence = Licence(
            state=STATE,
            number="35.410999",
            valid_from=self.day - timedelta(days=400),
            expires_on=self.day + timedelta(days=300),
        )
        clearance.enter_prescriber_licence(self.session, account_id, licence, admin, self.clock)

    def _open(self, name: str, number: int, reason: str = "") -> UUID:
        contact = Contact(name=name, phone=_phone(number))
        new = taking.NewEnquiry(area_id=self.area_id, contact=contact, reason=reason)
        return intake.open_case(self.session, new, PATIENT, self.clock).case_id

    def contact(self, name: str, number: int) -> Contact:
        """Return what a patient tells about herself."""
        return Contact(
            name=name,
            phone=_phone(number),
            born_on=date(1980 + number, 3, 9),
            address=self.homes[number].address,
            state=STATE,
        )

    def _about(self, case_id: UUID, name: str, number: int) -> None:
        intake.tell_about(self.session, case_id, self.contact(name, number), PATIENT, self.clock)

    def _histories(self, case_id: UUID, how_many: int = len(SECTIONS)) -> None:
        for section in SECTIONS[:how_many]:
            for item in section.items:
                words = item.detail is Detail.ONLY
                given = taking.GivenAnswer(
                    case_id=case_id,
                    item=item.code,
                    saying=None if words else Saying.NO,
                    detail="My sister, and two friends." if words else "",
                )
                intake.give_answer(self.session, given, PATIENT, self.clock)

    def _half_done(self) -> UUID:
        case_id = self._open("Farid Lindenholt", 2)
        intake.note_contact(self.session, case_id, self.dispatcher, self.clock)
        self._about(case_id, "Farid Lindenholt", 2)
        self._histories(case_id, 3)
        self.clock.advance(timedelta(minutes=20))
        return case_id

    def link(self, case_id: UUID, purpose: LinkPurpose = LinkPurpose.PATIENT) -> str:
        """Return the one-time secret of a new link."""
        return intake.make_link(self.session, case_id, purpose, self.dispatcher, self.clock).secret

    def whole(self, name: str, number: int) -> UUID:
        """Everything that a consultation needs."""
        case_id = self._open(name, number)
        intake.note_contact(self.session, case_id, self.dispatcher, self.clock)
        intake.move_case(self.session, case_id, CaseDeed.OPEN_INTAKE, self.dispatcher, self.clock)
        self._about(case_id, name, number)
        referral = taking.NewReferral(
            case_id=case_id, source=taking.ReferralSource.SELF, indications=("major_depression",)
        )
        intake.note_referral(self.session, referral, PATIENT, self.clock)
        self._histories(case_id)
        for each in agreements_of(self.session, case_id):
            accepted = taking.Acceptance(
                case_id=case_id, agreement=each.code, version=each.version, address="127.0.0.1"
            )
            intake.accept_agreement(self.session, accepted, PATIENT, self.clock)
        self._acknowledge(case_id)
        return case_id

    def _acknowledge(self, case_id: UUID) -> None:
        secret = self.link(case_id, LinkPurpose.PROVIDER)
        device = intake.open_link(self.session, secret, self.clock)
        who = intake.visitor_of(self.session, device.secret, self.clock.now())
        assert who is not None
        signed = taking.NewAcknowledgement(
            case_id=case_id, signer="Dr. Ilse Fairbrook", role="physician", licence_number="35.409111",
            licence_state=STATE, link_id=who.link_id,
        )  # fmt: skip
        intake.sign_acknowledgement(self.session, signed, who.actor, self.clock)

    def _waiting(self, name: str, number: int) -> UUID:
        """A case that was talked over yesterday and waits for its decision."""
        self.at(1, 8 + number)
        case_id = self.whole(name, number)
        self.talk_over(case_id, BASELINE)
        return case_id

    def talk_over(self, case_id: UUID, baseline: int) -> None:
        """Consultation, evaluation, the scales with a PHQ-9 of `baseline`, and the review of the list."""
        account_id = self.prescriber.account_id
        assert account_id is not None
        booking = clearing.BookConsultation(
            case_id=case_id, prescriber_id=account_id, mode=Mode.VIDEO,
            begins_at=self.clock.now() + timedelta(minutes=15), minutes=45,
        )  # fmt: skip
        talk = clearance.book_consultation(self.session, booking, self.prescriber, self.clock).id
        self.clock.advance(timedelta(minutes=60))
        found = clearing.RecordConsultation(
            consultation_id=talk, answers={}, audit_c=(0, 1, 0), pdmp_checked_at=self.clock.now(),
            pdmp_result=PdmpResult.NOTHING,
        )  # fmt: skip
        clearance.record_consultation(self.session, found, self.prescriber, self.clock)
        seen = clearing.RecordEvaluation(
            case_id=case_id, evaluated_at=self.clock.now(), asa_class=2, weight_g=70_000
        )
        clearance.record_evaluation(self.session, seen, self.prescriber, self.clock)
        self.score(case_id, Scale.PHQ9, items_of(baseline), Occasion.BASELINE)
        self.score(case_id, Scale.CSSRS, CALM, Occasion.BASELINE)
        review = clearing.ReviewMedications(
            case_id=case_id,
            digest=medication_list(self.session, case_id).digest,
            proof=sign(self.prescriber, self.clock.now()),
        )
        clearance.review_medications(self.session, review, self.prescriber, self.clock)

    def score(self, case_id: UUID, scale: Scale, answers: Collection[int | None], occasion: Occasion) -> None:
        """Keep a scale that was filled in now."""
        score = clearing.NewScore(
            subject=Subject(case_id=case_id), scale=scale, answers=tuple(answers),
            taken_at=self.clock.now(), occasion=occasion,
        )  # fmt: skip
        clearance.record_score(self.session, score, self.prescriber, self.clock)


def _phone(number: int) -> str:
    return f"+1 614 555 01{40 + number}"


def items_of(total: int) -> tuple[int, ...]:
    """Return PHQ-9's nine answers that come to `total` (0 to 24), with none of it for the ninth."""
    return (*(min(3, max(0, total - 3 * at)) for at in range(8)), 0)

"""Five invented patients, each at another place of the care path, so that every screen has its work."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from api.demo.office import Staff, sign
from dispatch.appointments.model import UNPLACED, PatientDraft
from dispatch.appointments.service import register_patient
from dispatch.clearance import commands as clearing
from dispatch.clearance import service as clearance
from dispatch.clearance.model import (
    Decision,
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
from dispatch.kernel.ids import new_id
from dispatch.kernel.local_time import instant
from dispatch.series import commands as ordering
from dispatch.series import service as series
from dispatch.series.model import Antiemetic, Delivery, Indication, Route, Terms

PATIENT = Actor(
    account_id=None, name="Patient, by link", roles=frozenset(), session_ref=f"{LINK_SESSION}demo"
)
STATE = "OH"
# The last digit is the check digit of the six before it; nobody's.
DEA_NUMBER = "AB1234563"
TEMPLATE, CONSENT_TEXT = "T-S0", "2026-11"
# PHQ-9 as it falls over two infusions: baseline, before and the day after each.
COURSE = (21, 20, 16, 15, 11)
CALM = (0, 0, None, None, None, 0, None)
INTENT = (1, 1, 1, 1, 0, 0, None)


@dataclass(frozen=True, kw_only=True)
class Links:
    """What is printed: one-time secrets of the pages of patients and of an outside provider."""

    half_done: str
    to_sign: str
    in_series: str


@dataclass(kw_only=True)
class Teller:
    """Lets the five come as far as they are, day by day, through the services the screens call."""

    session: Session
    area_id: UUID
    staff: Staff
    day: date
    zone: ZoneInfo
    clock: SetClock

    @property
    def prescriber(self) -> Actor:
        """The one prescriber of the demo."""
        return self.staff.office[Role.PRESCRIBER]

    @property
    def dispatcher(self) -> Actor:
        """Who calls back and registers."""
        return self.staff.office[Role.DISPATCHER]

    def tell(self) -> Links:
        """Let all five come; afterwards the clock shows ten past ten of the day."""
        self._at(21, 8)
        self._enter_prescriber()
        in_series = self._in_series()
        self._at(1, 9)
        half_done, to_sign = self._half_done()
        self._waiting("Otto Glasswater", 1)
        in_alarm = self._waiting("Ines Thornapple", 1)
        self._at(0, 9, 55)
        self._score(in_alarm, Scale.CSSRS, INTENT, Occasion.OTHER)
        self._open("Wanda Moonridge", 4, "I would like to know whether this is for me.")
        return Links(half_done=half_done, to_sign=to_sign, in_series=in_series)

    def _at(self, days_ago: int, hour: int, minute: int = 0) -> None:
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
        contact = Contact(name=name, phone=f"+1 614 555 01{40 + number}")
        new = taking.NewEnquiry(area_id=self.area_id, contact=contact, reason=reason)
        return intake.open_case(self.session, new, PATIENT, self.clock).case_id

    def _about(self, case_id: UUID, name: str, number: int) -> None:
        contact = Contact(
            name=name,
            phone=f"+1 614 555 01{40 + number}",
            born_on=date(1980 + number, 3, 9),
            address=f"{1200 + number} Kenworth Rd, Columbus, OH 43224",
            state=STATE,
        )
        intake.tell_about(self.session, case_id, contact, PATIENT, self.clock)

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

    def _half_done(self) -> tuple[str, str]:
        case_id = self._open("Farid Lindenholt", 2)
        intake.note_contact(self.session, case_id, self.dispatcher, self.clock)
        self._about(case_id, "Farid Lindenholt", 2)
        self._histories(case_id, 3)
        self.clock.advance(timedelta(minutes=20))
        return self._link(case_id), self._link(case_id, LinkPurpose.PROVIDER)

    def _link(self, case_id: UUID, purpose: LinkPurpose = LinkPurpose.PATIENT) -> str:
        return intake.make_link(self.session, case_id, purpose, self.dispatcher, self.clock).secret

    def _whole(self, name: str, number: int) -> UUID:
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
        secret = self._link(case_id, LinkPurpose.PROVIDER)
        device = intake.open_link(self.session, secret, self.clock)
        who = intake.visitor_of(self.session, device.secret, self.clock.now())
        assert who is not None
        signed = taking.NewAcknowledgement(
            case_id=case_id, signer="Dr. Ilse Fairbrook", role="physician", licence_number="35.409111",
            licence_state=STATE, link_id=who.link_id,
        )  # fmt: skip
        intake.sign_acknowledgement(self.session, signed, who.actor, self.clock)

    def _waiting(self, name: str, days_ago: int) -> UUID:
        """A case that was talked over and waits for its decision."""
        number = 3 if name.startswith("Otto") else 5
        self._at(days_ago, 8 + number)
        case_id = self._whole(name, number)
        self._talk_over(case_id)
        return case_id

    def _talk_over(self, case_id: UUID) -> None:
        """Consultation, evaluation, the scales of the baseline, and the review of the list."""
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
        self._score(case_id, Scale.PHQ9, items_of(COURSE[0]), Occasion.BASELINE)
        self._score(case_id, Scale.CSSRS, CALM, Occasion.BASELINE)
        review = clearing.ReviewMedications(
            case_id=case_id,
            digest=medication_list(self.session, case_id).digest,
            proof=sign(self.prescriber, self.clock.now()),
        )
        clearance.review_medications(self.session, review, self.prescriber, self.clock)

    def _score(
        self, case_id: UUID, scale: Scale, answers: Collection[int | None], occasion: Occasion
    ) -> None:
        score = clearing.NewScore(
            subject=Subject(case_id=case_id), scale=scale, answers=tuple(answers),
            taken_at=self.clock.now(), occasion=occasion,
        )  # fmt: skip
        clearance.record_score(self.session, score, self.prescriber, self.clock)

    def _in_series(self) -> str:
        """Two of six infusions are given, and the review of the response is due."""
        case_id = self._whole("Greta Saltmarsh", 1)
        patient = PatientDraft(
            reference="P-901", state=STATE, name="Greta Saltmarsh", phone="+1 614 555 0141",
            born_on=date(1981, 3, 9), address="1201 Kenworth Rd, Columbus, OH 43224",
        )  # fmt: skip
        row = register_patient(
            self.session, self.area_id, patient, self.dispatcher, self.clock, placed=UNPLACED
        )
        intake.tie_patient(self.session, case_id, row.id, self.dispatcher, self.clock)
        self._talk_over(case_id)
        decision = clearing.Decide(
            case_id=case_id, decision=Decision.CANDIDATE, reason="Two medicines without success.",
            proof=sign(self.prescriber, self.clock.now()),
        )  # fmt: skip
        clearance.decide(self.session, decision, self.prescriber, self.clock)
        self._give_two(case_id, row.id)
        return self._link(case_id)

    def _give_two(self, case_id: UUID, patient_id: UUID) -> None:
        proposal = ordering.ProposeSeries(
            patient_id=patient_id, area_id=self.area_id, state=STATE, template=TEMPLATE,
            first_day=self.day - timedelta(days=9),
        )  # fmt: skip
        series_id = series.propose_series(self.session, proposal, self.dispatcher, self.clock).series_id
        consent = ordering.Consent(
            series_id=series_id, text_version=CONSENT_TEXT, signed_name="Greta Saltmarsh",
            signed_at=self.clock.now(),
        )  # fmt: skip
        series.record_consent(self.session, consent, self.dispatcher, self.clock)
        order = ordering.SignOrder(
            event_id=new_id(), series_id=series_id, terms=self._terms(),
            proof=sign(self.prescriber, self.clock.now()),
        )  # fmt: skip
        series.sign_order(self.session, order, self.prescriber, self.clock)
        scores = iter(COURSE[1:])
        for number, days_ago in ((1, 9), (2, 5)):
            self._at(days_ago, 10)
            visit_id = new_id()
            series.note_booked(self.session, series_id, number, visit_id, self.dispatcher, self.clock)
            self._score(case_id, Scale.PHQ9, items_of(next(scores)), Occasion.BEFORE_VISIT)
            series.note_given(self.session, visit_id, self.clock.now(), self.dispatcher, self.clock)
            self._at(days_ago - 1, 11)
            self._score(case_id, Scale.PHQ9, items_of(next(scores)), Occasion.DAY_AFTER)

    def _terms(self) -> Terms:
        return Terms(
            indication=Indication.MAJOR_DEPRESSION, route=Route.INTRAVENOUS_INFUSION,
            delivery=Delivery.PUMP, weight_kg=Decimal(70), weighed_on=self.clock.now().date(),
            mg_per_kg=Decimal("0.5"), concentration_ug_per_ml=50_000, final_ml=Decimal(50), minutes=40,
            rate_low_ml_h=Decimal(50), rate_high_ml_h=Decimal(75), antiemetic=Antiemetic.ONDANSETRON_PRN,
        )  # fmt: skip


def items_of(total: int) -> tuple[int, ...]:
    """Return PHQ-9's nine answers that come to `total` (0 to 24), with none of it for the ninth."""
    return (*(min(3, max(0, total - 3 * at)) for at in range(8)), 0)

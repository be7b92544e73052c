"""The demo's patients who are treated: cleared, in a series, each with a visit on today's board."""

from dataclasses import dataclass
from datetime import time, timedelta
from decimal import Decimal
from uuid import UUID

from api.demo.office import sign
from api.demo.told import CONSENT_TEXT, PATIENT, STATE, TEMPLATE, Teller, items_of
from dispatch.appointments.care.model import ResponsibleAdult
from dispatch.appointments.care.service import link_to_series, name_adult
from dispatch.appointments.model import BookingDraft, LocalWindow, PatientDraft, Placed, Point, PointSource
from dispatch.appointments.service import book_appointment, register_patient
from dispatch.clearance import commands as clearing
from dispatch.clearance import service as clearance
from dispatch.clearance.model import Decision, Occasion, Scale
from dispatch.intake import commands as taking
from dispatch.intake import service as intake
from dispatch.kernel.ids import new_id
from dispatch.series import commands as ordering
from dispatch.series import service as series
from dispatch.series.model import Antiemetic, Delivery, Indication, Route, Terms

# Today's visit of the first course waits for whoever signs in as its nurse (`show.lane_to_show`).
TO_GIVE = "C-1"
# So begin the references of all their visits.
TREATED = "C-"


@dataclass(frozen=True, kw_only=True)
class Course:
    """A patient's way through treatment until this morning.

    Attributes
    ----------
    number
        Tells her telephone, her home and her references from the others'.
    cleared
        So many days ago the prescriber decided.
    given
        So many days ago each infusion was given.
    scores
        PHQ-9: the baseline, then before and the day after each infusion.
    begins
        When today's visit may begin.
    """

    number: int
    name: str
    adult: str
    relation: str
    cleared: int
    given: tuple[int, ...]
    scores: tuple[int, ...]
    service: str
    begins: tuple[time, time]


COURSES = (
    Course(
        number=1, name="Greta Saltmarsh", adult="Ben Saltmarsh", relation="husband", cleared=21, given=(9, 5),
        scores=(21, 20, 16, 15, 11), service="ketamine_repeat_40", begins=(time(10, 30), time(10, 45)),
    ),
    Course(
        number=6, name="Tomas Wrenfield", adult="Lena Wrenfield", relation="sister", cleared=3, given=(),
        scores=(18,), service="ketamine_first", begins=(time(13), time(14, 30)),
    ),
    Course(
        number=7, name="Hana Quillfeather", adult="Noor Quillfeather", relation="mother", cleared=14,
        given=(6,), scores=(19, 19, 18), service="ketamine_repeat_40", begins=(time(14, 30), time(16)),
    ),
)  # fmt: skip


@dataclass(kw_only=True)
class Treated:
    """Lets patients be treated as their courses say, through the services the screens call."""

    teller: Teller

    def tell_until_yesterday(self) -> tuple[UUID, ...]:
        """Treat them until the day before, book today's visits, and return the cases in their order."""
        cases = []
        for course in COURSES:
            self.teller.at(course.cleared, 8)
            case_id = self.teller.whole(course.name, course.number)
            patient_id = self._register(course, case_id)
            self.teller.talk_over(case_id, course.scores[0])
            self._decide(case_id)
            series_id = self._order(course, patient_id)
            self._give(course, case_id, series_id)
            self._book(course, patient_id)
            cases.append(case_id)
        return tuple(cases)

    def change_a_list(self, case_id: UUID) -> None:
        """She writes a new medicine down: treatment rests until a prescriber has looked."""
        new = taking.NewMedication(case_id=case_id, name="Tramadol", dose="50 mg when my back hurts")
        intake.change_medication(self.teller.session, new, PATIENT, self.teller.clock)

    def _register(self, course: Course, case_id: UUID) -> UUID:
        teller = self.teller
        told = teller.contact(course.name, course.number)
        assert told.born_on is not None
        draft = PatientDraft(
            reference=f"P-9{course.number:02}", state=STATE, name=told.name, phone=told.phone,
            born_on=told.born_on, address=told.address,
        )  # fmt: skip
        home = teller.homes[course.number]
        door = Placed(point=Point(lat=home.lat, lon=home.lon), source=PointSource.DISPATCHER, verified=True)
        row = register_patient(
            teller.session, teller.area_id, draft, teller.dispatcher, teller.clock, placed=door
        )
        intake.tie_patient(teller.session, case_id, row.id, teller.dispatcher, teller.clock)
        adult = ResponsibleAdult(
            name=course.adult, phone=f"+1 614 555 01{60 + course.number}", relation=course.relation,
            of_age=True, can_drive=True, chosen_by_patient=True,
        )  # fmt: skip
        name_adult(teller.session, row.id, adult, teller.dispatcher, teller.clock)
        return row.id

    def _decide(self, case_id: UUID) -> None:
        teller = self.teller
        decision = clearing.Decide(
            case_id=case_id, decision=Decision.CANDIDATE, reason="Two medicines without success.",
            proof=sign(teller.prescriber, teller.clock.now()),
        )  # fmt: skip
        clearance.decide(teller.session, decision, teller.prescriber, teller.clock)

    def _order(self, course: Course, patient_id: UUID) -> UUID:
        teller = self.teller
        proposal = ordering.ProposeSeries(
            patient_id=patient_id, area_id=teller.area_id, state=STATE, template=TEMPLATE,
            first_day=teller.day - timedelta(days=max(course.given, default=0)),
        )  # fmt: skip
        series_id = series.propose_series(teller.session, proposal, teller.dispatcher, teller.clock).series_id
        consent = ordering.Consent(
            series_id=series_id, text_version=CONSENT_TEXT, signed_name=course.name,
            signed_at=teller.clock.now(),
        )  # fmt: skip
        series.record_consent(teller.session, consent, teller.dispatcher, teller.clock)
        order = ordering.SignOrder(
            event_id=new_id(), series_id=series_id, terms=self._terms(),
            proof=sign(teller.prescriber, teller.clock.now()),
        )  # fmt: skip
        series.sign_order(teller.session, order, teller.prescriber, teller.clock)
        return series_id

    def _terms(self) -> Terms:
        return Terms(
            indication=Indication.MAJOR_DEPRESSION, route=Route.INTRAVENOUS_INFUSION,
            delivery=Delivery.PUMP, weight_kg=Decimal(70), weighed_on=self.teller.clock.now().date(),
            mg_per_kg=Decimal("0.5"), concentration_ug_per_ml=50_000, final_ml=Decimal(50), minutes=40,
            rate_low_ml_h=Decimal(50), rate_high_ml_h=Decimal(75), antiemetic=Antiemetic.ONDANSETRON_PRN,
        )  # fmt: skip

    def _give(self, course: Course, case_id: UUID, series_id: UUID) -> None:
        teller = self.teller
        scores = iter(course.scores[1:])
        for number, days_ago in enumerate(course.given, start=1):
            teller.at(days_ago, 10)
            visit_id = new_id()
            laid = teller.clock.now().astimezone(teller.zone).date(), series.PARTS[0]
            series.note_booked(
                teller.session, series_id, number, visit_id, teller.dispatcher, teller.clock, laid=laid
            )
            teller.score(case_id, Scale.PHQ9, items_of(next(scores)), Occasion.BEFORE_VISIT)
            series.note_given(teller.session, visit_id, teller.clock.now(), teller.dispatcher, teller.clock)
            teller.at(days_ago - 1, 11)
            teller.score(case_id, Scale.PHQ9, items_of(next(scores)), Occasion.DAY_AFTER)

    def _book(self, course: Course, patient_id: UUID) -> None:
        """Book today's visit the morning before, through the gate; it has to happen, as the plan knows."""
        teller = self.teller
        teller.at(1, 9, 30)
        begins, ends = course.begins
        draft = BookingDraft(
            reference=f"{TREATED}{course.number}", service_code=course.service, day=teller.day, priority=5,
            windows=(LocalWindow(begins=begins, ends=ends),),
        )  # fmt: skip
        row = book_appointment(teller.session, patient_id, draft, teller.dispatcher, teller.clock)
        link_to_series(teller.session, row, teller.dispatcher, teller.clock)

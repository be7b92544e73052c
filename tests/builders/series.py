"""Invented orders and series: 70 kg at 0.5 mg/kg, six infusions in three weeks."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from dispatch.areas.model import DEFAULT_POLICIES
from dispatch.clearance.commands import NewScore
from dispatch.clearance.model import Occasion, Scale
from dispatch.clearance.service import record_score
from dispatch.kernel.actor import Actor, Role
from dispatch.kernel.ids import new_id
from dispatch.series import service
from dispatch.series.commands import Availability, Consent, ProposeSeries, ReviewResponse, SignOrder
from dispatch.series.model import Antiemetic, Delivery, Indication, Route, Series, Terms
from dispatch.series.queries import series_by_id
from dispatch.workforce.records import CompetencyRow, LicenceRow, NurseRow, ShiftRow
from tests.builders.clearance import Scene
from tests.builders.workforce import at

TODAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
POLICY = {key: value for key, value in DEFAULT_POLICIES.items() if key.startswith("series.")}


def some_terms(**more: Any) -> Terms:
    """The order of care-rules.md's example."""
    made: dict[str, Any] = {
        "indication": Indication.MAJOR_DEPRESSION, "route": Route.INTRAVENOUS_INFUSION,
        "delivery": Delivery.PUMP, "weight_kg": Decimal(70), "weighed_on": TODAY,
        "mg_per_kg": Decimal("0.5"), "concentration_ug_per_ml": 50_000, "final_ml": Decimal(50),
        "minutes": 40, "rate_low_ml_h": Decimal(50), "rate_high_ml_h": Decimal(75),
        "antiemetic": Antiemetic.ONDANSETRON_PRN,
    }  # fmt: skip
    return Terms(**(made | more))


DISPATCHER = Actor(account_id=None, name="Dana Desk", roles=frozenset({Role.DISPATCHER}), session_ref="d")
EVERY_MORNING = {day: frozenset({"morning", "afternoon"}) for day in range(1, 6)}


def a_signature(scene: Scene, series_id: UUID, **more: Any) -> SignOrder:
    """The prescriber's first version of the example's order."""
    made: dict[str, Any] = {
        "event_id": new_id(), "series_id": series_id, "terms": some_terms(), "proof": scene.proof,
    }  # fmt: skip
    return SignOrder(**(made | more))


def proposed(scene: Scene, **more: Any) -> Series:
    """Six infusions in three weeks, proposed."""
    made: dict[str, Any] = {
        "patient_id": scene.patient_id, "area_id": scene.area_id, "state": "OH", "template": "T-S0",
        "first_day": TODAY,
    }  # fmt: skip
    return service.propose_series(scene.session, ProposeSeries(**(made | more)), DISPATCHER, scene.clock)


def ordered(scene: Scene, **more: Any) -> Series:
    """The series with a consent and an order."""
    series = proposed(scene, **more)
    consent = Consent(
        series_id=series.series_id, text_version="2026-11", signed_name="Ada Example",
        signed_at=scene.clock.now(),
    )  # fmt: skip
    service.record_consent(scene.session, consent, DISPATCHER, scene.clock)
    service.sign_order(scene.session, a_signature(scene, series.series_id), scene.prescriber, scene.clock)
    return series_by_id(scene.session, series.series_id)


def give(scene: Scene, series: Series, number: int) -> Series:
    """Infusion `number` is booked and given now."""
    appointment_id = new_id()
    service.note_booked(scene.session, series.series_id, number, appointment_id, DISPATCHER, scene.clock)
    service.note_given(scene.session, appointment_id, scene.clock.now(), DISPATCHER, scene.clock)
    return series_by_id(scene.session, series.series_id)


def scored(scene: Scene, total: int, occasion: Occasion = Occasion.BEFORE_VISIT) -> None:
    """PHQ-9 is taken now, with that total (0 to 24, none of it for the ninth question)."""
    answers = (*(min(3, max(0, total - 3 * at)) for at in range(8)), 0)
    score = NewScore(
        subject=scene.subject, scale=Scale.PHQ9, answers=answers, taken_at=scene.clock.now(),
        occasion=occasion,
    )  # fmt: skip
    record_score(scene.session, score, scene.prescriber, scene.clock)


def a_review(scene: Scene, series: Series, **more: Any) -> ReviewResponse:
    """The prescriber lets the series go on."""
    made: dict[str, Any] = {
        "event_id": new_id(), "series_id": series.series_id, "proof": scene.proof, "go_on": True,
    }  # fmt: skip
    return ReviewResponse(**(made | more))


def nurses_at_work(scene: Scene, people: int = 2, weeks: int = 8) -> list[UUID]:
    """Registered nurses with every paper, at work on weekdays from eight to six."""
    found = []
    for number in range(people):
        row = NurseRow(
            id=new_id(), area_id=scene.area_id, code=f"N-{number + 1:02d}", name=f"Nurse {number + 1}",
            home_address="1 Elm St", home_lat=39.95, home_lon=-83.05, languages=["en"], pet_allergies=[],
        )  # fmt: skip
        row.licences = [
            LicenceRow(
                id=new_id(), state="OH", kind="RN", number=f"RN.{number}", multistate=False,
                valid_from=date(2024, 1, 1), expires_on=date(2027, 12, 31),
            )
        ]  # fmt: skip
        row.competencies = [
            CompetencyRow(id=new_id(), code=code, valid_from=date(2026, 1, 1), expires_on=date(2027, 12, 31))
            for code in ("acls", "bls", "iv", "ketamine")
        ]
        scene.session.add(row)
        scene.session.flush()
        days = [TODAY + timedelta(days=at) for at in range(7 * weeks)]
        scene.session.add_all(
            ShiftRow(id=new_id(), nurse_id=row.id, starts_at=at(8, day), ends_at=at(18, day))
            for day in days
            if day.isoweekday() <= 5
        )
        found.append(row.id)
    scene.session.flush()
    return found


def free_always(**more: Any) -> Availability:
    """Patient and adult are free on every weekday."""
    return Availability(**({"patient": EVERY_MORNING, "adult": EVERY_MORNING} | more))

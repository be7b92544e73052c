"""Orders, their versions, series and their infusions as values (care-rules.md sections 1, 3 and 6).

An order is signed for one series; each change is a new version that nobody alters. Kilograms, milligrams,
millilitres and rates are exact decimals; what custody counts (`Dose.drawn_ug`) is whole micrograms.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, NewType
from uuid import UUID

from dispatch.clearance.model import RuleClass
from dispatch.kernel.refusals import Reason
from dispatch.series.states import SeriesState

OrderId = NewType("OrderId", UUID)
SeriesId = NewType("SeriesId", UUID)
InfusionId = NewType("InfusionId", UUID)


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A broken rule of an order and its class: only OVERRIDE is signed over, only WARN acknowledged."""

    rule_class: RuleClass
    reason: Reason


class Indication(StrEnum):
    """What is treated (row A18); anything else needs the prescriber's override."""

    MAJOR_DEPRESSION = "major_depression"
    TREATMENT_RESISTANT_DEPRESSION = "treatment_resistant_depression"
    BIPOLAR_DEPRESSION = "bipolar_depression"
    PTSD = "ptsd"
    ANXIETY = "anxiety"
    OCD = "ocd"
    PAIN_DISORDER = "pain_disorder"
    CHRONIC_PAIN = "chronic_pain"
    CRPS = "crps"
    OTHER = "other"


class Route(StrEnum):
    """How a drug is given; only the first can be ordered for a home (row A19)."""

    INTRAVENOUS_INFUSION = "intravenous_infusion"
    INTRAMUSCULAR = "intramuscular"
    INTRANASAL = "intranasal"
    ESKETAMINE_SPRAY = "esketamine_spray"
    ORAL = "oral"
    SUBLINGUAL = "sublingual"
    LOZENGE = "lozenge"


class Delivery(StrEnum):
    """What moves the drug; only a pump may (row B04)."""

    PUMP = "pump"
    GRAVITY = "gravity"
    BOLUS = "bolus"


class DrawRounding(StrEnum):
    """How millilitres to draw are rounded to 0.01; the prescriber chooses down where nearest is too much."""

    NEAREST = "nearest"
    DOWN = "down"


class Antiemetic(StrEnum):
    """The remedy against nausea of the order set; none has to be said (row B22)."""

    ONDANSETRON_PRN = "ondansetron_prn"
    NONE = "none"


class Phase(StrEnum):
    """Which part of a treatment an infusion belongs to (rows A17, B05, B06, C06)."""

    INDUCTION = "induction"
    WEEKLY = "weekly"
    MAINTENANCE = "maintenance"


class Response(StrEnum):
    """What the infusions so far have done (row D03)."""

    RESPONDER = "responder"
    PARTIAL = "partial"
    NON_RESPONDER = "non_responder"


class InfusionState(StrEnum):
    """What became of one infusion of a series."""

    PLANNED = "planned"
    BOOKED = "booked"
    GIVEN = "given"
    MISSED = "missed"
    DROPPED = "dropped"


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What a prescriber writes on an order. A blank (None) blocks.

    Attributes
    ----------
    weight_kg, weighed_on
        What the dose was reckoned with, and the day of weighing.
    concentration_ug_per_ml
        Of the vial, as in the product's row of custody.
    final_ml
        What the drawn drug is made up to.
    rate_low_ml_h, rate_high_ml_h
        Between these a nurse may set the pump (row D05); the ordered rate lies within.
    """

    indication: Indication | None = None
    route: Route | None = None
    delivery: Delivery | None = None
    weight_kg: Decimal | None = None
    weighed_on: date | None = None
    mg_per_kg: Decimal | None = None
    concentration_ug_per_ml: int | None = None
    final_ml: Decimal | None = None
    minutes: int | None = None
    rate_low_ml_h: Decimal | None = None
    rate_high_ml_h: Decimal | None = None
    antiemetic: Antiemetic | None = None
    draw_rounding: DrawRounding = DrawRounding.NEAREST


@dataclass(frozen=True, kw_only=True)
class Dose:
    """The arithmetic of an order, see `rules.dosing.dose_of`.

    Attributes
    ----------
    mg
        Kilograms x mg/kg, to 0.1.
    draw_ml
        `mg` / concentration, to 0.01: what the nurse draws.
    drawn_ug
        What that draw holds: custody's amount, and what the caps are tested on a second time.
    final_mg_ml
        Of what is in the pump, to 0.001.
    rate_ml_h
        Of the pump, to 0.1, never rounded up.
    mg_kg_h
        To 0.001.
    """

    mg: Decimal
    draw_ml: Decimal
    drawn_ug: int
    final_ml: Decimal
    final_mg_ml: Decimal
    minutes: int
    rate_ml_h: Decimal
    mg_kg_h: Decimal


@dataclass(frozen=True, kw_only=True)
class SignedOver:
    """A rule of class OVERRIDE that the prescriber signed over, why, and until when."""

    code: str
    reason: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, kw_only=True)
class ExternalOrder:
    """An order of a prescriber outside the company, which ours countersigns (row D10).

    `outside_id` names the kept scan, where there is one (`OutsideOrder`).
    """

    prescriber_name: str = field(repr=False)
    licence_number: str = field(repr=False)
    licence_state: str
    signed_on: date
    outside_id: UUID | None = None


@dataclass(frozen=True, kw_only=True)
class OutsideOrder:
    """The scan of an order signed outside with what was transcribed of it; it waits to be countersigned."""

    outside_id: UUID
    document_id: UUID
    external: ExternalOrder
    entered_at: datetime


@dataclass(frozen=True, kw_only=True)
class OrderVersion:
    """One signed version of an order; it never changes.

    Attributes
    ----------
    signed_by
        The account of our prescriber, who signs alone or countersigns `external`.
    expires_at
        From this instant the order holds (30 days by default).
    policy
        The values of the policies that judged it.
    """

    order_id: OrderId
    version: int
    terms: Terms
    dose: Dose
    signed_by: UUID
    signed_at: datetime
    expires_at: datetime
    signed_over: tuple[SignedOver, ...] = ()
    acknowledged: frozenset[str] = frozenset()
    external: ExternalOrder | None = None
    reason: str = field(default="", repr=False)
    policy: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, kw_only=True)
class Order:
    """The order of a series with the version in force.

    For the bedside: `dose.mg`, `dose.draw_ml`, `dose.drawn_ug`, `dose.rate_ml_h`, `dose.mg_kg_h`,
    `terms.rate_low_ml_h`, `terms.rate_high_ml_h`, `terms.antiemetic`, `terms.weight_kg`.
    """

    order_id: OrderId
    series_id: SeriesId
    patient_id: UUID
    area_id: UUID
    state: str
    current: OrderVersion

    @property
    def version(self) -> int:
        """Which version is in force."""
        return self.current.version

    @property
    def terms(self) -> Terms:
        """What was ordered."""
        return self.current.terms

    @property
    def dose(self) -> Dose:
        """What that comes to."""
        return self.current.dose

    @property
    def signed_at(self) -> datetime:
        """When the version was signed."""
        return self.current.signed_at

    @property
    def signed_by(self) -> UUID:
        """By whom."""
        return self.current.signed_by

    @property
    def expires_at(self) -> datetime:
        """From when on it holds."""
        return self.current.expires_at

    @property
    def reference(self) -> str:
        """How appointments and custody name it: ``<order id>/<version>``."""
        return f"{self.order_id}/{self.version}"


@dataclass(frozen=True, kw_only=True)
class Infusion:
    """One infusion of a series.

    Attributes
    ----------
    earliest, latest
        The days between which it may lie, by the series' spacing.
    day, part
        Where it is laid: a day by the area's calendar and a part of it; None while it is not.
    appointment_id
        A row of the appointments chapter, known here by its id only.
    """

    infusion_id: InfusionId
    series_id: SeriesId
    number: int
    phase: Phase
    state: InfusionState
    earliest: date | None = None
    latest: date | None = None
    day: date | None = None
    part: str | None = None
    nurse_id: UUID | None = None
    appointment_id: UUID | None = None
    given_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class InfusionNumber:
    """Which infusion of a series an appointment is: `number` of `of`."""

    series_id: SeriesId
    number: int
    of: int
    phase: Phase


@dataclass(frozen=True, kw_only=True)
class Series:
    """A series as it stands."""

    series_id: SeriesId
    patient_id: UUID
    area_id: UUID
    state_code: str
    template: str
    state: SeriesState
    infusions: tuple[Infusion, ...]
    consented: bool
    reviewed_after: int

    @property
    def given(self) -> int:
        """How many infusions were given."""
        return sum(each.state is InfusionState.GIVEN for each in self.infusions)

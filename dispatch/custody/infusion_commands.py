"""What a nurse reports of an infusion, and of the residual afterwards: one frozen value a deed.

A pump gives drug over time: the rate is ordered, the amount is measured. So an infusion is a start, changes
of rate and stops, each stop with what was given since the start; a part is a stop that does not complete.
"""

from dataclasses import dataclass
from uuid import UUID

from dispatch.custody.commands import VialDeed
from dispatch.custody.model import Override


@dataclass(frozen=True, kw_only=True)
class StartInfusion(VialDeed):
    """Drawn-up drug runs into a patient. `prime_ug` fills the line and reaches nobody yet."""

    visit_id: UUID
    rate_ug_per_min: int
    prime_ug: int = 0
    presence: str = ""
    override: Override | None = None


@dataclass(frozen=True, kw_only=True)
class ChangeRate(VialDeed):
    """The pump was set to another rate; 0 pauses."""

    visit_id: UUID
    rate_ug_per_min: int


@dataclass(frozen=True, kw_only=True)
class StopInfusion(VialDeed):
    """The pump was stopped: what it says it gave since the start, what is left, what stays in the line.

    Attributes
    ----------
    amount_ug
        Given since the infusion's start; 0 when nothing ran in.
    measured_ug
        The residual in bag or syringe, measured, without the line; None while it was not measured.
    prime_ug
        Left in the line. It was not given, and is wasted with the residual.
    completes
        False when the rest will run later.
    """

    visit_id: UUID
    amount_ug: int
    measured_ug: int | None = None
    prime_ug: int = 0
    completes: bool = True


@dataclass(frozen=True, kw_only=True)
class MeasureResidual(VialDeed):
    """What is left of an opened vial and its syringe was measured, before anybody wastes it."""

    measured_ug: int
    visit_id: UUID | None = None


@dataclass(frozen=True, kw_only=True)
class SealResidual(VialDeed):
    """The measured residual was sealed, to be carried back to a pharmacy."""

    measured_ug: int
    seal: str
    visit_id: UUID | None = None


@dataclass(frozen=True, kw_only=True)
class ReturnResidual(VialDeed):
    """A sealed residual was handed in; the pharmacist reads its seal, measures it and signs."""

    pharmacy_id: UUID
    measured_ug: int
    seal: str

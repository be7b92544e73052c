"""Whether a measured residual is what the ledger says it is."""

from dataclasses import dataclass

UL_PER_ML = 1000
MOST_UG_PER_ML = 1_000_000
MOST_UL = 5_000_000


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What a measurement found. `codes` is empty where it agrees."""

    found_ug: int
    codes: tuple[str, ...]


def judged(
    measured_ug_per_ml: int,
    volume_ul: int,
    expected_ug_per_ml: int,
    expected_ug: int,
    tolerance_percent: int,
    diluted: bool,
) -> Verdict:
    """Compare concentration and amount with label and ledger, in whole numbers.

    Saline for drug lowers the concentration, saline added lowers it too, and drug merely taken lowers the
    amount: one of both tells (attack 17). USP's monograph of ketamine hydrochloride injection allows 95.0 to
    105.0 % of the label; the policy's tolerance (``custody.assay``) adds the measurement's own error.
    """
    found_ug = measured_ug_per_ml * volume_ul // UL_PER_ML
    codes = []
    if not diluted and not _agrees(measured_ug_per_ml, expected_ug_per_ml, tolerance_percent):
        codes.append("assay_concentration")
    if not _agrees(found_ug, expected_ug, tolerance_percent):
        codes.append("assay_amount")
    return Verdict(found_ug=found_ug, codes=tuple(codes))


def is_plausible(measured_ug_per_ml: int, volume_ul: int) -> bool:
    """Tell whether these figures can have been measured of a residual."""
    return 0 <= measured_ug_per_ml <= MOST_UG_PER_ML and 0 <= volume_ul <= MOST_UL


def _agrees(found: int, expected: int, tolerance_percent: int) -> bool:
    return abs(found - expected) * 100 <= expected * tolerance_percent

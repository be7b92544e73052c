"""Amounts of drug as whole micrograms: a ledger never holds a fraction or a float."""

from decimal import Decimal

UG_PER_MG = 1000
# 1 kg of substance: far above any vial, low enough that sums stay inside 64 bits.
MOST_UG = 1_000_000_000


def ug_from_mg(text: str | Decimal | int) -> int:
    """Convert milligrams to whole micrograms, exactly.

    Parameters
    ----------
    text
        Milligrams as written by a person ("35.0") or as a `Decimal`; plain ASCII digits only.

    Returns
    -------
    int
        Micrograms.

    Raises
    ------
    ValueError
        When it is no finite number, is negative, is finer than a microgram, or exceeds `MOST_UG`.
    """
    if isinstance(text, str) and not text.isascii():
        raise ValueError("write the amount in plain digits, such as 35.0")
    try:
        amount = Decimal(text) * UG_PER_MG
    except ArithmeticError:  # no number at all, or one beyond what Decimal computes with
        raise ValueError("write the amount in plain digits, such as 35.0") from None
    if not amount.is_finite():
        raise ValueError("the amount must be a finite number")
    if amount != amount.to_integral_value():
        raise ValueError("the amount must be whole micrograms (at most three decimals of a milligram)")
    if not 0 <= amount <= MOST_UG:
        raise ValueError(f"the amount must lie between 0 and {MOST_UG // UG_PER_MG} mg")
    return int(amount)


def mg_text(amount_ug: int) -> str:
    """Write micrograms as milligrams with three decimals: 35000 -> "35.000"."""
    sign = "-" if amount_ug < 0 else ""
    return f"{sign}{abs(amount_ug) // UG_PER_MG}.{abs(amount_ug) % UG_PER_MG:03d}"

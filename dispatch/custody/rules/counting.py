"""Blind counts and the end of a shift."""

from dispatch.custody.model import State, Vial
from dispatch.custody.sentences import reason
from dispatch.custody.states import SEALED, UNACCOUNTED
from dispatch.kernel.quantities import mg_text
from dispatch.kernel.refusals import Reason


def unaccounted(vials: list[Vial]) -> list[Reason]:
    """Return one reason for each vial that keeps a shift open (attack 13), all of them at once."""
    found = []
    for vial in vials:
        if vial.state not in UNACCOUNTED:
            continue
        if vial.state in SEALED:
            found.append(reason("unopened_in_hand", serial=vial.serial))
        elif vial.state is State.SEAL_MISMATCH:
            found.append(reason("quarantined_in_hand", serial=vial.serial))
        elif vial.residual_ug:
            amount = mg_text(vial.residual_ug)
            found.append(reason("residual_unaccounted", serial=vial.serial, amount=amount))
    return found


def count_ends(attempt: int, counted_units: int, expected_units: int) -> bool:
    """A count ends when it agrees or with the second figure; until then nobody sees what is expected."""
    return counted_units == expected_units or attempt == 2

"""In which ways the destruction of leftover drug may be seen, and how much each is worth.

At a patient's home there is seldom a second licensed person. What is left is ranked, and the rank is shown
wherever the waste is (21 CFR 1317.95(d) asks two employees for inventory; for a residual the registrant's
policy ``custody.witnesses`` says which ways it takes).
"""

from enum import StrEnum


class WitnessKind(StrEnum):
    """How a waste was seen, best first.

    ``present``: a pharmacist or second nurse stood by. ``live_video``: a second licensed person saw it
    live and signed on an own device. ``carried_back``: the sealed residual was brought to the pharmacy and
    wasted there. ``companion``: somebody of the patient's saw it, who has no account and
    no licence, and signs nothing (docs/custody-proofs.md).
    """

    PRESENT = "present"
    LIVE_VIDEO = "live_video"
    CARRIED_BACK = "carried_back"
    COMPANION = "companion"


_STRENGTHS = {
    WitnessKind.PRESENT: (4, "second licensed person present"),
    WitnessKind.LIVE_VIDEO: (3, "second licensed person by live video"),
    WitnessKind.CARRIED_BACK: (2, "sealed residual carried back"),
    WitnessKind.COMPANION: (1, "companion of the patient: weak"),
}
UNSEEN = "no witness"


def strength(kind: WitnessKind | None) -> int:
    """Rank a witness from 4 (best) to 1 (weak); 0 where nobody saw it."""
    return _STRENGTHS[kind][0] if kind else 0


def strength_text(kind: WitnessKind | None) -> str:
    """Say in words how a waste was seen."""
    return _STRENGTHS[kind][1] if kind else UNSEEN

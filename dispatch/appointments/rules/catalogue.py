"""The services that Housecall starts with, and those it never offers (care-rules.md sections 1 and 5).

The rows are configuration once they are in the database; this is what they begin as.
"""

from collections.abc import Mapping

from dispatch.appointments.model import Service

KETAMINE = frozenset({"acls", "bls", "iv", "ketamine"})
IV = frozenset({"bls", "iv"})
LINE = frozenset({"bls", "line_care"})

CATALOGUE: tuple[Service, ...] = (
    Service(
        code="ketamine_first", name="First ketamine infusion", minutes=150, competencies=KETAMINE,
        controlled=True, units=1,
    ),
    Service(
        code="ketamine_repeat", name="Repeat ketamine infusion", minutes=120, competencies=KETAMINE,
        controlled=True, units=1,
    ),
    Service(
        code="ketamine_repeat_40", name="Repeat ketamine infusion, 40 minutes ordered", minutes=105,
        competencies=KETAMINE, controlled=True, units=1,
    ),
    Service(code="consultation", name="Consultation at home", minutes=45, competencies=frozenset({"bls"})),
    Service(code="hydration", name="IV hydration", minutes=60, competencies=IV),
    Service(code="nad_plus", name="NAD+ infusion", minutes=240, competencies=IV | {"nad"}),
    Service(code="antibiotic", name="IV antibiotic", minutes=75, competencies=IV | {"antibiotic"}),
    Service(code="line_dressing", name="Line dressing change", minutes=40, competencies=LINE),
    Service(
        code="esketamine", name="Esketamine nasal spray", minutes=120, competencies=KETAMINE, controlled=True,
        units=1, offered=False,
    ),
    Service(
        code="ketamine_lozenge", name="Ketamine lozenges", minutes=30, competencies=KETAMINE, controlled=True,
        units=1, offered=False,
    ),
    Service(
        code="ketamine_oral", name="Ketamine by mouth", minutes=30, competencies=KETAMINE, controlled=True,
        units=1, offered=False,
    ),
    Service(
        code="ketamine_sublingual", name="Ketamine under the tongue", minutes=30, competencies=KETAMINE,
        controlled=True, units=1, offered=False,
    ),
    Service(
        code="ketamine_intranasal", name="Ketamine nasal spray", minutes=120, competencies=KETAMINE,
        controlled=True, units=1, offered=False,
    ),
    Service(
        code="ketamine_injection", name="Ketamine into the muscle", minutes=120, competencies=KETAMINE,
        controlled=True, units=1, offered=False,
    ),
)  # fmt: skip

FIRST_INFUSIONS = frozenset({"ketamine_first"})

NOTHING_IS_LEFT = "Nothing is ever left with a patient: there is no such transaction."
WHY_NOT_OFFERED: Mapping[str, str] = {
    "esketamine": "Esketamine is given in certified clinics only (REMS), never at home.",
    "ketamine_lozenge": NOTHING_IS_LEFT,
    "ketamine_oral": NOTHING_IS_LEFT,
    "ketamine_sublingual": NOTHING_IS_LEFT,
    "ketamine_intranasal": "Only infusions by pump are given at home; a nasal spray needs a medical setting.",
    "ketamine_injection": "Only infusions by pump are given at home; an injection needs a medical setting.",
}


def why_not_offered(code: str, name: str) -> str:
    """Say why a service of the catalogue is not given (row A19)."""
    return WHY_NOT_OFFERED.get(code, f"{name} is not offered.")

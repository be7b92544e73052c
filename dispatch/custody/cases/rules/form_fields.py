"""The fields of DEA Forms 106 and 41, in the forms' own order and our own words."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

REGISTRANT, LOSS, TRANSIT, DESTRUCTION, SIGNATURE = (
    "Registrant", "Theft or loss", "Lost in transit", "Destruction", "Declaration",
)  # fmt: skip


class Entry(StrEnum):
    """In what way a field is filled in."""

    LINE = "line"
    LINES = "lines"
    DAY = "day"
    CHOICE = "choice"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A field of a form.

    Attributes
    ----------
    policy
        The part of the signed policy ``custody.registrant`` that answers it.
    only_if
        Another field and the value it must have for this one to be asked.
    """

    key: str
    label: str
    section: str
    entry: Entry = Entry.LINE
    choices: tuple[str, ...] = ()
    required: bool = True
    policy: str = ""
    only_if: tuple[str, str] | None = None


YES_NO = ("yes", "no")
_TRANSIT = ("type_of_loss", "lost in transit")
_OF_REGISTRANT = (
    Asked(key="registrant_name", label="Name of registrant", section=REGISTRANT, policy="name"),
    Asked(key="registrant_address", label="Registered address", section=REGISTRANT, entry=Entry.LINES),
    Asked(key="dea_number", label="DEA registration number", section=REGISTRANT, policy="dea_number"),
    Asked(key="phone", label="Telephone", section=REGISTRANT, policy="phone"),
)
_NDC = "National drug code of each product without one"

FORM_106 = (
    *_OF_REGISTRANT,
    Asked(key="county", label="County", section=REGISTRANT, policy="county"),
    Asked(
        key="principal_business", label="Principal business", section=REGISTRANT, policy="principal_business"
    ),
    Asked(key="date_of_loss", label="Date of theft or loss, or of discovery", section=LOSS, entry=Entry.DAY),
    Asked(
        key="type_of_loss",
        label="Type of theft or loss",
        section=LOSS,
        entry=Entry.CHOICE,
        choices=(
            "night break-in", "armed robbery", "employee pilferage", "customer theft", "lost in transit",
            "other or not known",
        ),
    ),
    Asked(key="circumstances", label="Circumstances, in your own words", section=LOSS, entry=Entry.LINES),
    Asked(
        key="police", label="Reported to the police?", section=LOSS, entry=Entry.CHOICE, choices=YES_NO
    ),
    Asked(
        key="police_department",
        label="Police department, with telephone",
        section=LOSS,
        only_if=("police", "yes"),
    ),
    Asked(
        key="police_report", label="Number of the police report", section=LOSS, required=False,
        only_if=("police", "yes"),
    ),
    Asked(key="losses_24_months", label="Thefts and losses in the past 24 months", section=LOSS),
    Asked(
        key="injured",
        label="Was anybody killed or injured, and how many?",
        section=LOSS,
        only_if=("type_of_loss", "armed robbery"),
    ),
    Asked(key="purchase_value", label="Purchase value of the substances (US$)", section=LOSS),
    Asked(
        key="other_goods", label="Were other goods taken?", section=LOSS, entry=Entry.CHOICE, choices=YES_NO
    ),
    Asked(key="carrier", label="Common carrier", section=TRANSIT, only_if=_TRANSIT),
    Asked(key="consignee", label="Consignee, with DEA number", section=TRANSIT, only_if=_TRANSIT),
    Asked(
        key="carton_received", label="Was the carton received?", section=TRANSIT, entry=Entry.CHOICE,
        choices=YES_NO, only_if=_TRANSIT,
    ),
    Asked(
        key="carton_tampered", label="Did it look tampered with?", section=TRANSIT, entry=Entry.CHOICE,
        choices=YES_NO, only_if=_TRANSIT,
    ),
    Asked(
        key="carrier_losses", label="Earlier losses with this carrier", section=TRANSIT, only_if=_TRANSIT
    ),
    Asked(
        key="label_marks", label="Marks, symbols or price codes on the labels", section=LOSS, required=False
    ),
    Asked(
        key="order_forms", label="Numbers of stolen DEA Forms 222", section=LOSS, required=False
    ),
    Asked(key="ndc", label=_NDC, section=LOSS),
    Asked(
        key="security_measures",
        label="Measures taken against future thefts or losses",
        section=LOSS,
        entry=Entry.LINES,
    ),
    Asked(key="signed_by", label="Name of who signs", section=SIGNATURE),
    Asked(key="signed_title", label="Title", section=SIGNATURE),
)  # fmt: skip

FORM_41 = (
    *_OF_REGISTRANT,
    Asked(key="contact", label="Contact", section=REGISTRANT, policy="contact"),
    Asked(key="ndc", label=_NDC, section=DESTRUCTION),
    Asked(key="destroyed_on", label="Date of destruction", section=DESTRUCTION, entry=Entry.DAY),
    Asked(key="method", label="Method, rendering it non-retrievable", section=DESTRUCTION),
    Asked(
        key="place", label="Place of destruction, with address", section=DESTRUCTION, entry=Entry.LINES
    ),
    Asked(key="witness_1", label="First employee who witnessed", section=SIGNATURE),
    Asked(key="witness_1_title", label="Title of the first", section=SIGNATURE),
    Asked(key="witness_2", label="Second employee who witnessed", section=SIGNATURE),
    Asked(key="witness_2_title", label="Title of the second", section=SIGNATURE),
)  # fmt: skip

FORMS: Mapping[str, tuple[str, tuple[Asked, ...]]] = {
    "106": ("DEA Form 106: report of theft or loss of controlled substances", FORM_106),
    "41": ("DEA Form 41: registrant record of controlled substances destroyed", FORM_41),
}

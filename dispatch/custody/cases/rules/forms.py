"""DEA Forms 106 and 41 as data: what each asks, where each answer comes from, what is missing, by name.

A field's answer is what a person entered, else what the registrant signed as policy, else what the ledger
knows. Form 106 reports a theft or significant loss (21 CFR 1301.76(b)). Form 41 records the destruction of
*inventory* before two employees (21 CFR 1304.21(e), 1317.95(d)); what is left after an administration is
no inventory and never comes onto it (1304.21(e), 1317.90).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from dispatch.custody.cases.model import Step
from dispatch.custody.cases.rules.deciding import text_fits
from dispatch.custody.cases.rules.form_fields import FORMS, Asked, Entry
from dispatch.custody.cases.sentences import reason
from dispatch.kernel.plain_text import LONGEST_LINE, LONGEST_NOTE
from dispatch.kernel.refusals import Reason


@dataclass(frozen=True, kw_only=True)
class Trace:
    """Where an answer comes from: events of a vial, other cases, or a step of this one."""

    says: str
    event_id: UUID | None = None
    container_id: UUID | None = None
    case_id: UUID | None = None


@dataclass(frozen=True, kw_only=True)
class Known:
    """An answer the ledger gives."""

    value: str
    traces: tuple[Trace, ...]


@dataclass(frozen=True, kw_only=True)
class FilledField:
    """A field with its answer, empty where nobody gave one yet, and where the answer comes from."""

    asked: Asked
    value: str
    traces: tuple[Trace, ...]

    @property
    def missing(self) -> bool:
        """Tell whether the form needs it and nobody answered."""
        return self.asked.required and not self.value


@dataclass(frozen=True, kw_only=True)
class FormItem:
    """A line of the form's list of substances.

    Attributes
    ----------
    ndc
        Ten digits, from the product's GTIN; empty where that holds none.
    amount_ug
        Lost, or destroyed.
    """

    product: str
    product_code: str
    ndc: str
    lot: str
    strength: str
    dosage_form: str
    full_packages: int
    partial_packages: int
    amount_ug: int
    traces: tuple[Trace, ...]


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A form, filled in as far as it can be."""

    form: str
    title: str
    fields: tuple[FilledField, ...]
    items: tuple[FormItem, ...]

    @property
    def missing(self) -> tuple[str, ...]:
        """The labels of what is still missing."""
        lacking = [each.asked.label for each in self.fields if each.missing]
        return (*lacking, *(() if self.items else ("At least one substance",)))

    @property
    def sections(self) -> dict[str, list[FilledField]]:
        """The fields under their sections' headings, in the form's order."""
        found: dict[str, list[FilledField]] = {}
        for each in self.fields:
            found.setdefault(each.asked.section, []).append(each)
        return found


@dataclass(frozen=True, kw_only=True)
class FormSource:
    """All a form is filled from.

    Attributes
    ----------
    known
        What the ledger answers, by key.
    entered
        Steps of this form by the field's key.
    """

    items: tuple[FormItem, ...]
    registrant: Mapping[str, str] = field(default_factory=dict)
    known: Mapping[str, Known] = field(default_factory=dict)
    entered: Mapping[str, Step] = field(default_factory=dict)


def sheet_of(form: str, source: FormSource) -> Sheet:
    """Fill a form in from what was entered, signed as policy and known to the ledger."""
    title, fields = FORMS[form]
    answers: dict[str, FilledField] = {}
    for asked in fields:
        if asked.only_if is not None:
            other, wanted = asked.only_if
            if answers[other].value != wanted:
                continue
        if asked.key == "ndc" and all(item.ndc for item in source.items):
            continue
        answers[asked.key] = _answered(asked, source)
    return Sheet(form=form, title=title, fields=tuple(answers.values()), items=source.items)


def _answered(asked: Asked, source: FormSource) -> FilledField:
    entered = source.entered.get(asked.key)
    if entered is not None and entered.text:
        trace = Trace(says=f"step {entered.sequence}, by hand")
        return FilledField(asked=asked, value=entered.text, traces=(trace,))
    signed = source.registrant.get(asked.policy, "") if asked.policy else ""
    if signed:
        trace = Trace(says="signed policy custody.registrant")
        return FilledField(asked=asked, value=signed, traces=(trace,))
    known = source.known.get(asked.key, Known(value="", traces=()))
    return FilledField(asked=asked, value=known.value, traces=known.traces)


def values_fit(form: str, values: Mapping[str, str], before: Mapping[str, str]) -> list[Reason]:
    """Return everything that is wrong with what was entered, `before` holding the form's other answers."""
    asked = {each.key: each for each in FORMS[form][1]}
    found = []
    for key, value in values.items():
        if key not in asked:
            found.append(reason("no_such_field", key[:40], known=", ".join(asked)))
        elif value:
            found += _value_fits(asked[key], value)
    if form == "41":
        whole = {**before, **values}
        first, second = (whole.get(key, "").strip().casefold() for key in ("witness_1", "witness_2"))
        if first and first == second:
            found.append(reason("witnesses_must_differ", "witness_2"))
    return found


def _value_fits(asked: Asked, value: str) -> Iterable[Reason]:
    if asked.entry is Entry.CHOICE and value not in asked.choices:
        return [reason("unknown_word", asked.key, word=value[:60], known=", ".join(asked.choices))]
    if asked.entry is Entry.DAY and not _is_day(value):
        return [reason("no_such_day", asked.key)]
    lines = asked.entry is Entry.LINES
    return text_fits(value, asked.key, LONGEST_NOTE if lines else LONGEST_LINE, lines=lines)


def _is_day(value: str) -> bool:
    try:
        return value.isascii() and 1900 <= date.fromisoformat(value).year < 2200
    except ValueError:
        return False


def ndc_of(gtin: str) -> str:
    """Return the ten digits of the NDC in a US drug's GTIN-14 (GS1: 0, 03, NDC, check digit), else ""."""
    return gtin[3:13] if len(gtin) == 14 and gtin.startswith("003") else ""

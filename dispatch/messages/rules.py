"""What may be said in a message, and when a failed one is tried again."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from dispatch.kernel.plain_text import CODE, PHONE
from dispatch.kernel.refusals import Reason
from dispatch.messages.model import MESSAGE_STEPS, MessageState, Outcome, Place, Template, ValueKind

NEXT: Mapping[tuple[MessageState, str], MessageState] = {
    (step.source, step.deed): step.target for step in MESSAGE_STEPS
}
_DAYS, _MONTHS = "Mon|Tue|Wed|Thu|Fri|Sat|Sun", "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
SHAPES: Mapping[ValueKind, re.Pattern[str]] = {
    ValueKind.DAY: re.compile(rf"(?:{_DAYS}) [0-9]{{1,2}} (?:{_MONTHS})(?: [0-9]{{4}})?"),
    ValueKind.TIME: re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]"),
    ValueKind.NUMBER: re.compile(r"[0-9]{1,4}"),
    ValueKind.PHONE: PHONE,
    ValueKind.LINK: re.compile(r"https?://[A-Za-z0-9.:\[\]-]{1,120}/[A-Za-z0-9/._~=-]{0,200}"),
    ValueKind.REFERENCE: CODE,
}
# Stems of what tells of a person's health: drugs, treatments, diagnoses, scores.
HEALTH_STEMS = (
    "ketamin", "esketamin", "spravato", "infus", "inject", "lozenge", "dose", "dosage", "milligram", "drug",
    "medic", "pill", "tablet", "antidepress", "benzodiaz", "opioid", "theophyll", "aminophyll", "vasopress",
    "ondansetron", "antibiot", "hydration", "nad+", "therap", "treat", "depress", "anxi", "ptsd", "trauma",
    "bipolar", "psych", "schizo", "suicid", "mental", "pain", "crps", "ocd", "disorder", "diagnos", "symptom",
    "disease", "phq", "gad-", "gad7", "c-ssrs", "cadss", "score", "vitals", "blood", "pregnan", "alcohol",
    "addict", "clinic", "patient", "prescri", "dissociat", "anaesth", "anesth", "cannula", "drip", "needle",
)  # fmt: skip
# So short that they count as whole words only.
_SHORT = 4
_HEALTH = re.compile(
    "|".join(rf"\b{re.escape(stem)}" + (r"\b" if len(stem) < _SHORT else "") for stem in HEALTH_STEMS),
    re.IGNORECASE,
)


def health_words(text: str) -> tuple[str, ...]:
    """Return what in a text tells of somebody's health, in lower case; empty when nothing does."""
    return tuple(found.lower() for found in _HEALTH.findall(text))


def value_faults(template: Template, values: Mapping[str, str]) -> tuple[Reason, ...]:
    """Return what is wrong with the values of a message: missing, not asked for, of another kind."""
    return tuple(_faults(template, values))


def _faults(template: Template, values: Mapping[str, str]) -> Iterator[Reason]:
    for name in sorted(set(values) - set(template.places)):
        text = "The message has no place of that name."
        yield Reason(code="message_place_unknown", text=text, field=f"values.{name}")
    for name, place in template.places.items():
        if name not in values:
            text = "The message needs it."
            yield Reason(code="message_value_missing", text=text, field=f"values.{name}")
        elif not _fits(place, values[name]):
            text = f"It must be of the kind {place.kind.value}."
            yield Reason(code="message_value_unfit", text=text, field=f"values.{name}")
        elif place.kind is not ValueKind.WORD and health_words(_readable(place, values[name])):
            text = "A message never tells of anybody's health."
            yield Reason(code="message_tells_of_health", text=text, field=f"values.{name}")


def _readable(place: Place, value: str) -> str:
    """Return the part in which words may stand: the end of a link is a random token."""
    return value.rpartition("/")[0] if place.kind is ValueKind.LINK else value


def _fits(place: Place, value: str) -> bool:
    if place.kind is ValueKind.WORD:
        return value in place.words
    return SHAPES[place.kind].fullmatch(value) is not None


def rendered(template: Template, values: Mapping[str, str]) -> str:
    """Return the words with the values in their places."""
    return template.words.format_map(values)


def after_try(
    outcome: Outcome, tries: int, now: datetime, policy: Mapping[str, Any]
) -> tuple[MessageState, datetime | None]:
    """Return where a message stands after its `tries`-th try, and when the next is due.

    Parameters
    ----------
    policy
        ``messages.sending``: waits double from `first_wait_s` up to `longest_wait_s`.
    """
    if outcome.sent:
        return NEXT[MessageState.SENDING, "deliver"], None
    if outcome.hopeless or tries >= policy["most_tries"]:
        return NEXT[MessageState.SENDING, "give_up"], None
    wait_s = min(policy["first_wait_s"] * 2 ** min(tries - 1, 20), policy["longest_wait_s"])
    return NEXT[MessageState.SENDING, "try_again"], now + timedelta(seconds=wait_s)

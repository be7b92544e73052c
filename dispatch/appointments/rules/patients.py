"""What may be entered about a patient, and how her name is found again."""

import unicodedata
from collections.abc import Iterator
from datetime import date

from dispatch.appointments.model import PatientDraft, Point
from dispatch.kernel.plain_text import LONGEST_NOTE, code_fault, phone_fault, text_fault
from dispatch.kernel.refusals import Reason
from dispatch.workforce.rules.compact import Compact
from dispatch.workforce.rules.drafts import (
    GENDERS,
    LANGUAGE,
    WORD,
    gender_unknown,
    needed_text,
    point_faults,
    state_faults,
    words_faults,
)

OLDEST_BIRTH = date(1900, 1, 1)


def patient_faults(draft: PatientDraft, today: date, compact: Compact) -> tuple[Reason, ...]:
    """Return every fault of what was said about a patient. No sentence repeats what was typed."""
    return tuple(_patient(draft, today, compact))


def _patient(draft: PatientDraft, today: date, compact: Compact) -> Iterator[Reason]:
    if fault := code_fault(draft.reference):
        yield Reason(code=fault[0], text=fault[1], field="reference")
    yield from state_faults(draft.state, "state", compact)
    yield from needed_text("name", draft.name)
    yield from needed_text("address", draft.address)
    if draft.phone is not None and (fault := phone_fault(draft.phone)):
        yield Reason(code=fault[0], text=fault[1], field="phone")
    if not OLDEST_BIRTH <= draft.born_on <= today:
        text = f"A birthday lies between {OLDEST_BIRTH} and today."
        yield Reason(code="date_out_of_range", text=text, field="born_on")
    if draft.access_notes and (fault := text_fault(draft.access_notes, most=LONGEST_NOTE, lines=True)):
        yield Reason(code=fault[0], text=fault[1], field="access_notes")
    yield from words_faults("pets", draft.pets, WORD)
    for field, language in (
        ("required_language", draft.required_language),
        ("preferred_language", draft.preferred_language),
    ):
        if language is not None:
            yield from words_faults(field, (language,), LANGUAGE)
    for field, gender in (
        ("required_gender", draft.required_gender),
        ("preferred_gender", draft.preferred_gender),
    ):
        if gender is not None and gender not in GENDERS:
            yield gender_unknown(field)


def pin_faults(point: Point) -> tuple[Reason, ...]:
    """Return what is wrong with a pin that a dispatcher set."""
    return tuple(point_faults(point.lat, point.lon, "lat", "lon"))


def name_key(name: str) -> str:
    """Return a name as it is looked up: without case, accents' forms and blanks making a difference."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def age_on(born_on: date, day: date) -> int:
    """Return the completed years of age; who was born on 29 February turns on 1 March."""
    had_birthday = (day.month, day.day) >= (born_on.month, born_on.day)
    return day.year - born_on.year - (0 if had_birthday else 1)

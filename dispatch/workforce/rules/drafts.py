"""What may be entered about a nurse: every fault of a form at once, with its field."""

import re
from collections.abc import Iterator
from datetime import date, timedelta

from dispatch.kernel.plain_text import code_fault, text_fault
from dispatch.kernel.refusals import Reason
from dispatch.workforce.model import (
    MULTISTATE_KINDS,
    Authorisation,
    Competency,
    CompetencyCode,
    Licence,
    NurseDraft,
    Residence,
    Shift,
    StateRule,
)
from dispatch.workforce.rules.compact import Compact

LANGUAGE = re.compile(r"[a-z]{2,3}")
WORD = re.compile(r"[a-z][a-z_]{0,29}")
GENDERS = frozenset({"female", "male", "nonbinary"})
MOST_LOCK_BOX_UNITS = 100
FARTHEST = timedelta(days=20 * 366)
LONGEST_SHIFT = timedelta(hours=24)
EARLIEST = date(1950, 1, 1)
# Beyond these, calendars and zones cannot be computed with.
FIRST_YEAR, LAST_YEAR = 1900, 2199


def nurse_faults(draft: NurseDraft) -> tuple[Reason, ...]:
    """Return every fault of what was said about a nurse."""
    return tuple(_nurse(draft))


def _nurse(draft: NurseDraft) -> Iterator[Reason]:
    if fault := code_fault(draft.code):
        yield Reason(code=fault[0], text=fault[1], field="code")
    for name, text in (("name", draft.name), ("home_address", draft.home_address)):
        yield from needed_text(name, text)
    if draft.gender is not None and draft.gender not in GENDERS:
        yield gender_unknown("gender")
    if not draft.languages:
        yield Reason(code="value_missing", text="A nurse speaks at least one language.", field="languages")
    yield from words_faults("languages", draft.languages, LANGUAGE)
    yield from words_faults("pet_allergies", draft.pet_allergies, WORD)
    yield from point_faults(*draft.home_point, "home_lat", "home_lon")
    if not 0 <= draft.lock_box_units <= MOST_LOCK_BOX_UNITS:
        text = f"A lock-box holds 0 to {MOST_LOCK_BOX_UNITS} vials."
        yield Reason(code="number_out_of_range", text=text, field="lock_box_units")


def needed_text(field: str, text: str) -> Iterator[Reason]:
    """Yield what is wrong with a line that must be there."""
    if not text.strip():
        yield Reason(code="value_missing", text="This must be filled in.", field=field)
    elif fault := text_fault(text):
        yield Reason(code=fault[0], text=fault[1], field=field)


def gender_unknown(field: str) -> Reason:
    """Return the fault of a gender that is none of those known."""
    choices = ", ".join(sorted(GENDERS))
    return Reason(code="choice_unknown", text=f"Choose one of: {choices}.", field=field)


def words_faults(field: str, words: tuple[str, ...], form: re.Pattern[str]) -> Iterator[Reason]:
    """Yield the fault of a list of short words, such as languages or animals."""
    if not all(form.fullmatch(word) for word in words):
        example = "en or es" if form is LANGUAGE else "cat or dog"
        yield Reason(
            code="word_malformed", text=f"Use short lower-case words such as {example}.", field=field
        )


def point_faults(lat: float, lon: float, lat_field: str, lon_field: str) -> Iterator[Reason]:
    """Yield what is wrong with a point in degrees; (0, 0) is what a missing point looks like."""
    if not -90 <= lat <= 90:
        text = "Latitude lies between -90 and 90 degrees."
        yield Reason(code="number_out_of_range", text=text, field=lat_field)
    if not -180 <= lon <= 180:
        text = "Longitude lies between -180 and 180 degrees."
        yield Reason(code="number_out_of_range", text=text, field=lon_field)
    if lat == lon == 0:
        text = "Latitude 0, longitude 0 lies in the sea: leave both empty when the point is not known."
        yield Reason(code="point_at_zero", text=text, field=lat_field)


def state_faults(state: str, field: str, compact: Compact) -> Iterator[Reason]:
    """Yield the fault of a state that does not exist."""
    if state not in compact.states:
        text = "Use the two letters of a state or territory, such as OH."
        yield Reason(code="state_unknown", text=text, field=field)


def span_faults(valid_from: date, expires_on: date, today: date) -> Iterator[Reason]:
    """Yield what is wrong with the days between which something is valid."""
    if valid_from < EARLIEST:
        yield Reason(code="date_out_of_range", text=f"Before {EARLIEST}.", field="valid_from")
    if expires_on > today + FARTHEST:
        text = "More than 20 years ahead: nothing is valid that long."
        yield Reason(code="date_out_of_range", text=text, field="expires_on")
    if expires_on < valid_from:
        text = "It expires before it is valid."
        yield Reason(code="ends_before_it_begins", text=text, field="expires_on")


def licence_faults(licence: Licence, today: date, compact: Compact) -> tuple[Reason, ...]:
    """Return every fault of a licence as entered."""
    return tuple(_licence(licence, today, compact))


def _licence(licence: Licence, today: date, compact: Compact) -> Iterator[Reason]:
    yield from state_faults(licence.state, "state", compact)
    if fault := code_fault(licence.number):
        yield Reason(code=fault[0], text=fault[1], field="number")
    yield from span_faults(licence.valid_from, licence.expires_on, today)
    if not licence.multistate:
        return
    if licence.kind.value not in MULTISTATE_KINDS:
        text = "Advanced practice is licensed state by state: never multistate."
        yield Reason(code="kind_never_multistate", text=text, field="multistate")
    if licence.state in compact.states and licence.state not in compact.issuing:
        text = f"{licence.state} issues no multistate licences."
        yield Reason(code="home_state_not_issuing", text=text, field="multistate")


def residence_faults(residence: Residence, today: date, compact: Compact) -> tuple[Reason, ...]:
    """Return every fault of a primary residence as entered; it may begin up to a year ahead."""
    found = list(state_faults(residence.state, "state", compact))
    if not EARLIEST <= residence.since <= today + timedelta(days=366):
        text = f"Between {EARLIEST} and a year from now."
        found.append(Reason(code="date_out_of_range", text=text, field="since"))
    return tuple(found)


def competency_faults(competency: Competency, today: date) -> tuple[Reason, ...]:
    """Return every fault of a competency as entered."""
    found = list(span_faults(competency.valid_from, competency.expires_on, today))
    if competency.code not in {code.value for code in CompetencyCode}:
        choices = ", ".join(code.value for code in CompetencyCode)
        found.append(Reason(code="choice_unknown", text=f"Choose one of: {choices}.", field="code"))
    return tuple(found)


def authorisation_faults(row: Authorisation, today: date, compact: Compact) -> tuple[Reason, ...]:
    """Return every fault of an authorisation as entered."""
    found = [*state_faults(row.state, "state", compact), *span_faults(row.valid_from, row.expires_on, today)]
    if fault := code_fault(row.registrant):
        found.append(Reason(code=fault[0], text=fault[1], field="registrant"))
    return tuple(found)


def shift_form_faults(shift: Shift) -> tuple[Reason, ...]:
    """Return every fault of a shift's two ends."""
    if (
        not FIRST_YEAR <= shift.starts_at.year <= LAST_YEAR
        or not FIRST_YEAR <= shift.ends_at.year <= LAST_YEAR
    ):
        return (Reason(code="date_out_of_range", text="Check the year.", field="starts_at"),)
    if shift.ends_at <= shift.starts_at:
        text = "A shift ends after it begins."
        return (Reason(code="ends_before_it_begins", text=text, field="ends_at"),)
    if shift.length > LONGEST_SHIFT:
        return (Reason(code="shift_too_long", text="A shift lasts 24 hours at most.", field="ends_at"),)
    return ()


def state_rule_faults(rule: StateRule, compact: Compact) -> tuple[Reason, ...]:
    """Return every fault of a state's rule as entered."""
    found = list(state_faults(rule.state, "state", compact))
    for field, text in (
        ("setting", rule.setting),
        ("supervision", rule.supervision),
        ("citation", rule.citation),
    ):
        found.extend(needed_text(field, text))
    if unknown := rule.roles - {"RN", "APRN"}:
        text = "Practical nurses never give ketamine." if "LPN" in unknown else "Choose RN or APRN."
        found.append(Reason(code="role_unknown", text=text, field="roles"))
    if not rule.roles:
        found.append(Reason(code="value_missing", text="Name at least one role.", field="roles"))
    return tuple(found)

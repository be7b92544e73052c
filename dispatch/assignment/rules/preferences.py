"""What the patient would like: graded, priced, never a law (care-rules.md section 5, "Soft")."""

from collections.abc import Iterator, Mapping

from dispatch.assignment.model import AppointmentFacts, Grade, NurseFacts, Preference

# A nurse who came before, but not last time, is half as good as the last one.
KNOWN_BEFORE = 0.5


def preferences(nurse: NurseFacts, appointment: AppointmentFacts) -> tuple[Preference, ...]:
    """Return every wish the patient voiced and how well `nurse` meets it."""
    return tuple(_graded(nurse, appointment))


def preference_cost(found: tuple[Preference, ...], prices: Mapping[str, int]) -> Mapping[str, int]:
    """Price what is missed: code -> cost, in the unit of `prices` (whole; a code without a price costs 0)."""
    return {wish.code: round(prices.get(wish.code, 0) * wish.share) for wish in found}


def _graded(nurse: NurseFacts, appointment: AppointmentFacts) -> Iterator[Preference]:
    if appointment.preferred_nurse is not None:
        met = appointment.preferred_nurse == nurse.nurse_id
        yield _wish("preferred_nurse", met, "the nurse the patient asked for", "another nurse was asked for")
    elif appointment.known_nurses:
        yield _continuity(nurse, appointment)
    if (language := appointment.preferred_language) is not None:
        met = language in nurse.languages
        yield _wish("preferred_language", met, f"speaks {language}", f"does not speak {language}")
    if (gender := appointment.preferred_gender) is not None:
        met = gender == nurse.gender
        yield _wish("preferred_gender", met, "of the preferred gender", "not of the preferred gender")


def _wish(code: str, met: bool, yes: str, no: str) -> Preference:
    return Preference(
        code=code, grade=Grade.FULL if met else Grade.NOT, share=0.0 if met else 1.0, text=yes if met else no
    )


def _continuity(nurse: NurseFacts, appointment: AppointmentFacts) -> Preference:
    if nurse.nurse_id == appointment.known_nurses[0]:
        return _wish("continuity", True, "came last time", "")
    if nurse.nurse_id in appointment.known_nurses:
        return Preference(
            code="continuity", grade=Grade.PARTLY, share=KNOWN_BEFORE, text="came before, not last time"
        )
    return _wish("continuity", False, "", "the patient does not know her yet")

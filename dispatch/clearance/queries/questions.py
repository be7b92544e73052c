"""The screening questions as a form shows them."""

from dispatch.clearance.rules.screening import QUESTIONS, RULES

QUESTION_CODES = tuple(QUESTIONS)


def question_words() -> tuple[tuple[str, str], ...]:
    """Return each question's code with what a yes would mean."""
    return tuple((code, RULES[code].text) for code in QUESTION_CODES)

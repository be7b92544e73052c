"""What the answers of a section leave open.

A blank answer is never a "no": it blocks as long as nobody answered.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from dispatch.kernel.refusals import Reason
from dispatch.kernel.signature import signature_fault
from dispatch.visits.bedside.model import Class, Section, Unmet
from dispatch.visits.bedside.rules.questions import NO, QUESTIONS, STEP_OF, YES, Question

# What a section may leave blank.
MAY_STAY_EMPTY = frozenset({"note", "signature", "tick"})


def unmet_of(section: Section, answers: Mapping[str, Any]) -> list[Unmet]:
    """Return everything that a section leaves unmet: what is blank, and each answer in the way."""
    step = STEP_OF[section].number if section in STEP_OF else 0
    found = []
    for question in QUESTIONS[section]:
        answer = answers.get(question.name)
        name = f"{section.value}.{question.name}"
        if blank(answer):
            if question.kind not in MAY_STAY_EMPTY and not _follows(question, answers):
                text = f"Not answered: {question.text}"
                reason = Reason(code="unanswered", text=text, field=name, way_out="Answer it.")
                found.append(Unmet(reason=reason, kind=Class.REQUIRED, step=step))
        elif question.wanted is not None and answer != question.wanted:
            reason = Reason(
                code=f"{section.value}_{question.name}", text=question.against, field=name,
                way_out=question.way_out,
            )  # fmt: skip
            found.append(Unmet(reason=reason, kind=question.otherwise, step=step))
    if section is Section.FAREWELL and (unsigned := _unsigned(answers)):
        found.append(Unmet(reason=unsigned, kind=Class.REQUIRED, step=step))
    return found


def _unsigned(answers: Mapping[str, Any]) -> Reason | None:
    """Return what the responsible adult's signature lacks (B25): a name with strokes, or with a tick."""
    if not blank(answers.get("cannot_sign")):
        return None
    named = not blank(answers.get("signed_name"))
    signed = not blank(answers.get("signature")) or answers.get("signed_by_typing") == YES
    if named and signed:
        return None
    text = "The adult has not signed, and no reason is given."
    if named or signed:
        missing = "signature is" if named else "name is"
        text = f"The adult's {missing} missing."
    way_out = (
        "The adult writes the name and signs on the glass, or ticks that the typed name is the signature;"
    )
    return Reason(
        code="adult_not_signed", text=text, field="farewell.signed_name",
        way_out=f"{way_out} or say why the adult cannot.",
    )  # fmt: skip


def _follows(question: Question, answers: Mapping[str, Any]) -> bool:
    """Tell whether an unanswered question does not apply after another's answer."""
    if question.name == "q6_3_months":
        return answers.get("q6") == NO
    return question.name in {"q3", "q4", "q5"} and answers.get("q2") == NO  # the screener's own order


def blank(answer: Any) -> bool:
    """Tell whether nobody answered: nothing, spaces only, or ``unknown``."""
    return answer is None or (isinstance(answer, str) and answer.strip() in {"", "unknown"})


def answer_faults(section: Section, answers: Mapping[str, Any]) -> list[Reason]:
    """Return what is wrong with the form of a section's answers; blank ones may follow later."""
    known = {question.name: question for question in QUESTIONS[section]}
    found = [
        Reason(code="question_unknown", text=f"There is no question {name!r} here.", field=name)
        for name in sorted(set(answers) - set(known))
    ]
    for name, question in known.items():
        if not blank(answers.get(name)) and not _well_formed(question, str(answers[name])):
            text = f"{question.text}: {_expected(question)}."
            found.append(Reason(code="answer_not_valid", text=text, field=name, way_out="Answer again."))
    return found


def _well_formed(question: Question, answer: str) -> bool:
    if question.kind in {"choice", "yes_no", "tick"}:
        return answer in {"choice": question.options, "yes_no": (YES, NO), "tick": (YES,)}[question.kind]
    if question.kind == "whole":
        least, most = (int(bound) for bound in question.options)
        return answer.isascii() and answer.isdigit() and least <= int(answer) <= most
    if question.kind == "signature":
        return signature_fault(answer) is None
    if question.kind == "when":
        return _is_instant(answer)
    if question.kind == "decimal":
        whole, point, part = answer.partition(".")
        digits = whole + part
        return (
            digits.isascii()
            and digits.isdigit()
            and bool(whole)
            and len(digits) <= 6
            and bool(part) == bool(point)
        )
    return len(answer) <= 2000


def _is_instant(answer: str) -> bool:
    try:
        return datetime.fromisoformat(answer).tzinfo is not None
    except ValueError:
        return False


def _expected(question: Question) -> str:
    return {
        "yes_no": "yes, no or unknown",
        "choice": "one of " + ", ".join(question.options),
        "whole": "a whole number from " + " to ".join(question.options or ("0", "9")),
        "decimal": "a number such as 70.4",
        "when": "a time with its day",
        "signature": "strokes in their box, longer than a dot",
        "tick": "yes, or nothing",
    }.get(question.kind, "at most 2000 characters")


def open_sections(unmet: Sequence[Unmet]) -> frozenset[int]:
    """Return the numbers of the steps that are not done."""
    return frozenset(each.step for each in unmet if each.kind is not Class.WARN)

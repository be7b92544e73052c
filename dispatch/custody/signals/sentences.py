"""Every rule of signals and assays by its code: what it says when it is not met, and the way out."""

from dispatch.kernel.refusals import Reason

SENTENCES: dict[str, tuple[str, str]] = {
    "no_such_signal": ("There is no such question.", ""),
    "no_such_assay": ("There is no such assay task.", ""),
    "answer_unknown": ("That is no answer.", "Choose explained, watch or case."),
    "explanation_missing": ("The answer needs a sentence.", "Write what you found, in a sentence."),
    "text_too_long": ("The text is longer than {most} characters.", "Put the rest into the case."),
    "own_signal": (
        "Nobody answers a question about an own deed.",
        "Let another compliance officer answer it.",
    ),
    "answered_meanwhile": ("Somebody answered since you looked.", "Look at the answer, then add yours."),
    "signal_has_case": ("The question is a case already.", "Go on in the case."),
    "own_residual": (
        "Nobody measures a residual that they handed in or received.",
        "Let another person record the measurement.",
    ),
    "measure_not_plausible": ("The measurement lies outside what can be measured.", "Check number and unit."),
    "laboratory_missing": ("Who measured is missing.", "Name the laboratory and the method."),
    "measured_twice": ("The residual was measured twice already.", "Go on in the case."),
    "assay_concentration": ("The concentration is not the label's.", ""),
    "assay_amount": ("The residual holds another amount than the ledger says.", ""),
}  # fmt: skip


def reason(code: str, field: str = "", **words: str) -> Reason:
    """Return the rule `code` as a reason for a refusal."""
    text, way_out = SENTENCES[code]
    return Reason(code=code, text=text.format(**words), field=field, way_out=way_out)

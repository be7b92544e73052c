"""No text of the chapter or its screen tells anybody to stop, skip, hold or taper a medicine (A11, B27)."""

import ast
import re
from pathlib import Path

import pytest

from dispatch.clearance import model
from dispatch.clearance.queries import TASK_WORDS, question_words
from dispatch.clearance.rules.screening import SCREENING
from dispatch.clearance.sentences import SENTENCES

ROOT = Path(__file__).parents[3]
SOURCES = sorted(
    [
        *(ROOT / "dispatch" / "clearance").rglob("*.py"),
        *(ROOT / "api" / "pages" / "prescriber").rglob("*.py"),
        *(ROOT / "api" / "pages" / "templates" / "prescriber").rglob("*.html"),
        *(ROOT / "api" / "v1").glob("clearance*.py"),
    ]
)
DEED = (
    r"(?:stop|skip|hold|taper|discontinu|withhold|paus|wean|halv|come off|go off|leave off|do not take"
    r"|don.t take)"
)
THING = (
    r"(?:medic\w*|drug\w*|pills?|tablets?|doses?|theophylline|aminophylline|vasopressin|opioids?"
    r"|benzodiazepines?|lozenges?|it before)"
)
ADVICE = re.compile(rf"\b{DEED}\w*\b[^.;:<>]{{0,60}}\b{THING}\b", re.IGNORECASE)
FIGURE = re.compile(
    r"\d+\s*(?:%|per ?cent)[^.]{0,40}\b(?:improv|respon|reliev|better|work)\w*", re.IGNORECASE
)


def texts(path):
    """What a person could read of a file: a template whole, of a module its plain strings."""
    if path.suffix == ".html":
        return [path.read_text()]
    tree = ast.parse(path.read_text())
    docs = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body and isinstance(node.body[0], ast.Expr)
    }  # fmt: skip
    return [
        node.value for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs
    ]  # fmt: skip


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_law_nothing_tells_anybody_to_end_a_medicine(path):
    said = [(found.group(), text[:80]) for text in texts(path) for found in ADVICE.finditer(text)]
    assert not said


@pytest.mark.parametrize(
    "text",
    [
        "Stop your theophylline two days before.",
        "Please skip the morning dose.",
        "Hold benzodiazepines before the visit",
        "Don't take any medicine that day",
        "taper the drug",
    ],
)
def test_the_law_would_hear_it(text):
    assert ADVICE.search(text)


def test_no_text_promises_an_effect():
    told = [text for path in SOURCES for text in texts(path) if FIGURE.search(text)]
    assert not told


def test_no_reason_holds_a_place_for_a_patients_data():
    said = [rule.text + rule.way_out for rule in SCREENING] + [a + b for a, b in SENTENCES.values()]
    said += [*TASK_WORDS.values(), *(text for _code, text in question_words())]
    assert not [text for text in said if "{" in text or "%" in text]
    assert set(TASK_WORDS) == set(model.TaskKind)

"""docs/states.md is what the code's tables say, and says all of it."""

from pathlib import Path

import pytest

from dispatch.assignment.plan_model import RUN_STEPS
from dispatch.custody.states import TRANSITIONS
from dispatch.visits.rules import FLAGS, STEPS
from tools.states import document

RENEW = "write it anew: python -m tools.states > docs/states.md"


def test_the_states_document_is_the_codes_own_tables():
    text = (Path(__file__).parents[2] / "docs" / "states.md").read_text(encoding="utf-8")
    assert text == document(), RENEW


@pytest.mark.parametrize("step", STEPS, ids=lambda step: f"{step.source}-{step.deed}")
def test_every_step_of_a_visit_is_drawn_and_listed(step):
    drawn = [
        line for line in document().splitlines() if line.startswith(f"    {step.source} --> {step.target}:")
    ]
    assert any(step.deed in line for line in drawn)
    assert f"| {step.source} | {step.deed} | {step.target} |" in document()


@pytest.mark.parametrize("flag", FLAGS)
def test_every_flag_is_explained(flag):
    assert f"| {flag} | {FLAGS[flag]} |" in document()


def test_every_step_of_a_plan_run_is_drawn():
    drawn = document().splitlines()
    assert all(f"    {state} --> {after}" in drawn for state, steps in RUN_STEPS.items() for after in steps)


@pytest.mark.parametrize("kind", TRANSITIONS)
def test_every_event_of_a_container_is_listed_and_its_steps_drawn(kind):
    transition, text = TRANSITIONS[kind], document()
    (line,) = [line for line in text.splitlines() if line.startswith(f"| {kind} |") and "|" in line]
    assert all(state in line for state in transition.begins | transition.ends)
    assert all(f"    {begin} --> {end}: " in text for begin in transition.begins for end in transition.ends)

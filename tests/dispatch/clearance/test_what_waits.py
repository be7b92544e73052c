"""The builder of what waits on the prescriber's screen makes what it says."""

import pytest

from dispatch.clearance.queries import case_file, queue, task_of
from dispatch.identity.service import open_account
from dispatch.kernel.actor import SYSTEM, Role
from tests.builders.clearance import what_waits
from tests.builders.company import a_company


@pytest.fixture
def waiting(session, clock):
    area_id, _pharmacy = a_company(session, clock)
    open_account(
        session, email="doctor@test.example", name="Dee", password_hash="x",
        roles=frozenset({Role.PRESCRIBER}), actor=SYSTEM, clock=clock,
    )  # fmt: skip
    return what_waits(session, clock, area_id, "doctor@test.example")


def test_a_case_with_every_class_of_finding_and_an_alarm(session, clock, waiting):
    case_id, task_id = waiting
    file = case_file(session, case_id, clock.now())
    assert {each.rule_class.value for each in file.verdict.findings} == {
        "BLOCK", "OVERRIDE", "WARN", "REQUIRED",
    }  # fmt: skip
    assert task_of(session, task_id).kind == "suicidality_high"
    lines = queue(session, clock.now())
    assert [line.kind for line in lines] == ["alarm", "decision"]
    held = file.consultations[0].record
    assert held is not None
    assert lines[1].since == held.at

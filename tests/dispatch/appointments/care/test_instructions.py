"""What a patient reads on her page: every row has its line, no promise, nobody told to stop a medicine."""

import re

import pytest

from dispatch.appointments.care.instructions import CHAPTERS
from dispatch.appointments.care.rules.telling import no_driving_hours, outside_quiet
from dispatch.areas.model import DEFAULT_POLICIES
from tests.builders.workforce import COLUMBUS, at
from tests.dispatch.messages.test_templates import PROMISES, STOPS

LINES = [line for chapter in CHAPTERS for line in chapter.lines]
REMINDERS = DEFAULT_POLICIES["messages.reminders"]


@pytest.mark.parametrize(
    "row", ["A20", "B02", "B07", "B16", "B17", "B23", "B26", "B27", "C03", "C14", "C18", "C20", "D07"]
)
def test_a_row_of_the_care_rules_has_its_line(row):
    assert [line for line in LINES if line.row == row]


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.text[:30])
def test_no_line_promises_an_effect_or_tells_to_stop_a_medicine(line):
    assert not PROMISES.search(line.text)
    assert not STOPS.search(line.text)
    assert not re.search(r"\d+ ?%", line.text)


@pytest.mark.parametrize(("signed", "hours"), [(24, 24), (48, 48), (23, 24), (4, 24), (0, 24)])
def test_driving_waits_24_hours_whatever_is_signed(signed, hours):
    assert no_driving_hours({"no_driving_hours": signed}) == hours


@pytest.mark.parametrize(("due", "arrives"), [(7.99, 8), (8, 8), (20.99, 20.99), (21, 32), (23, 32), (2, 8)])
def test_no_text_in_the_night(due, arrives):
    assert outside_quiet(at(due), REMINDERS, COLUMBUS) == at(arrives)

"""What messages say, and what none of them can ever say."""

import re

import pytest

from dispatch.messages.model import Channel
from dispatch.messages.rules import health_words, rendered, value_faults
from dispatch.messages.templates import TEMPLATES
from tests.builders.messages import values_for

ALL = sorted(TEMPLATES)
PROMISES = re.compile(
    r"%|per ?cent|cure|heal|relie[fv]|improve|effective|works for|success|guarantee|better|recover", re.I
)
STOPS = re.compile(
    r"\b(stop|skip|leave out|discontinue|pause|hold|withhold|cut down|taper|do not take)\b", re.I
)


@pytest.mark.parametrize("kind", ALL)
def test_no_message_tells_of_anybodys_health(kind):
    template = TEMPLATES[kind]
    said = template.title + " " + rendered(template, values_for(kind))
    assert health_words(said.replace("Housecall", "")) == ()


@pytest.mark.parametrize("kind", ALL)
def test_no_message_promises_an_effect_or_tells_to_stop_a_medicine(kind):
    said = TEMPLATES[kind].title + " " + TEMPLATES[kind].words
    assert not PROMISES.search(said)
    assert not STOPS.search(said)


@pytest.mark.parametrize("kind", ALL)
def test_every_template_is_whole(kind):
    template = TEMPLATES[kind]
    assert set(re.findall(r"{(\w+)}", template.words)) == set(template.places)
    assert template.channels
    assert len(rendered(template, values_for(kind))) <= 320 or Channel.TEXT not in template.channels
    assert value_faults(template, values_for(kind)) == ()


@pytest.mark.parametrize(
    "word",
    ["ketamine", "Infusion", "PTSD", "depression", "PHQ-9", "C-SSRS", "your treatment", "theophylline", "OCD",
     "chronic pain", "a dose", "medication", "NAD+"],
)  # fmt: skip
def test_a_word_of_health_is_known(word):
    assert health_words(f"See {word} today")


def codes(kind, **values):
    return [reason.code for reason in value_faults(TEMPLATES[kind], values_for(kind) | values)]


@pytest.mark.parametrize(
    ("kind", "values", "expected"),
    [
        ("prepare", {"day": "your ketamine day"}, "message_value_unfit"),
        ("running_late", {"time": "25:00"}, "message_value_unfit"),
        ("check_in_missed", {"reference": "KETAMINE-1"}, "message_tells_of_health"),
        ("page_link", {"link": "https://ketamine.example/p/abc"}, "message_tells_of_health"),
        ("page_link", {"link": "https://house.example/?q=1"}, "message_value_unfit"),
        ("task_waiting", {"what": "suicide alarm"}, "message_value_unfit"),
        ("prepare", {"name": "Mira"}, "message_place_unknown"),
    ],
)
def test_a_value_cannot_bring_in_what_the_words_leave_out(kind, values, expected):
    assert codes(kind, **values) == [expected]


def test_a_token_that_happens_to_spell_a_word_is_no_offence():
    assert codes("page_link", link="https://house.example/p/x-OCD-phq9") == []


def test_a_missing_value_is_named():
    assert [r.code for r in value_faults(TEMPLATES["prepare"], {})] == ["message_value_missing"]

"""Blind counts: the figure is locked before the expected one shows; two that differ open a case."""

import re

import pytest
import sqlalchemy as sa

from dispatch.kernel.actor import Role
from dispatch.kernel.storage import transaction
from tests.builders.custody import picked_up
from tests.builders.web import a_browser, a_person, csrf, keyring_of_app

COUNTS = "/custody/columbus/counts"


@pytest.fixture
def scene(app, engine):
    with transaction(engine, keyring_of_app(app)) as session:
        return picked_up(session, vials=3)


@pytest.fixture
def officer(app, engine, scene):
    a_person(app, engine, Role.COMPLIANCE, email="officer@test.example")
    return a_browser(app, "officer@test.example")


@pytest.fixture
def enter(officer, scene):
    def send(page, units, **more):
        ids = dict(re.findall(r'name="(round_id|count_id)" value="([^"]+)"', page))
        form = ids | {"holder": scene.nurse_holder, "counted_units": units} | more
        return officer.post(COUNTS, data=form, headers=csrf(officer))

    return send


def test_a_nurse_with_drug_in_hand_is_due(officer):
    assert "Count N-07" in officer.get(COUNTS).text


def test_the_page_never_tells_how_many_are_expected(officer, scene):
    page = officer.get(f"{COUNTS}?holder={scene.nurse_holder}").text
    assert not re.search(r"\b3\b", page.partition("<main")[2].replace('"3"', ""))


def test_a_count_that_agrees_is_finished(officer, enter):
    answer = enter(officer.get(COUNTS).text, "3")
    assert "The count agrees" in answer.text


def test_a_first_count_that_differs_shows_nothing_and_asks_again(officer, enter):
    answer = enter(officer.get(COUNTS).text, "2")
    assert "Second count, blind" in answer.text
    assert "expects" not in answer.text


def test_a_second_count_that_differs_opens_a_case(officer, enter, engine):
    first = enter(officer.get(COUNTS).text, "2")
    second = enter(first.text, "2")
    assert "The count differs: a case is open" in second.text
    assert "expects <strong>3</strong>" in second.text
    with engine.connect() as connection:
        kinds = connection.scalars(sa.text("SELECT kind FROM custody_discrepancy")).all()
    assert kinds == ["count_variance"]


def test_a_second_count_that_agrees_opens_none(officer, enter, engine):
    second = enter(enter(officer.get(COUNTS).text, "2").text, "3")
    assert "The count agrees" in second.text
    with engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM custody_discrepancy")) == 0


def test_the_same_count_sent_twice_is_one(officer, enter, engine):
    page = officer.get(COUNTS).text
    enter(page, "3")
    assert "The count agrees" in enter(page, "3").text
    with engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM custody_count")) == 1


@pytest.mark.parametrize("units", ["", "-1", "x", "1.5", "٣", "9" * 400])
def test_what_is_no_count_is_refused(officer, enter, units):
    answer = enter(officer.get(COUNTS).text, units)
    assert answer.status_code == 422
    assert 'data-code="count_missing"' in answer.text


def test_a_holder_that_is_none_is_refused(officer, enter):
    assert enter(officer.get(COUNTS).text, "1", holder="nurse:x").status_code == 404

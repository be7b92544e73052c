"""Imported visits: what to prepare is told, and a change; that they are booked was told elsewhere."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from dispatch.appointments.day_import import import_files
from dispatch.kernel.actor import SYSTEM
from dispatch.messages.records import MessageRow
from tests.builders.day_files import a_day, an_area
from tests.builders.workforce import MONDAY, at

SUNDAY = at(6, MONDAY - timedelta(days=1))


@pytest.fixture
def take(session, clock):
    area = an_area(session, clock)
    clock.at = SUNDAY

    def take(**changes):
        report = import_files(session, a_day(**changes), SYSTEM, clock, area_id=area.id)
        assert report.ok

    return take


def waiting(session):
    return sorted(session.scalars(sa.select(MessageRow.kind).where(MessageRow.state == "queued")))


def test_an_imported_visit_queues_what_to_prepare_though_nobody_knows_a_case(session, take):
    take()
    assert waiting(session) == ["fasting", "prepare"]


def test_the_same_file_again_tells_nothing_twice(session, take):
    take()
    take(appointments={"priority": "5"})
    assert waiting(session) == ["fasting", "prepare"]


def test_another_time_is_told_and_moves_what_waits(session, take):
    take()
    take(appointments={"windows": "10:00-12:00"})
    assert waiting(session) == ["fasting", "prepare", "visit_changed"]


def test_what_needs_no_fast_asks_for_none(session, take):
    take(appointments={"service": "hydration", "dose_order_ref": "", "dose_mg": ""})
    assert waiting(session) == []


def test_a_visit_that_has_begun_is_told_nothing(session, take, clock):
    clock.at = at(9, MONDAY)
    take()
    assert waiting(session) == []

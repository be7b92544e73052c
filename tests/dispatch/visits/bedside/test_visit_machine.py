"""No path starts an infusion while anything stands, and none leaves a patient: any deeds in any order.

``HOUSECALL_TEST_MACHINES=500`` makes a long run of it.
"""

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy import Connection

from dispatch.visits.model import VisitState
from tests.builders.visit_home import Place, a_home
from tests.builders.visit_machine import LASTING, PASSING, VisitMachine

SETTINGS = settings(
    max_examples=int(os.environ.get("HOUSECALL_TEST_MACHINES", "8")),
    stateful_step_count=8,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.generate),  # a visit's deeds are told as they were: shrinking takes minutes
    report_multiple_bugs=False,
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Connection, Place]]:
    with a_home(tmp_path_factory.mktemp("home")) as made:
        yield made


def test_each_thing_alone_keeps_a_start_away_until_it_is_put_right_or_signed_for(
    home: tuple[Connection, Place],
) -> None:
    each_thing_alone(*home)


def each_thing_alone(connection: Connection, place: Place) -> None:
    visit = VisitMachine(connection, place)
    try:
        visit.prepare(spoilt="", at_once=0)
        assert visit.ward.against_start == []
        for what in PASSING:
            visit.goes_wrong(what)
            stands = set(visit.ward.against_start)
            assert stands, f"{what} keeps nobody from starting"
            due = visit.pencil.for_a_prescriber(visit.clock.now())
            for code in sorted(stands):
                visit.signs({code})  # the pencil knows whether a prescriber's signature is taken for it
            assert set(visit.ward.against_start) == stands - due, what
            visit.is_put_right(what)
            assert visit.ward.against_start == [], what
        if visit.story.state is VisitState.HELD:  # by some of it
            visit.signs(set())
        visit.starts()
        assert visit.begun
        visit.recovers_and_goes_home()
    finally:
        visit.teardown()


@pytest.mark.parametrize("backwards", [False, True])
def test_one_signature_does_not_settle_the_other_thing(
    home: tuple[Connection, Place], backwards: bool
) -> None:
    visit = VisitMachine(*home)
    try:
        visit.prepare(spoilt="", at_once=0)
        visit.two_things_wait_for_a_prescriber("new medicine", "no pump", backwards)
    finally:
        visit.teardown()


@pytest.mark.parametrize("spoilt", [each for each in LASTING if not each.startswith("no ")])
def test_what_cannot_be_put_right_keeps_a_start_away(home: tuple[Connection, Place], spoilt: str) -> None:
    visit = VisitMachine(*home)
    try:
        visit.prepare(spoilt=spoilt, at_once=3)
        assert visit.ward.against_start
        assert not visit.begun
    finally:
        visit.teardown()


def test_visit_and_pencil_agree_whatever_is_done(home: tuple[Connection, Place]) -> None:
    run_state_machine_as_test(lambda: VisitMachine(*home), settings=SETTINGS)

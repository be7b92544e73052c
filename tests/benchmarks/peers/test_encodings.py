"""Each peer reads the day as it is: what it can model comes back in its answer."""

import pytest

from benchmarks import peers
from benchmarks.peers import PEERS
from benchmarks.peers.exact import cheapest_plan
from routing.check import violations
from routing.engine.index import DayIndex
from routing.plan import Plan
from routing.problem import Problem
from tests.builders.routing import day, meal, nurse, pharmacy, visit, window

pytestmark = pytest.mark.filterwarnings("ignore")  # the peers' own

SECONDS = 0.3


@pytest.fixture(params=sorted(PEERS))
def peer(request) -> str:
    if not PEERS[request.param].is_installed:
        pytest.skip("make peers")
    return request.param


def answers(peer: str, problem: Problem) -> list[list[set[str]]]:
    """The visits of each nurse, in each of the peer's answers."""
    found = peers.prepare(peer, DayIndex(problem), 1, 0)(SECONDS)
    return [[{problem.visits[visit].id for visit in route} for route in routes] for routes in found]


def planned(peer: str, problem: Problem) -> Plan:
    day_index = DayIndex(problem)
    plan = cheapest_plan(day_index, peers.prepare(peer, day_index, 1, 0)(SECONDS), 1)
    assert violations(problem, plan) == ()
    return plan


def test_each_visit_goes_to_the_nurse_who_lives_there(peer):
    problem = day(nurse(), nurse("bea", at=9), visit("a", 1), visit("b", 8))
    assert answers(peer, problem)[0] == [{"a"}, {"b"}]


def test_eligibility(peer):
    barred = visit("a", 1, ineligible={"ann": ("licence_expired",)})
    problem = day(nurse(), nurse("bea", at=9), barred)
    assert all(found == [set(), {"a"}] for found in answers(peer, problem))


def test_a_visit_nobody_may_make(peer):
    problem = day(nurse(), visit("a", 1, ineligible={"ann": ("licence_expired",)}), visit("b", 1))
    assert all(found == [{"b"}] for found in answers(peer, problem))


def test_windows_of_which_the_second_is_the_only_one_she_can_keep(peer):
    twice = visit("a", 1, windows=(window(300, 360), window(600, 660)))
    assert planned(peer, day(nurse(), twice)).begin_s("a") >= 600 * 60


def test_windows_that_cannot_all_be_kept_by_one(peer):
    nine = {"begin": (540, 540)}
    problem = day(nurse(), nurse("bea", at=2), visit("a", 1, **nine), visit("b", 1, **nine))
    assert all(sorted(map(len, found)) == [1, 1] for found in answers(peer, problem))


def test_the_nurse_whom_the_patient_knows(peer):
    known = visit("a", 1, preferred_nurses=("bea",), continuity_mc=5_000_000)
    problem = day(nurse(), nurse("bea", at=2), known)
    assert answers(peer, problem)[0] == [set(), {"a"}]


def test_a_controlled_visit_and_its_pharmacy(peer):
    problem = day(
        nurse(lock_box_units=2, meal_break=meal()),
        visit("a", 1, units=1),
        visit("b", 2, units=1),
        pharmacy(),
    )
    plan = planned(peer, problem)
    assert not plan.unassigned
    assert [stop.kind for stop in plan.routes[0].stops].count("pickup") == 1


def test_a_day_without_visits_that_can_be_made(peer):
    barred = visit("a", 1, ineligible={"ann": ("licence_expired",)})
    assert len(planned(peer, day(nurse(), barred)).unassigned) == 1

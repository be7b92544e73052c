"""Why this nurse, and not that one."""

from routing.engine.solve import solve
from routing.explain import explain_visit
from tests.builders.routing import day, nurse, visit


def test_a_visit_is_explained() -> None:
    problem = day(nurse(), nurse("bea", at=9), visit("a", 1))
    explained = explain_visit(problem, solve(problem, engine="greedy", seconds=20.0), "a")
    assert explained.nurse == "ann"
    assert [offer.nurse for offer in explained.offers] == ["ann", "bea"]
    assert explained.reasons == ()


def test_an_unassigned_visit_is_explained() -> None:
    problem = day(nurse(), visit("a", 1, ineligible={"ann": ("licence_expired",)}))
    explained = explain_visit(problem, solve(problem, engine="greedy", seconds=20.0), "a")
    assert explained.nurse is None
    assert [reason.code for reason in explained.reasons] == ["licence_expired"]
    assert explained.offers[0].reasons == ("licence_expired",)

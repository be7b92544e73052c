"""The picture of cost and bound over time."""

from xml.etree import ElementTree

from benchmarks.plot import Axes, draw, steps_of
from tests.builders.measured import a_run, said

DOLLAR = 100_000


def heard():
    return (said(0.1, 300 * DOLLAR), said(1, 200 * DOLLAR, 90 * DOLLAR), said(2, 210 * DOLLAR, 80 * DOLLAR))


def test_lines_only_get_better_and_end_with_the_run():
    costs, bounds = steps_of(a_run(150 * DOLLAR, bound_mc=100 * DOLLAR, progress=heard()))
    assert costs == [(0.1, 300), (1, 200), (5.0, 150)]
    assert bounds == [(1, 90), (5.0, 100)]


def test_the_picture_is_svg_with_both_lines_and_the_gap():
    costs, bounds = steps_of(a_run(150 * DOLLAR, bound_mc=120 * DOLLAR, progress=heard()))
    root = ElementTree.fromstring(draw("a board", costs, bounds))
    assert {"cost", "bound", "gap"} <= {item.get("class") for item in root.iter()}
    assert "bound $120, gap 20.00%" in [item.text for item in root.iter()]


def test_without_a_bound_there_is_only_the_cost():
    costs, bounds = steps_of(a_run(150 * DOLLAR, progress=(said(0.1, 300 * DOLLAR),)))
    root = ElementTree.fromstring(draw("a board", costs, bounds))
    assert not {"bound", "gap"} & {item.get("class") for item in root.iter()}


def test_a_proven_plan_is_called_optimal():
    costs, bounds = steps_of(a_run(150 * DOLLAR, bound_mc=150 * DOLLAR, progress=heard()))
    assert "bound $150, optimal" in draw("a board", costs, bounds)


def test_later_is_further_right_and_dearer_is_further_up():
    axes = Axes.around([(0.1, 300.0), (5.0, 150.0)], [(1.0, 100.0)])
    assert axes.x(1.0) < axes.x(2.0)
    assert axes.y(150.0) < axes.y(120.0)

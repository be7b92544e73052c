"""Infusions laid over weeks: every answer passes its checker, the best is found, what blocks is named."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.horizon.check import faults
from routing.horizon.greedy import earliest_fit
from routing.horizon.lay import lay
from routing.horizon.offers import mended, offers
from routing.horizon.plan import Laid, Laying, Room, figures
from routing.horizon.problem import Course, Gap, Horizon, Nurse, Slot, Span, Visit
from routing.horizon.why import blocks

DAYS = 28
GAP = Gap(least=2, most=5, even_least=3, even_most=4)
EVERY_SLOT = frozenset(Slot(day, part) for day in range(DAYS) for part in range(2) if day % 7 < 5)


def a_course(name="P-1", count=6, **more):
    made = {
        "id": name, "area": "north", "minutes": (180,) + (150,) * (count - 1), "gaps": (GAP,) * (count - 1),
        "first": (0, 6), "patient": EVERY_SLOT, "adult": EVERY_SLOT,
        "spans": (Span(first=0, last=count - 1, least=0, most=21),),
    }  # fmt: skip
    return Course(**(made | more))


def a_nurse(name="N-1", minutes=300, slots=EVERY_SLOT, **more):
    return Nurse(
        **({"id": name, "areas": frozenset({"north"}), "minutes": dict.fromkeys(slots, minutes)} | more)
    )


def a_horizon(*courses, nurses=None, **more):
    made = {"days": DAYS, "parts": 2, "reviews": (5,) * DAYS}
    return Horizon(courses=courses, nurses=tuple(nurses or [a_nurse()]), **(made | more))


def days_of(laid):
    return [visit.slot.day for visit in laid.visits]


def test_one_series_is_laid_evenly_by_one_nurse():
    horizon = a_horizon(a_course(), nurses=[a_nurse("N-1"), a_nurse("N-2")])
    laying = lay(horizon)
    assert faults(horizon, laying) == ()
    assert laying.proven
    found = figures(horizon, laying)
    assert (found.even, found.continuity, found.spacing_kept) == (1.0, 1.0, 1.0)
    assert days_of(laying.laid["P-1"])[0] == 0


def test_the_same_problem_has_the_same_answer():
    horizon = a_horizon(*(a_course(f"P-{n}") for n in range(4)), nurses=[a_nurse(minutes=200)])
    assert lay(horizon, rounds=3) == lay(horizon, rounds=3)


def test_many_series_share_what_nurses_have():
    courses = [a_course(f"P-{number}", first=(number, number + 6)) for number in range(8)]
    horizon = a_horizon(*courses, nurses=[a_nurse("N-1"), a_nurse("N-2", minutes=200)])
    laying = lay(horizon, rounds=4)
    assert faults(horizon, laying) == ()
    assert laying.left == ()


def test_no_fourth_infusion_in_seven_days():
    often = Gap(least=1, most=2, even_least=1, even_most=2)
    horizon = a_horizon(a_course(gaps=(often,) * 5, late_days=10))
    days = days_of(lay(horizon).laid["P-1"])
    assert all(days[at + 3] - days[at] >= 7 for at in range(3))


def test_infusions_before_the_series_count():
    horizon = a_horizon(a_course(earlier=(-3, -2, -1), late_days=4))
    assert days_of(lay(horizon).laid["P-1"])[0] >= 4


def test_the_review_lies_between_the_second_and_the_fourth():
    reviews = tuple(1 if day == 9 else 0 for day in range(DAYS))
    horizon = a_horizon(a_course(), reviews=reviews)
    laid = lay(horizon).laid["P-1"]
    days = days_of(laid)
    assert days[1] < laid.review == 9 < days[3]


def test_prescribers_review_only_so_many_a_day():
    reviews = tuple(1 if day in (8, 9) else 0 for day in range(DAYS))
    courses = [a_course(f"P-{number}") for number in range(3)]
    laying = lay(a_horizon(*courses, reviews=reviews, nurses=[a_nurse(minutes=900)]), rounds=2)
    assert len(laying.laid) == 2
    assert sorted(laid.review for laid in laying.laid.values()) == [8, 9]


def test_what_stands_stays():
    first, second = Visit(Slot(-4, 0), "N-1"), Visit(Slot(0, 1), "N-1")
    course = a_course(stands={0: first, 1: second}, usual_nurse="N-1")
    horizon = a_horizon(course)
    laying = lay(horizon)
    assert laying.laid["P-1"].visits[:2] == (first, second)
    assert faults(horizon, laying) == ()


def test_the_best_three_ways_differ():
    horizon = a_horizon(a_course())
    found = offers(horizon, horizon.courses[0])
    assert len(found) == 3
    assert [each.cost for each in found] == sorted(each.cost for each in found)
    for one in found:
        assert faults(horizon, Laying(laid={"P-1": one})) == ()
    slots = [[visit.slot for visit in each.visits] for each in found]
    assert sum(a != b for a, b in zip(slots[0], slots[1], strict=True)) >= 2


def test_after_a_missed_visit_only_what_must_moves():
    laid = lay(a_horizon(a_course())).laid["P-1"]
    missed = laid.visits[2].slot
    course = a_course(
        patient=frozenset(slot for slot in EVERY_SLOT if slot.day > missed.day),
        first=(0, 6),
    )
    stands = {at: laid.visits[at] for at in (0, 1)}
    before = {at: laid.visits[at] for at in range(2, 6)}
    repaired = mended(course, stands, before)
    found = offers(a_horizon(repaired), repaired, most=1)[0]
    moved = [at for at in range(6) if found.visits[at].slot != laid.visits[at].slot]
    assert moved[0] == 2
    assert len(moved) <= 3
    assert faults(a_horizon(repaired), Laying(laid={"P-1": found})) == ()


@pytest.mark.parametrize(
    ("more", "gives"),
    [({"adult": frozenset()}, {("adult",)}), ({"patient": frozenset()}, {("patient",)}),
     ({"excluded": frozenset({"N-1"})}, {("nurses",)})],
)  # fmt: skip
def test_what_blocks_is_named(more, gives):
    course = a_course(**more)
    found = blocks(a_horizon(course), course)
    assert {block.gives for block in found} == gives
    assert len(found[0].slots) == 6


def test_two_laws_that_block_together_are_named_together():
    course = a_course(adult=frozenset(), excluded=frozenset({"N-1"}))
    found = blocks(a_horizon(course), course)
    assert {block.gives for block in found} == {("adult", "nurses")}


def test_an_answer_that_breaks_laws_is_caught():
    horizon = a_horizon(a_course(), nurses=[a_nurse(minutes=150)])
    good = lay(a_horizon(a_course())).laid["P-1"]
    nobody = (*good.visits[:5], Visit(good.visits[5].slot, "N-9"))
    close = (*good.visits[:5], Visit(Slot(good.visits[4].slot.day + 1, 0), "N-1"))
    weekend = (*good.visits[:5], Visit(Slot(26, 0), "N-1"))
    for visits, word in ((nobody, "nurse"), (close, "days after"), (weekend, "not free")):
        found = faults(horizon, Laying(laid={"P-1": replace(good, visits=visits)}))
        assert any(word in fault for fault in found)
    found = faults(horizon, Laying(laid={"P-1": good}))
    assert any("minutes too many" in fault for fault in found)
    found = faults(horizon, Laying(laid={"P-1": replace(good, review=days_of(good)[3])}))
    assert any("not reviewed" in fault for fault in found)
    assert faults(horizon, Laying()) == ("the answer does not name each course once",)


def test_room_that_is_given_back_is_as_it_was():
    horizon = a_horizon(a_course())
    laid, room = lay(horizon).laid["P-1"], Room.of(horizon)
    before = dict(room.minutes)
    room.take(horizon.courses[0], laid)
    assert room.minutes != before
    room.take(horizon.courses[0], laid, sign=-1)
    assert room.minutes == before


def test_no_time_no_answer():
    horizon = a_horizon(a_course(), a_course("P-2"))
    laying = lay(horizon, seconds=0.0)
    assert (laying.laid, set(laying.left), laying.proven) == ({}, {"P-1", "P-2"}, False)


def test_the_plain_way_keeps_the_week_and_the_room():
    horizon = a_horizon(*(a_course(f"P-{n}") for n in range(6)), nurses=[a_nurse(minutes=200)])
    found = faults(horizon, earliest_fit(horizon))
    assert not [fault for fault in found if "too many" in fault or "more than" in fault]


@given(st.data())
@settings(max_examples=12, deadline=None)
def test_whatever_the_habits_the_answer_holds_or_the_course_is_left(data):
    week = [(day, part) for day in range(5) for part in range(2)]
    courses = []
    for number in range(3):
        hers = data.draw(st.sets(st.sampled_from(week), min_size=2))
        free = frozenset(slot for slot in EVERY_SLOT if (slot.day % 7, slot.part) in hers)
        count = data.draw(st.sampled_from((4, 6)))
        courses.append(a_course(f"P-{number}", count=count, patient=free, late_days=3))
    horizon = a_horizon(*courses, nurses=[a_nurse(minutes=data.draw(st.sampled_from((180, 330))))])
    laying = lay(horizon, rounds=1)
    assert faults(horizon, laying) == ()
    assert all(isinstance(each, Laid) for each in laying.laid.values())

from datetime import timedelta

import pytest

from dispatch.routes.model import Lateness, Span
from dispatch.routes.rules import expect, initials, lateness, missed_by_s
from tests.builders.assignment import local
from tests.builders.routes import Met, a_stop

POLICY = {"tell_patient": 15, "tell_dispatcher": 30, "replan": 60}


def begins(stops, now):
    return [expected.begins_at for expected in expect(stops, local(now))]


def test_before_the_day_all_is_expected_as_planned():
    assert begins([a_stop(9), a_stop(11)], 6) == [local(9), local(11)]


def test_a_nurse_who_has_not_set_off_gets_later_as_time_passes():
    (expected,) = expect([a_stop(9, travel=15)], local(9))
    assert expected.begins_at == local(9.25)
    assert expected.late_s == 15 * 60


def test_who_is_on_the_way_arrives_after_the_drive():
    met = Met(state="en_route", en_route_at=local(9))
    assert begins([a_stop(9, travel=30, met=met)], 9.1) == [local(9.5)]


def test_a_drive_that_takes_longer_gets_later_as_time_passes():
    met = Met(state="en_route", en_route_at=local(9))
    assert begins([a_stop(9, travel=30, met=met)], 10) == [local(10)]


def test_who_arrived_early_does_not_begin_before_the_agreed_time():
    met = Met(state="arrived", en_route_at=local(8), arrived_at=local(8.5))
    assert begins([a_stop(9, met=met)], 8.6) == [local(9)]


def test_preparing_the_infusion_is_no_delay():
    met = Met(state="infusing", arrived_at=local(9), started_at=local(9.5))
    first, second = expect([a_stop(9, met=met), a_stop(10.25)], local(9.6))
    assert (first.late_s, second.late_s) == (0, 0)
    assert first.ends_at == local(10)


def test_who_arrived_and_prepares_gets_no_later_as_time_passes():
    met = Met(state="arrived", arrived_at=local(9))
    (expected,) = expect([a_stop(9, met=met)], local(9.5))
    assert (expected.late_s, expected.ends_at) == (0, local(10))


def test_who_arrived_late_is_late_by_that():
    met = Met(state="infusing", arrived_at=local(9.25), started_at=local(9.75))
    assert [e.late_s for e in expect([a_stop(9, met=met)], local(9.8))] == [15 * 60]


def test_who_arrived_early_and_waited_begins_at_the_agreed_time():
    met = Met(state="infusing", arrived_at=local(8.5), started_at=local(9.25))
    assert begins([a_stop(9, met=met)], 9.3) == [local(9)]


def test_who_arrived_early_and_did_not_wait_began_before_the_agreed_time():
    met = Met(state="infusing", arrived_at=local(8.5), started_at=local(8.75))
    assert begins([a_stop(9, met=met)], 9.3) == [local(8.75)]


def test_preparing_longer_than_the_whole_visit_was_planned_ends_not_before_now():
    met = Met(state="arrived", arrived_at=local(9))
    (expected,) = expect([a_stop(9, met=met)], local(10.5))
    assert expected.ends_at == local(10.5)


def test_a_visit_that_began_late_makes_the_next_one_late():
    met = Met(state="infusing", started_at=local(9.5))
    assert begins([a_stop(9, met=met), a_stop(10.25)], 9.6) == [local(9.5), local(10.75)]


def test_waiting_in_the_plan_takes_up_a_delay():
    met = Met(state="infusing", started_at=local(9.5))
    assert begins([a_stop(9, met=met), a_stop(12)], 9.6) == [local(9.5), local(12)]


def test_a_visit_that_lasts_longer_ends_not_before_now():
    met = Met(state="infusing", started_at=local(9))
    (expected,) = expect([a_stop(9, met=met)], local(10.5))
    assert expected.ends_at == local(10.5)


def test_what_is_over_is_as_it_was():
    met = Met(state="completed", started_at=local(9), stopped_at=local(9.7), finished_at=local(9.8))
    assert [e.ends_at for e in expect([a_stop(9, met=met)], local(12))] == [local(9.8)]


def test_a_no_show_frees_the_nurse():
    met = Met(state="no_show", arrived_at=local(9))
    assert begins([a_stop(9, met=met), a_stop(9.5)], 9.3)[1] == local(9.55)


def test_a_pickup_before_a_visit_under_way_is_past():
    met = Met(state="en_route", en_route_at=local(9.5))
    stops = [a_stop(7, 0, kind="start", travel=0), a_stop(7.5, 10, kind="pickup"), a_stop(9, met=met)]
    assert begins(stops, 9.6)[1] == local(7.5)


def test_a_break_moves_with_the_delay():
    met = Met(state="infusing", started_at=local(10))
    stops = [a_stop(9, met=met), a_stop(10, 30, kind="break", travel=0), a_stop(10.75)]
    assert begins(stops, 10.1) == [local(10), local(11), local(11.75)]


@pytest.mark.parametrize(
    ("minutes", "who"),
    [
        (15, Lateness.ON_TIME),
        (16, Lateness.TELL_PATIENT),
        (31, Lateness.TELL_DISPATCHER),
        (61, Lateness.REPLAN),
    ],
)
def test_who_must_hear_of_a_delay(minutes, who):
    assert lateness(minutes * 60, POLICY) is who


def test_a_begin_after_the_last_window_misses_it():
    windows = (Span(begins_at=local(8), ends_at=local(9)), Span(begins_at=local(11), ends_at=local(12)))
    assert missed_by_s(local(12) + timedelta(minutes=5), windows) == 300
    assert missed_by_s(local(10), windows) == 0


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Ada Kingsley", "A.K."),
        ("Ada Maria van Kingsley", "A.K."),
        ("Prince", "P."),
        ("", "?"),
        (None, "?"),
        ("ángel Öz", "Á.Ö."),
    ],
)
def test_a_list_shows_initials(name, shown):
    assert initials(name) == shown

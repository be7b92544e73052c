"""Which licence covers which state on which day; one refusal a test."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from dispatch.workforce.model import LicenceKind, LicenceStatus, Residence
from dispatch.workforce.rules.compact import the_compact
from dispatch.workforce.rules.licences import licence_covers_state, practice_span
from tests.builders.workforce import COLUMBUS, MONDAY, a_licence, at

TEXAN = (Residence(state="TX", since=date(2015, 1, 1)),)
TEXAS = a_licence("TX", multistate=True, valid_from=date(2015, 1, 1), number="TX.1")


def span_on(day=MONDAY, begins=9, ends=12):
    return practice_span(at(begins, day), at(ends, day), COLUMBUS)


def codes(state, *licences, residences=TEXAN, span=None, compact=None):
    found = licence_covers_state(licences, residences, state, span or span_on(), compact or the_compact())
    assert bool(found.reasons) is not bool(found.covering)
    return [reason.code for reason in found.reasons]


def refused(*more):
    return ["licence_not_valid_in_state", *more]


def test_a_single_state_licence_covers_its_state_wherever_she_lives():
    assert codes("NV", a_licence("NV"), residences=()) == []


def test_a_single_state_licence_covers_no_other_state():
    assert codes("OH", a_licence("NV")) == refused("licence_of_other_state")


def test_without_any_licence_the_state_alone_is_named():
    assert codes("OH") == refused()


def test_a_state_that_does_not_exist_is_said_to():
    assert codes("ZZ", a_licence("ZZ")) == refused("state_unknown")


def test_a_multistate_licence_of_the_state_of_residence_covers_compact_states():
    assert codes("OH", TEXAS) == []


def test_and_its_own_state():
    assert codes("TX", TEXAS) == []


@pytest.mark.parametrize("state", sorted(the_compact().outside))
def test_no_multistate_licence_covers_a_state_outside_the_compact(state):
    assert codes(state, TEXAS) == refused("state_outside_compact")


@pytest.mark.parametrize("state", ["MA", "VI"])
def test_an_enacted_compact_that_does_not_operate_admits_nobody(state):
    assert codes(state, TEXAS) == refused("compact_not_operating")


def test_guam_admits_others():
    assert codes("GU", TEXAS) == []


def test_but_cannot_issue_a_multistate_licence():
    guam = a_licence("GU", multistate=True)
    lives_there = (Residence(state="GU", since=date(2020, 1, 1)),)
    assert codes("OH", guam, residences=lives_there) == refused("home_state_not_issuing")
    assert codes("GU", guam, residences=lives_there) == []


@pytest.mark.parametrize(
    ("state", "first_day"),
    [("PA", date(2023, 9, 5)), ("CT", date(2025, 10, 1)), ("RI", date(2024, 1, 1))],
)
def test_a_state_admits_others_from_its_first_day_on(state, first_day):
    day_before = span_on(first_day - timedelta(days=1))
    assert codes(state, TEXAS, span=day_before) == refused("compact_not_begun")
    assert codes(state, TEXAS, span=span_on(first_day)) == []


@pytest.mark.parametrize(
    ("state", "first_day"),
    [("PA", date(2025, 7, 7)), ("CT", date(2025, 10, 1)), ("RI", date(2024, 1, 1))],
)
def test_a_state_issues_from_its_own_first_day_on(state, first_day):
    licence = a_licence(state, multistate=True, valid_from=date(2020, 1, 1))
    home = (Residence(state=state, since=date(2015, 1, 1)),)
    day_before = span_on(first_day - timedelta(days=1))
    found = codes("OH", licence, residences=home, span=day_before)
    assert found == refused("home_state_not_issuing")
    assert codes("OH", licence, residences=home, span=span_on(first_day)) == []


def test_pennsylvania_let_others_in_before_it_issued_its_own():
    day = span_on(date(2024, 6, 1))
    pennsylvanian = a_licence("PA", multistate=True, valid_from=date(2020, 1, 1))
    home = (Residence(state="PA", since=date(2015, 1, 1)),)
    assert codes("PA", TEXAS, span=day) == []
    assert codes("OH", pennsylvanian, residences=home, span=day) == refused("home_state_not_issuing")


def test_an_advanced_practice_licence_is_never_multistate():
    advanced = replace(TEXAS, kind=LicenceKind.APRN)
    assert codes("OH", advanced) == refused("licence_of_other_state")
    assert codes("TX", advanced) == []


# Residence.


def test_a_residence_nobody_knows_blocks_a_multistate_licence_even_at_home():
    assert codes("OH", TEXAS, residences=()) == refused("residence_unknown")
    assert codes("TX", TEXAS, residences=()) == refused("residence_unknown")


def test_a_residence_that_begins_later_is_not_known_yet():
    later = (Residence(state="TX", since=MONDAY + timedelta(days=1)),)
    assert codes("OH", TEXAS, residences=later) == refused("residence_unknown")


def test_who_never_lived_in_the_home_state_has_no_privilege():
    elsewhere = (Residence(state="OK", since=date(2015, 1, 1)),)
    assert codes("OH", TEXAS, residences=elsewhere) == refused("residence_not_home_state")


@pytest.mark.parametrize(("days", "covered"), [(59, True), (60, True), (61, False)])
def test_after_a_move_within_the_compact_the_old_licence_serves_sixty_days(days, covered):
    moved = (*TEXAN, Residence(state="OK", since=MONDAY - timedelta(days=days)))
    assert codes("OH", TEXAS, residences=moved) == ([] if covered else refused("residence_moved"))


def test_sixty_days_count_from_leaving_the_home_state_not_from_the_last_move():
    moved_twice = (
        *TEXAN,
        Residence(state="OK", since=MONDAY - timedelta(days=61)),
        Residence(state="KS", since=MONDAY - timedelta(days=10)),
    )
    assert codes("OH", TEXAS, residences=moved_twice) == refused("residence_moved")


def test_who_leaves_again_has_sixty_days_again():
    left_again = (
        *TEXAN,
        Residence(state="OK", since=MONDAY - timedelta(days=300)),
        Residence(state="TX", since=MONDAY - timedelta(days=100)),
        Residence(state="OK", since=MONDAY - timedelta(days=10)),
    )
    assert codes("OH", TEXAS, residences=left_again) == []


def test_after_a_move_the_own_state_is_covered_no_longer_either():
    moved = (*TEXAN, Residence(state="OK", since=MONDAY - timedelta(days=61)))
    assert codes("TX", TEXAS, residences=moved) == refused("residence_moved")


def test_a_move_out_of_the_compact_ends_the_privilege_at_once():
    moved = (*TEXAN, Residence(state="NV", since=MONDAY))
    assert codes("OH", TEXAS, residences=moved) == refused("residence_left_compact")


def test_but_leaves_a_licence_of_the_old_home_state():
    moved = (*TEXAN, Residence(state="NV", since=MONDAY - timedelta(days=200)))
    assert codes("TX", TEXAS, residences=moved) == []


def test_who_moved_back_is_at_home():
    back = (
        *TEXAN,
        Residence(state="OK", since=MONDAY - timedelta(days=300)),
        Residence(state="TX", since=MONDAY - timedelta(days=100)),
    )
    assert codes("OH", TEXAS, residences=back) == []


# Dates and standing.


@pytest.mark.parametrize(("first_day", "covered"), [(MONDAY, True), (MONDAY + timedelta(days=1), False)])
def test_a_licence_serves_from_its_first_day_on(first_day, covered):
    found = codes("OH", a_licence(valid_from=first_day))
    assert found == ([] if covered else refused("licence_not_yet_valid"))


def test_an_expired_licence_is_named_with_its_day():
    found = licence_covers_state(
        [a_licence(expires_on=date(2026, 11, 22))], TEXAN, "OH", span_on(), the_compact()
    )
    assert [reason.code for reason in found.reasons] == refused("licence_expired")
    assert "2026-11-22" in found.reasons[1].text


def test_a_licence_that_expires_during_the_visit_does_not_cover_it():
    across = span_on(begins=22.5, ends=24.5)
    assert codes("OH", a_licence(expires_on=MONDAY), span=across) == refused("licence_expires_before_end")


def test_a_visit_that_ends_at_midnight_ends_on_that_day():
    assert codes("OH", a_licence(expires_on=MONDAY), span=span_on(begins=22, ends=24)) == []


@pytest.mark.parametrize("status", [status for status in LicenceStatus if status is not LicenceStatus.ACTIVE])
def test_only_an_active_licence_covers(status):
    assert codes("OH", a_licence(status=status)) == refused(f"licence_{status.value}")


@pytest.mark.parametrize(("since", "covered"), [(11.99, False), (12, True)])
def test_a_suspension_counts_from_its_instant_on(since, covered):
    licence = a_licence(status=LicenceStatus.SUSPENDED, status_since=at(since))
    assert codes("OH", licence) == ([] if covered else refused("licence_suspended"))


@pytest.mark.parametrize(("since", "covered"), [(9, True), (9.01, False)])
def test_a_licence_given_back_counts_from_its_instant_on(since, covered):
    found = codes("OH", a_licence(status_since=at(since)))
    assert found == ([] if covered else refused("licence_not_active_yet"))


def test_discipline_in_the_patients_state_closes_it_to_the_compact_as_well():
    suspended = a_licence("OH", status=LicenceStatus.SUSPENDED, status_since=at(8))
    assert codes("OH", TEXAS, suspended) == refused("disciplined_in_state", "licence_suspended")
    assert codes("KY", TEXAS, suspended) == []


def test_a_lapsed_licence_there_does_not():
    assert codes("OH", TEXAS, a_licence("OH", status=LicenceStatus.INACTIVE)) == []


def test_what_is_wrong_with_each_licence_is_said_once():
    lapsed = a_licence("OH", expires_on=date(2026, 1, 1))
    found = codes("OH", lapsed, lapsed, a_licence("NV"), TEXAS, residences=())
    assert found == refused("licence_expired", "licence_of_other_state", "residence_unknown")


# The data.


def test_every_jurisdiction_stands_on_one_list():
    compact = the_compact()
    assert len(compact.states) == 50 + 1 + 5
    assert not compact.inbound & (compact.enacted_not_operating | compact.outside)
    assert not compact.enacted_not_operating & compact.outside
    assert len(compact.issuing) == 40
    assert compact.inbound - compact.issuing == {"GU"}
    assert compact.as_of == date(2026, 7, 2)

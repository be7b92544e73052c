"""One refusal a test: what is removed from the rules must fail here."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from dispatch.assignment.rules import may_begin, reasons_against
from dispatch.workforce.model import LicenceKind, LicenceStatus, Residence, Shift
from tests.builders.appointments import a_window, appointment_facts
from tests.builders.workforce import (
    MONDAY,
    NURSE,
    a_competency,
    a_licence,
    a_shift,
    a_state_rule,
    an_authorisation,
    at,
    law_facts,
    nurse_facts,
)

SUNDAY, TUESDAY = MONDAY - timedelta(days=1), MONDAY + timedelta(days=1)
LAW = law_facts()


def codes(nurse=None, appointment=None, law=LAW):
    found = reasons_against(nurse or nurse_facts(), appointment or appointment_facts(), law)
    return [reason.code for reason in found]


def competencies(**changed):
    return tuple(
        a_competency(code, **changed.get(code, {}))
        for code in ("acls", "bls", "iv", "ketamine")
        if changed.get(code) is not False
    )


def test_nothing_stands_against_a_nurse_who_has_everything():
    assert codes() == []


@pytest.mark.parametrize(
    ("nurse", "wanted", "code"),
    [
        ({"active": False}, {}, "nurse_not_active"),
        ({"licences": ()}, {}, "licence_not_valid_in_state"),
        ({"competencies": competencies(acls=False)}, {}, "competency_missing"),
        ({"competencies": competencies(bls={"expires_on": date(2026, 11, 22)})}, {}, "competency_expired"),
        ({"competencies": competencies(iv={"valid_from": TUESDAY})}, {}, "competency_not_yet_valid"),
        ({"authorisations": ()}, {}, "authorisation_missing"),
        ({"authorisations": (an_authorisation("KY"),)}, {}, "authorisation_missing"),
        (
            {"authorisations": (an_authorisation(expires_on=date(2026, 11, 22)),)},
            {},
            "authorisation_not_valid",
        ),
        ({"authorisations": (an_authorisation(valid_from=TUESDAY),)}, {}, "authorisation_not_valid"),
        ({"lock_box_units": 1}, {"units": 2}, "lock_box_too_small"),
        ({}, {"required_language": "es"}, "language_required"),
        ({}, {"required_gender": "male"}, "gender_required"),
        ({"gender": None}, {"required_gender": "female"}, "gender_required"),
        ({"pet_allergies": frozenset({"cat"})}, {"pets": frozenset({"cat", "dog"})}, "pet_allergy"),
        ({}, {"excluded_nurses": frozenset({NURSE})}, "patient_excluded"),
        ({}, {"address_verified": False}, "address_not_verified"),
        ({"shifts": (a_shift(10, 21),)}, {"windows": (a_window(18.5, 19),)}, "ends_too_late"),
        ({"shifts": ()}, {}, "no_shift_that_day"),
        ({"shifts": (a_shift(day=TUESDAY),)}, {}, "no_shift_that_day"),
        ({"shifts": (a_shift(day=SUNDAY),)}, {}, "no_shift_that_day"),
        ({"shifts": (a_shift(7, 9.5),)}, {}, "shift_too_short"),
        ({"shifts": (a_shift(13.5, 19),)}, {}, "shift_too_short"),
        ({"shifts": (a_shift(7, 19.5),)}, {}, "too_many_hours_in_24"),
    ],
)
def test_each_rule_refuses_by_its_name(nurse, wanted, code):
    found = codes(nurse_facts(**nurse), appointment_facts(**wanted))
    assert [name for name in found if name == code] == [code]
    assert set(found) == {code}


def test_all_reasons_are_given_at_once():
    nurse = nurse_facts(
        licences=(), competencies=(), authorisations=(), shifts=(), lock_box_units=0, languages=frozenset()
    )
    wanted = appointment_facts(
        required_language="en", excluded_nurses=frozenset({NURSE}), address_verified=False
    )
    assert codes(nurse, wanted) == [
        "licence_not_valid_in_state", *["competency_missing"] * 4, "authorisation_missing",
        "lock_box_too_small", "language_required", "patient_excluded", "address_not_verified",
        "no_shift_that_day",
    ]  # fmt: skip


def test_a_reason_never_holds_an_id_of_a_patient():
    wanted = appointment_facts(appointment_id=UUID(int=4711), excluded_nurses=frozenset({NURSE}))
    assert all("4711" not in reason.text for reason in reasons_against(nurse_facts(), wanted, LAW))


# What a state allows.


def test_without_a_row_for_the_state_nobody_may():
    assert codes(law=replace(LAW, state_rules={})) == ["no_state_rule"]


def test_a_row_that_nobody_verified_blocks():
    law = law_facts(a_state_rule(verified_on=None))
    assert codes(law=law) == ["state_rule_not_verified"]


def test_a_state_that_allows_clinics_only_blocks():
    assert codes(law=law_facts(a_state_rule(setting="clinic"))) == ["home_not_allowed_in_state"]


@pytest.mark.parametrize("supervision", ["onsite", "", "whatever"])
def test_supervision_that_cannot_come_along_blocks(supervision):
    law = law_facts(a_state_rule(supervision=supervision))
    assert codes(law=law) == ["prescriber_on_site_required"]


def test_a_role_that_the_state_does_not_name_blocks():
    law = law_facts(a_state_rule(roles=frozenset({"APRN"})))
    assert codes(law=law) == ["role_not_allowed_in_state"]


def test_what_is_not_controlled_needs_no_row_and_no_authorisation():
    wanted = appointment_facts(controlled=False, units=0, competencies=frozenset({"bls", "iv"}))
    assert codes(nurse_facts(authorisations=()), wanted, replace(LAW, state_rules={})) == []


@pytest.mark.parametrize("controlled", [True, False])
def test_a_practical_nurse_is_never_sent_even_where_a_row_names_her(controlled):
    nurse = nurse_facts(licences=(a_licence(kind=LicenceKind.LPN),))
    law = law_facts(a_state_rule(roles=frozenset({"RN", "LPN"})))
    wanted = appointment_facts(controlled=controlled)
    assert codes(nurse, wanted, law) == ["role_not_allowed_in_state"]


def test_a_practical_licence_does_not_spoil_a_registered_one():
    nurse = nurse_facts(licences=(a_licence(kind=LicenceKind.LPN, number="PN.1"), a_licence()))
    assert codes(nurse) == []


def test_an_advanced_licence_gives_ketamine_only_where_the_row_names_it():
    nurse = nurse_facts(licences=(a_licence(kind=LicenceKind.APRN),))
    assert codes(nurse) == ["role_not_allowed_in_state"]
    assert codes(nurse, law=law_facts(a_state_rule(roles=frozenset({"RN", "APRN"})))) == []


def test_another_registrants_word_does_not_count():
    law = law_facts(registrants=frozenset({"REG-2"}))
    assert codes(law=law) == ["authorisation_missing"]


# Days and hours.


@pytest.mark.parametrize(("last_day", "found"), [(22, ["competency_expired"]), (23, [])])
def test_a_competency_serves_through_its_last_day(last_day, found):
    nurse = nurse_facts(competencies=competencies(ketamine={"expires_on": date(2026, 11, last_day)}))
    assert codes(nurse) == found


def test_a_competency_that_ends_at_midnight_does_not_cover_a_visit_across_it():
    law = law_facts(latest_end_minute=26 * 60)
    wanted = appointment_facts(windows=(a_window(22.5, 22.5),))
    nurse = nurse_facts(shifts=(a_shift(16, 26),), competencies=competencies(acls={"expires_on": MONDAY}))
    assert codes(nurse, wanted, law) == ["competency_expired"]


@pytest.mark.parametrize(("last_day", "covered"), [(22, False), (23, True)])
def test_a_licence_serves_through_its_last_day_of_the_local_calendar(last_day, covered):
    # 19:00 to 20:00 in Columbus is after midnight UTC, which no nurse's licence knows of.
    nurse = nurse_facts(licences=(a_licence(expires_on=date(2026, 11, last_day)),), shifts=(a_shift(12, 21),))
    wanted = appointment_facts(windows=(a_window(19, 19),), minutes=60)
    assert wanted.ends_at.astimezone(UTC).date() == TUESDAY
    assert (codes(nurse, wanted) == []) is covered


def test_a_licence_that_ends_at_midnight_does_not_cover_a_visit_across_it():
    law = law_facts(latest_end_minute=26 * 60)
    nurse = nurse_facts(shifts=(a_shift(16, 26),), licences=(a_licence(expires_on=MONDAY),))
    across = appointment_facts(windows=(a_window(22.5, 22.5),))
    assert codes(nurse, across, law) == ["licence_not_valid_in_state", "licence_expires_before_end"]
    until_midnight = appointment_facts(windows=(a_window(22, 22),))
    assert codes(nurse, until_midnight, law) == []


def test_a_licence_suspended_at_five_past_ten_covers_no_visit_at_eleven():
    nurse = nurse_facts(licences=(a_licence(status=LicenceStatus.SUSPENDED, status_since=at(10 + 5 / 60)),))
    at_eleven = appointment_facts(windows=(a_window(11, 11),))
    assert codes(nurse, at_eleven) == ["licence_not_valid_in_state", "licence_suspended"]
    before = appointment_facts(windows=(a_window(8, 8),))
    assert codes(nurse, before) == []


def test_overtime_stretches_a_shift_as_far_as_policy_allows():
    nurse = nurse_facts(shifts=(a_shift(7, 10),))
    wanted = appointment_facts(windows=(a_window(9, 9),))
    assert codes(nurse, wanted) == []
    assert codes(nurse, wanted, law_facts(overtime=timedelta(minutes=59))) == ["shift_too_short"]


def test_overtime_never_stretches_a_day_beyond_the_fatigue_limit():
    nurse = nurse_facts(shifts=(a_shift(7, 19),))
    wanted = appointment_facts(windows=(a_window(17.5, 17.5),))
    assert codes(nurse, wanted) == ["shift_too_short"]


def test_a_shift_too_soon_after_the_last_is_named():
    nurse = nurse_facts(shifts=(a_shift(18, 22, MONDAY - timedelta(days=1)), a_shift(7, 14)))
    assert codes(nurse) == ["rest_too_short"]


def test_a_sixth_long_day_in_a_week_is_named():
    days = [MONDAY - timedelta(days=back) for back in (5, 4, 3, 2, 1, 0)]
    nurse = nurse_facts(shifts=tuple(a_shift(7, 18, day) for day in days))
    assert codes(nurse) == ["too_many_hours_in_7_days"]


def test_a_rested_second_shift_of_the_day_is_enough():
    tired = Shift(starts_at=at(0), ends_at=at(6))
    nurse = nurse_facts(shifts=(tired, a_shift(16.5, 19)))
    assert codes(nurse, appointment_facts(windows=(a_window(17, 17),))) == []


def test_one_rested_shift_of_two_that_fit_is_enough():
    # Midnight to four comes four hours after Sunday's shift; the afternoon is rested.
    nurse = nurse_facts(shifts=(a_shift(12, 20, SUNDAY), a_shift(0, 4), a_shift(14, 18)))
    wanted = appointment_facts(windows=(a_window(1, 1), a_window(15, 15)))
    assert codes(nurse, wanted) == []
    assert [window.begins_at for window in may_begin(nurse, wanted, LAW)] == [at(15)]
    assert codes(nurse, appointment_facts(windows=(a_window(1, 1),))) == ["rest_too_short"]


def test_a_box_that_is_just_large_enough_will_do():
    assert codes(nurse_facts(lock_box_units=2), appointment_facts(units=2)) == []


def test_a_visit_may_not_wait_past_the_latest_hour_for_its_nurse():
    nurse = nurse_facts(shifts=(a_shift(18.5, 23),))
    assert codes(nurse, appointment_facts(windows=(a_window(9, 19),))) == ["shift_too_short"]


def test_a_settled_begin_is_judged_instead_of_the_windows():
    wanted = appointment_facts().beginning_at(at(18.5))
    assert "ends_too_late" in codes(appointment=wanted)


def test_when_she_may_begin_is_cut_by_window_shift_and_hour():
    (window,) = may_begin(nurse_facts(), appointment_facts(windows=(a_window(6, 23),)), LAW)
    assert (window.begins_at, window.ends_at) == (at(7), at(17))


# The user's words (care-rules.md section 7).


def texas_nurse(*more):
    texas = a_licence("TX", multistate=True, number="TX.1")
    return nurse_facts(
        licences=(texas, *more),
        residences=(Residence(state="TX", since=date(2020, 1, 1)),),
        authorisations=tuple(an_authorisation(state) for state in ("TX", "NV", "MA", "OH")),
    )


RULES = law_facts(*(a_state_rule(state) for state in ("NV", "MA", "TX")))


def test_a_texas_multistate_nurse_may_go_to_ohio():
    assert codes(texas_nurse(), law=RULES) == []


def test_a_texas_multistate_nurse_may_not_go_to_nevada():
    found = codes(texas_nurse(), appointment_facts(state="NV"), RULES)
    assert found == ["licence_not_valid_in_state", "state_outside_compact"]


def test_nor_to_massachusetts_where_the_compact_does_not_operate():
    found = codes(texas_nurse(), appointment_facts(state="MA"), RULES)
    assert found == ["licence_not_valid_in_state", "compact_not_operating"]


def test_but_her_massachusetts_licence_passes():
    nurse = texas_nurse(a_licence("MA", number="MA.1"))
    assert codes(nurse, appointment_facts(state="MA"), RULES) == []


def test_an_appointment_without_a_window_is_no_appointment():
    with pytest.raises(ValueError, match="window"):
        appointment_facts(windows=())


def test_on_the_day_the_clocks_change_a_shift_lasts_what_it_lasts():
    # 2026-11-01: 00:00 to 12:30 by the clock is 13.5 hours in Columbus.
    change = date(2026, 11, 1)
    nurse = nurse_facts(shifts=(Shift(starts_at=at(0, change), ends_at=at(11.5, change)),))
    nurse = replace(nurse, shifts=tuple(replace(s) for s in nurse.shifts))
    wanted = replace(appointment_facts(), windows=(a_window(9, 9),)).beginning_at(at(8, change))
    assert nurse.shifts[0].length == timedelta(hours=12.5)
    assert codes(nurse, wanted) == ["too_many_hours_in_24"]
    assert datetime(2026, 11, 1, 13, tzinfo=UTC) == wanted.begins_at

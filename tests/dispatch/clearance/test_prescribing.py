"""Who may order (care-rules A01, B31): licence and DEA registration to their last day, check digit."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.clearance.model import PrescriberKind, Specialty
from dispatch.clearance.rules.prescribing import (
    dea_check_digit,
    dea_number_fault,
    draft_faults,
    licence_faults,
    may_order,
    warnings_of,
)
from tests.builders.clearance import DAY, DEA, LIMITS, a_draft, a_licence, a_prescriber

POLICY = LIMITS["clearance.prescribers"]
BEFORE, AFTER = DAY - timedelta(days=1), DAY + timedelta(days=1)
UNLICENSED = "prescriber_not_licensed_in_state"
STATES = frozenset({"OH", "NV", "TX"})


def codes(reasons):
    return [each.code for each in reasons]


def test_a_licensed_prescriber_with_a_dea_number_may_order():
    assert may_order(a_prescriber(), "OH", DAY) == ()


def test_nobody_else_may_order():
    assert codes(may_order(None, "OH", DAY)) == ["not_a_prescriber"]


def test_a_licence_of_another_state_does_not_count():
    assert codes(may_order(a_prescriber(), "NV", DAY)) == ["prescriber_not_licensed_in_state"]


def test_a_patient_whose_state_nobody_knows_is_covered_by_no_licence():
    assert codes(may_order(a_prescriber(), "", DAY)) == ["prescriber_not_licensed_in_state"]


@pytest.mark.parametrize(("ends", "found"), [(DAY, []), (BEFORE, [UNLICENSED])])
def test_a_licence_counts_to_its_last_day(ends, found):
    assert codes(may_order(a_prescriber(licences=(a_licence(expires_on=ends),)), "OH", DAY)) == found


@pytest.mark.parametrize(("begins", "found"), [(DAY, []), (AFTER, [UNLICENSED])])
def test_a_licence_counts_from_its_first_day(begins, found):
    assert codes(may_order(a_prescriber(licences=(a_licence(valid_from=begins),)), "OH", DAY)) == found


@pytest.mark.parametrize(("ends", "found"), [(DAY, []), (BEFORE, ["dea_registration_expired"])])
def test_a_dea_registration_counts_to_its_last_day(ends, found):
    assert codes(may_order(a_prescriber(dea_expires_on=ends), "OH", DAY)) == found


def test_everything_that_is_missing_comes_at_once():
    lapsed = {"active": False, "licences": (a_licence(active=False),), "dea_expires_on": BEFORE}
    assert codes(may_order(a_prescriber(**lapsed), "OH", DAY)) == [
        "prescriber_inactive", "prescriber_not_licensed_in_state", "dea_registration_expired",
    ]  # fmt: skip


@pytest.mark.parametrize("specialty", POLICY["specialties"])
def test_the_listed_specialties_need_no_approval(specialty):
    assert warnings_of(a_prescriber(specialty=Specialty(specialty)), POLICY) == ()


def test_another_specialty_is_warned_of_until_it_is_approved():
    other = a_prescriber(specialty=Specialty.FAMILY_MEDICINE)
    assert codes(warnings_of(other, POLICY)) == ["specialty_not_approved"]
    assert may_order(other, "OH", DAY) == ()
    assert warnings_of(a_prescriber(specialty=Specialty.FAMILY_MEDICINE, approved=True), POLICY) == ()


@pytest.mark.parametrize(
    ("number", "kind", "fault"),
    [
        (DEA, PrescriberKind.MD, None),
        ("A91234563", PrescriberKind.DO, None),
        ("MB1234563", PrescriberKind.NP, None),
        ("AB1234564", PrescriberKind.MD, "dea_number_check_digit"),
        ("MB1234563", PrescriberKind.MD, "dea_number_of_another_kind"),
        ("AB1234563", PrescriberKind.PA, "dea_number_of_another_kind"),
        ("ab1234563", PrescriberKind.MD, "dea_number_malformed"),
        ("AB123456", PrescriberKind.MD, "dea_number_malformed"),
        ("AB12345637", PrescriberKind.MD, "dea_number_malformed"),
        ("1B1234563", PrescriberKind.MD, "dea_number_malformed"),
        ("AB١٢٣٤٥٦٣", PrescriberKind.MD, "dea_number_malformed"),
        ("", PrescriberKind.MD, "dea_number_malformed"),
    ],
)
def test_dea_numbers(number, kind, fault):
    assert dea_number_fault(number, kind) == fault


@settings(deadline=None)
@given(st.text("0123456789", min_size=6, max_size=6), st.integers(0, 9))
def test_law_exactly_one_last_digit_fits(six, last):
    fits = dea_number_fault(f"AB{six}{last}", PrescriberKind.MD) is None
    assert fits == (last == dea_check_digit(six))


def test_a_kind_that_the_policy_does_not_list_is_refused():
    assert codes(draft_faults(a_draft(), {**POLICY, "kinds": ["DO"]})) == ["kind_may_not_prescribe"]


def test_a_licence_with_three_faults_names_three():
    wrong = a_licence(state="XX", number=" ", valid_from=DAY, expires_on=DAY - timedelta(days=1))
    assert codes(licence_faults(wrong, STATES)) == [
        "no_such_state", "licence_number_missing", "licence_ends_before_it_begins",
    ]  # fmt: skip

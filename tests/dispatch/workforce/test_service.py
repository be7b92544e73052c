"""What is done to nurses: refusals, audit, boards told."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa

from dispatch.areas.records import DayChangeRow
from dispatch.audit.records import AuditEntryRow
from dispatch.kernel.actor import SYSTEM
from dispatch.kernel.refusals import Conflict, Invalid, NotFound, Stale
from dispatch.workforce.model import LicenceKind, LicenceStatus, NurseDraft, Residence, Shift
from dispatch.workforce.rules.drafts import nurse_faults
from dispatch.workforce.rules.samples import sample_state_rules
from dispatch.workforce.service import (
    add_nurse,
    add_shift,
    change_nurse,
    change_shift,
    enter_authorisation,
    enter_competency,
    enter_licence,
    enter_state_rule,
    move_residence,
    nurse_by_code,
    nurse_by_id,
    reinstate_licence,
    remove_shift,
    state_rules,
    suspend_licence,
    verify_state_rule,
)
from tests.builders.day_files import an_area
from tests.builders.workforce import (
    MONDAY,
    a_competency,
    a_licence,
    a_shift,
    a_state_rule,
    an_authorisation,
    at,
)

SUNDAY, TUESDAY = MONDAY - timedelta(days=1), MONDAY + timedelta(days=1)
ANA = NurseDraft(
    code="N-07",
    name="Ana Reyes",
    gender="female",
    languages=("en", "es"),
    pet_allergies=("cat",),
    home_address="12 Oak St, Columbus, OH 43215",
    home_point=(39.96, -82.99),
    lock_box_units=6,
)


@pytest.fixture
def area(session, clock):
    return an_area(session, clock)


@pytest.fixture
def ana(session, clock, area):
    return add_nurse(session, area.id, ANA, SYSTEM, clock)


def codes(refusal):
    return [reason.code for reason in refusal.value.reasons]


def deeds(session):
    session.flush()
    rows = session.scalars(sa.select(AuditEntryRow).order_by(AuditEntryRow.id))
    return [row.action for row in rows if not row.action.startswith("service.")]


def told(session):
    session.flush()
    return [tuple(row) for row in session.execute(sa.select(DayChangeRow.day, DayChangeRow.kind))]


def test_a_nurse_is_found_by_code_and_id(session, area, ana):
    assert nurse_by_code(session, area.id, "N-07") is ana
    assert nurse_by_id(session, ana.id) is ana
    assert deeds(session) == ["nurse.add"]


def test_a_nurse_nobody_knows_is_not_found(session, area):
    with pytest.raises(NotFound):
        nurse_by_code(session, area.id, "N-99")
    with pytest.raises(NotFound):
        nurse_by_id(session, area.id)


def test_a_code_is_given_once(session, clock, area, ana):
    with pytest.raises(Conflict) as refused:
        add_nurse(session, area.id, ANA, SYSTEM, clock)
    assert codes(refused) == ["code_taken"]


def test_a_code_never_changes(session, clock, ana):
    with pytest.raises(Invalid) as refused:
        change_nurse(session, ana.id, replace(ANA, code="N-08"), SYSTEM, clock)
    assert codes(refused) == ["code_never_changes"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"code": ""}, "code"),
        ({"name": "  "}, "name"),
        ({"name": "=1"}, "name"),
        ({"home_address": ""}, "home_address"),
        ({"gender": "x"}, "gender"),
        ({"languages": ()}, "languages"),
        ({"languages": ("English",)}, "languages"),
        ({"pet_allergies": ("C4t",)}, "pet_allergies"),
        ({"home_point": (99.0, 0.1)}, "home_lat"),
        ({"home_point": (1.0, 181.0)}, "home_lon"),
        ({"home_point": (0.0, 0.0)}, "home_lat"),
        ({"home_point": (float("nan"), 1.0)}, "home_lat"),
        ({"lock_box_units": 101}, "lock_box_units"),
    ],
)
def test_a_faulty_draft_names_its_field(change, field):
    assert [reason.field for reason in nurse_faults(replace(ANA, **change))] == [field]


def test_the_loser_of_a_race_is_told(session, clock, ana):
    session.flush()
    change_nurse(session, ana.id, replace(ANA, name="Ana R."), SYSTEM, clock, seen=1)
    session.flush()
    with pytest.raises(Stale) as refused:
        change_nurse(session, ana.id, replace(ANA, name="Ann"), SYSTEM, clock, seen=1)
    assert refused.value.extra == {"version": 2}


def test_a_change_is_kept_with_the_names_of_the_fields_alone(session, clock, ana):
    change_nurse(session, ana.id, replace(ANA, name="Ana R.", lock_box_units=4), SYSTEM, clock)
    session.flush()
    entry = session.scalar(sa.select(AuditEntryRow).where(AuditEntryRow.action == "nurse.change"))
    assert entry.detail == {"changed": ["lock_box_units", "name"], "code": "N-07"}


# Licences.


def test_a_licence_is_entered_and_renewed(session, clock, ana):
    row = enter_licence(session, ana.id, a_licence(), SYSTEM, clock)
    session.flush()
    again = enter_licence(session, ana.id, a_licence(expires_on=date(2029, 12, 31)), SYSTEM, clock)
    assert again is row
    assert row.expires_on == date(2029, 12, 31)
    assert deeds(session) == ["nurse.add", "licence.add", "licence.change"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"state": "ZZ"}, "state_unknown"),
        ({"number": "a b"}, "code_malformed"),
        ({"expires_on": date(2023, 1, 1)}, "ends_before_it_begins"),
        ({"expires_on": date(2099, 1, 1)}, "date_out_of_range"),
        ({"multistate": True, "kind": LicenceKind.APRN}, "kind_never_multistate"),
        ({"multistate": True, "state": "MA"}, "home_state_not_issuing"),
        ({"multistate": True, "state": "GU"}, "home_state_not_issuing"),
    ],
)
def test_a_licence_that_cannot_be_is_refused(session, clock, ana, change, code):
    with pytest.raises(Invalid) as refused:
        enter_licence(session, ana.id, replace(a_licence(), **change), SYSTEM, clock)
    assert codes(refused) == [code]


def test_a_licence_has_one_holder(session, clock, area, ana):
    enter_licence(session, ana.id, a_licence(), SYSTEM, clock)
    session.flush()
    other = add_nurse(session, area.id, replace(ANA, code="N-08"), SYSTEM, clock)
    with pytest.raises(Conflict) as refused:
        enter_licence(session, other.id, a_licence(), SYSTEM, clock)
    assert codes(refused) == ["licence_of_another_nurse"]


def test_a_suspension_acts_at_once_and_tells_every_board_she_is_on(session, clock, ana):
    licence = enter_licence(session, ana.id, a_licence(), SYSTEM, clock)
    for day in (SUNDAY - timedelta(days=7), MONDAY, TUESDAY):
        add_shift(session, ana.id, a_shift(8, 16, day), SYSTEM, clock)
    session.flush()
    before = len(told(session))
    suspend_licence(session, licence.id, SYSTEM, clock, source="nursys e-notify")
    assert (licence.status, licence.status_since) == ("suspended", clock.now())
    assert told(session)[before:] == [(MONDAY, "licence"), (TUESDAY, "licence")]
    assert deeds(session)[-1] == "licence.suspended"


def test_a_renewal_does_not_lift_a_suspension_but_the_board_of_nursing_does(session, clock, ana):
    licence = enter_licence(session, ana.id, a_licence(), SYSTEM, clock)
    session.flush()
    suspend_licence(session, licence.id, SYSTEM, clock, since=at(10))
    session.flush()
    with pytest.raises(Conflict) as refused:
        enter_licence(session, ana.id, a_licence(), SYSTEM, clock)
    assert codes(refused) == ["licence_disciplined"]
    reinstate_licence(session, licence.id, SYSTEM, clock, since=at(15))
    assert (licence.status, licence.status_since) == (LicenceStatus.ACTIVE.value, at(15))


def test_a_licence_nobody_knows_cannot_be_suspended(session, clock, ana):
    with pytest.raises(NotFound):
        suspend_licence(session, ana.id, SYSTEM, clock)


# Residence, proofs, authorisations.


def test_residences_add_up_and_a_day_is_corrected(session, clock, ana):
    for state, since in (("OH", date(2020, 1, 1)), ("KY", date(2026, 10, 1)), ("IN", date(2026, 10, 1))):
        move_residence(session, ana.id, Residence(state=state, since=since), SYSTEM, clock)
        session.flush()
    assert {(row.state, row.since.year) for row in ana.residences} == {("OH", 2020), ("IN", 2026)}


def test_a_residence_in_no_state_is_refused(session, clock, ana):
    with pytest.raises(Invalid) as refused:
        move_residence(session, ana.id, Residence(state="XX", since=MONDAY), SYSTEM, clock)
    assert codes(refused) == ["state_unknown"]


def test_a_competency_is_renewed_in_place(session, clock, ana):
    enter_competency(session, ana.id, a_competency("acls"), SYSTEM, clock)
    enter_competency(session, ana.id, a_competency("acls", expires_on=date(2028, 1, 1)), SYSTEM, clock)
    session.flush()
    assert [row.expires_on for row in ana.competencies] == [date(2028, 1, 1)]


def test_a_competency_that_does_not_exist_is_refused(session, clock, ana):
    with pytest.raises(Invalid) as refused:
        enter_competency(session, ana.id, a_competency("juggling"), SYSTEM, clock)
    assert codes(refused) == ["choice_unknown"]


def test_an_authorisation_is_kept_by_registrant_and_state(session, clock, ana):
    for state in ("OH", "KY", "OH"):
        enter_authorisation(session, ana.id, an_authorisation(state), SYSTEM, clock)
    session.flush()
    assert sorted(row.state for row in ana.authorisations) == ["KY", "OH"]


def test_an_authorisation_of_no_registrant_is_refused(session, clock, ana):
    with pytest.raises(Invalid) as refused:
        enter_authorisation(session, ana.id, an_authorisation(registrant=""), SYSTEM, clock)
    assert codes(refused) == ["code_malformed"]


# Shifts.


def test_a_shift_tells_the_boards_of_its_days(session, clock, ana):
    add_shift(session, ana.id, Shift(starts_at=at(20), ends_at=at(28)), SYSTEM, clock)
    assert told(session) == [(MONDAY, "shift"), (TUESDAY, "shift")]


def test_shifts_may_not_overlap(session, clock, ana):
    add_shift(session, ana.id, a_shift(7, 12), SYSTEM, clock)
    session.flush()
    with pytest.raises(Conflict) as refused:
        add_shift(session, ana.id, a_shift(11, 13), SYSTEM, clock)
    assert codes(refused) == ["shift_overlaps"]


def test_a_tired_shift_is_refused_with_every_reason(session, clock, ana):
    add_shift(session, ana.id, a_shift(14, 23, SUNDAY), SYSTEM, clock)
    session.flush()
    with pytest.raises(Conflict) as refused:
        add_shift(session, ana.id, a_shift(7, 13), SYSTEM, clock)
    assert codes(refused) == ["too_many_hours_in_24", "rest_too_short"]


def test_a_shift_that_takes_the_rest_before_the_next_is_refused(session, clock, ana):
    add_shift(session, ana.id, a_shift(6, 10, TUESDAY), SYSTEM, clock)
    session.flush()
    with pytest.raises(Conflict) as refused:
        add_shift(session, ana.id, a_shift(18, 22), SYSTEM, clock)
    assert codes(refused) == ["rest_too_short"]


@pytest.mark.parametrize(("ends", "code"), [(7, "ends_before_it_begins"), (32, "shift_too_long")])
def test_a_shift_has_two_ends_in_order_within_a_day(session, clock, ana, ends, code):
    with pytest.raises(Invalid) as refused:
        add_shift(session, ana.id, Shift(starts_at=at(7), ends_at=at(ends)), SYSTEM, clock)
    assert codes(refused) == [code]


@pytest.mark.parametrize("year", [1, 9998])
def test_a_shift_beyond_all_calendars_is_refused(session, clock, ana, year):
    begins = datetime(year, 1, 1, tzinfo=UTC)
    with pytest.raises(Invalid) as refused:
        add_shift(
            session, ana.id, Shift(starts_at=begins, ends_at=begins + timedelta(hours=8)), SYSTEM, clock
        )
    assert codes(refused) == ["date_out_of_range"]


def test_a_suspension_beyond_all_calendars_is_refused(session, clock, ana):
    licence = enter_licence(session, ana.id, a_licence(), SYSTEM, clock)
    session.flush()
    with pytest.raises(Invalid) as refused:
        suspend_licence(session, licence.id, SYSTEM, clock, since=datetime(9999, 12, 31, tzinfo=UTC))
    assert codes(refused) == ["date_out_of_range"]


def test_a_shift_is_changed_and_both_days_are_told(session, clock, ana):
    row = add_shift(session, ana.id, a_shift(7, 12), SYSTEM, clock)
    session.flush()
    change_shift(session, row.id, a_shift(7, 12, TUESDAY), SYSTEM, clock, seen=1)
    assert told(session) == [(MONDAY, "shift"), (MONDAY, "shift"), (TUESDAY, "shift")]
    with pytest.raises(Stale):
        change_shift(session, row.id, a_shift(7, 12), SYSTEM, clock, seen=1)


def test_a_shift_is_taken_away(session, clock, ana):
    row = add_shift(session, ana.id, a_shift(7, 12), SYSTEM, clock)
    session.flush()
    remove_shift(session, row.id, SYSTEM, clock)
    assert deeds(session) == ["nurse.add", "shift.add", "shift.remove"]
    with pytest.raises(NotFound):
        remove_shift(session, ana.id, SYSTEM, clock)


# States' rules.


def test_the_sample_of_states_rules_is_unverified(session, clock):
    for rule in sample_state_rules():
        enter_state_rule(session, rule, SYSTEM, clock)
    session.flush()
    rows = state_rules(session)
    assert {row.verified_on for row in rows} == {None}
    verified = verify_state_rule(session, "OH", MONDAY, SYSTEM, clock)
    assert verified.verified_on == MONDAY


def test_a_rule_of_a_state_without_one_cannot_be_verified(session, clock):
    with pytest.raises(NotFound):
        verify_state_rule(session, "NV", MONDAY, SYSTEM, clock)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"roles": frozenset({"LPN"})}, "role_unknown"),
        ({"roles": frozenset()}, "value_missing"),
        ({"state": "ZZ"}, "state_unknown"),
        ({"citation": ""}, "value_missing"),
    ],
)
def test_a_rule_that_cannot_be_is_refused(session, clock, change, code):
    with pytest.raises(Invalid) as refused:
        enter_state_rule(session, replace(a_state_rule(), **change), SYSTEM, clock)
    assert codes(refused) == [code]

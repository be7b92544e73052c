"""Each clock at its edge: what is due when, whom it tells, and what moves it."""

from datetime import timedelta

import pytest

from dispatch.visits.safety.model import AlarmKind, Audience
from dispatch.visits.safety.rules.clocks import run_out, running, stages_due
from tests.builders.safety import VALUES, at, watched

A, K = Audience, AlarmKind


def kinds(visit, minute):
    return {due.kind for due in run_out(visit, VALUES, at(minute))}


def due(visit, kind):
    return next(each for each in running(visit, VALUES) if each.kind is kind)


def ladder(visit, kind):
    return [
        ((each.after + due(visit, kind).due_at - at(0)) / timedelta(minutes=1), each.audience)
        for each in due(visit, kind).rungs
    ]


def test_nothing_runs_before_she_sets_off():
    assert list(running(watched(), VALUES)) == []


def test_a_missed_check_in_tells_nurse_call_lead_and_emergency_services_in_turn():
    assert ladder(watched(check_in=0), K.MISSED_CHECK_IN) == [
        (35, (A.NURSE,)),
        (40, (A.DISPATCHER, A.CALL)),
        (45, (A.DISPATCHER, A.LEAD)),
        (50, (A.DISPATCHER, A.LEAD, A.EMERGENCY)),
    ]


@pytest.mark.parametrize(("minute", "late"), [(34.99, False), (35, True)])
def test_it_is_missed_thirty_minutes_after_the_last_sign_and_told_five_later(minute, late):
    assert (K.MISSED_CHECK_IN in kinds(watched(check_in=0), minute)) is late


def test_any_deed_reading_or_check_in_is_a_sign():
    for visit in (
        watched(check_in=0, screen=20),
        watched(20, check_in=0),
        watched(check_in=0, start=5, readings=((20, 5),)),
    ):
        assert due(visit, K.MISSED_CHECK_IN).due_at == at(50)


def test_after_she_has_left_no_check_in_is_missed():
    assert kinds(watched(check_in=0, check_out=20), 500) == set()


def test_a_later_sign_is_another_instance():
    first, second = watched(check_in=0), watched(29, check_in=0)
    assert due(first, K.MISSED_CHECK_IN).key != due(second, K.MISSED_CHECK_IN).key


def test_she_is_expected_ten_minutes_after_her_drive_or_the_plan_whichever_is_later():
    drive = watched(en_route=0, travel=timedelta(minutes=18))
    assert due(drive, K.MISSED_ARRIVAL).due_at == at(28)
    early = watched(en_route=0, travel=timedelta(minutes=18), arrives_at=at(40))
    assert due(early, K.MISSED_ARRIVAL).due_at == at(50)


def test_a_sign_on_the_way_gives_her_half_an_hour():
    assert due(watched(25, en_route=0), K.MISSED_ARRIVAL).due_at == at(55)


@pytest.mark.parametrize("end", ["check_in", "no_show", "check_out", "start"])
def test_who_has_arrived_is_expected_no_more(end):
    assert K.MISSED_ARRIVAL not in kinds(watched(en_route=0, **{end: 200}), 201)


def test_nor_is_she_when_the_visit_is_called_off():
    assert kinds(watched(en_route=0, cancelled=True), 500) == set()


def test_the_lone_workers_timer_is_the_planned_minutes_and_half_an_hour():
    assert due(watched(check_in=0), K.LONE_WORKER).due_at == at(150)


def test_she_may_say_that_it_takes_longer():
    longer = watched(check_in=0, longer=timedelta(minutes=45))
    assert due(longer, K.LONE_WORKER).due_at == at(195)
    assert due(longer, K.LONE_WORKER).key != due(watched(check_in=0), K.LONE_WORKER).key


def test_infusing_the_nurse_hears_at_thirteen_minutes_and_all_at_fifteen():
    visit = watched(check_in=0, start=10, readings=((20, 5),))
    assert ladder(visit, K.MISSED_READING) == [(33, (A.NURSE,)), (35, (A.NURSE, A.DISPATCHER))]


def test_the_first_set_is_counted_from_the_start_not_from_the_baseline():
    visit = watched(check_in=0, start=10, readings=((3, 5),))
    assert due(visit, K.MISSED_READING).due_at == at(10)


def test_after_the_infusion_fifteen_minutes_are_allowed():
    visit = watched(check_in=0, start=10, stop=50, readings=((50, 5),))
    assert ladder(visit, K.MISSED_READING) == [(65, (A.NURSE, A.DISPATCHER))]


def test_the_end_of_the_infusion_makes_no_second_alarm_of_the_same_silence():
    before = watched(check_in=0, start=10, readings=((20, 5),))
    after = watched(check_in=0, start=10, stop=34, readings=((20, 5),))
    assert due(before, K.MISSED_READING).key == due(after, K.MISSED_READING).key


@pytest.mark.parametrize("end", ["discharge", "transfer", "check_out"])
def test_who_has_left_her_care_is_not_measured_any_more(end):
    assert K.MISSED_READING not in kinds(watched(start=0, **{end: 20}), 500)


def test_a_service_without_a_controlled_drug_is_not_measured_by_this_clock():
    assert kinds(watched(check_in=0, start=1, stop=20, check_out=25, controlled=False), 500) == set()


@pytest.mark.parametrize(("moaas", "alarmed"), [(5, False), (4, False), (3, True)])
def test_moaas_below_four_alarms_at_once(moaas, alarmed):
    visit = watched(check_in=0, start=10, readings=((20, moaas),))
    assert (K.NOT_ALERT in kinds(visit, 20)) is alarmed


def test_one_run_of_low_readings_is_one_alarm_and_a_new_run_another():
    low = watched(start=0, readings=((10, 3), (15, 2)))
    again = watched(start=0, readings=((10, 3), (15, 5), (20, 3)))
    assert due(low, K.NOT_ALERT).due_at == at(10)
    assert due(again, K.NOT_ALERT).due_at == at(20)


def test_an_alert_patient_ends_it():
    assert K.NOT_ALERT not in kinds(watched(start=0, readings=((10, 3), (15, 4))), 500)


def test_a_recovery_without_discharge_is_asked_about():
    visit = watched(check_in=0, start=10, stop=50, readings=((50, 5),))
    assert ladder(visit, K.LONG_RECOVERY) == [(170, (A.NURSE,)), (200, (A.DISPATCHER, A.PRESCRIBER))]
    assert K.LONG_RECOVERY not in kinds(watched(start=10, stop=50, discharge=90), 500)


def test_a_patient_who_does_not_answer_is_rung_up_two_and_a_half_hours_after():
    visit = watched(start=0, stop=40, discharge=75, check_out=90)
    assert ladder(visit, K.PATIENT_UNANSWERED) == [
        (225, (A.DISPATCHER, A.CALL)),
        (285, (A.DISPATCHER, A.LEAD)),
    ]


def test_an_answer_after_discharge_ends_it_one_before_does_not():
    asked = {"start": 0, "stop": 40, "discharge": 75, "check_out": 90}
    assert K.PATIENT_UNANSWERED not in kinds(watched(**asked, patient_told=at(200)), 500)
    assert K.PATIENT_UNANSWERED in kinds(watched(**asked, patient_told=at(70)), 500)


def test_who_was_never_treated_or_went_to_hospital_is_not_asked():
    assert kinds(watched(check_in=0, abort=5, check_out=10), 500) == set()
    assert kinds(watched(start=0, emergency=5, transfer=20, check_out=30), 500) == set()


def test_an_area_may_sign_which_clocks_run():
    values = {**VALUES, "safety.clocks": {"on": ["lone_worker"]}}
    assert [each.kind for each in running(watched(check_in=0, start=5), values)] == [K.LONE_WORKER]


def test_stages_are_numbered_by_their_time():
    clock = due(watched(check_in=0), K.MISSED_CHECK_IN)
    assert [number for number, _, _ in stages_due(clock, at(45))] == [1, 2, 3]
    assert stages_due(clock, at(34.9)) == []


def test_an_alarm_keeps_the_policy_values_that_judged_it():
    clock = due(watched(check_in=0), K.MISSED_CHECK_IN)
    assert clock.values == {"safety.check_in": VALUES["safety.check_in"]}

"""Facts are kept, judged once, answered the same again, and belong to one nurse."""

import threading
from datetime import UTC, datetime, timedelta, timezone

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from dispatch.appointments.records import AppointmentRow
from dispatch.areas.records import DayChangeRow, PolicyRow
from dispatch.audit.records import AuditEntryRow
from dispatch.kernel.ids import new_id
from dispatch.kernel.refusals import NotFound
from dispatch.kernel.storage import transaction
from dispatch.visits.model import Deed, EventIdReused, VisitState
from dispatch.visits.queries import evv_record, nurses_day, own_visit, progress
from dispatch.visits.records import VisitFactRow
from dispatch.visits.service import judge, record_fact
from tests.builders.visits import (
    AT_HOME,
    DAY,
    FAR_AWAY,
    SEVEN,
    Town,
    a_deed,
    a_town,
    nurse_actor,
    publish,
)

TEN = SEVEN + timedelta(hours=3)


@pytest.fixture
def town(session) -> Town:
    return a_town(session)


@pytest.fixture
def nina(town):
    return nurse_actor(town.nurse_id)


@pytest.fixture
def olga(town):
    return nurse_actor(town.other_nurse_id)


@pytest.fixture(autouse=True)
def ten_o_clock(clock):
    clock.at = TEN


def report(session, actor, clock, appointment_id, *deeds: Deed, **more):
    """Report deeds ten minutes apart; the last receipt is returned."""
    receipt = None
    for deed in deeds:
        receipt = record_fact(session, a_deed(appointment_id, deed, clock.now(), **more), actor, clock)
        clock.advance(timedelta(minutes=10))
    return receipt


def test_a_check_in_at_the_door_leaves_no_flag(session, town, nina, clock):
    receipt = report(session, nina, clock, town.first_id, Deed.CHECK_IN, position=AT_HOME)
    assert receipt.flags == ()
    assert receipt.state is VisitState.ARRIVED
    assert receipt.distance_m == 11


def test_a_check_in_out_of_range_is_kept_with_its_reason(session, town, nina, clock):
    more = {"position": FAR_AWAY, "reason": "The road is closed"}
    receipt = report(session, nina, clock, town.first_id, Deed.CHECK_IN, **more)
    assert receipt.flags == ("out_of_range",)
    assert session.scalar(sa.select(VisitFactRow)).reason == "The road is closed"


def test_out_of_range_without_a_reason_is_kept_and_says_so(session, town, nina, clock):
    receipt = report(session, nina, clock, town.first_id, Deed.CHECK_IN, position=FAR_AWAY)
    assert receipt.flags == ("out_of_range", "reason_missing")


def test_the_fence_is_policy(session, town, nina, clock):
    session.add(
        PolicyRow(
            area_id=town.area_id, key="visit.geofence_m", value={"metres": 2000}, version=1, signed_by="cd",
            signed_at=SEVEN, reason="farms",
        )
    )  # fmt: skip
    session.flush()
    assert report(session, nina, clock, town.first_id, Deed.CHECK_IN, position=FAR_AWAY).flags == ()


def test_an_abort_without_a_reason_says_so(session, town, nina, clock):
    report(session, nina, clock, town.first_id, Deed.CHECK_IN, position=AT_HOME)
    assert report(session, nina, clock, town.first_id, Deed.ABORT).flags == ("reason_missing",)


def test_a_no_show_waits_from_the_windows_begin(session, town, nina, clock):
    """She came at 10:00 to a window that opens at 10:15: at 10:29 she has waited 14 minutes."""
    report(session, nina, clock, town.first_id, Deed.CHECK_IN, position=AT_HOME)
    clock.at = TEN + timedelta(minutes=29)
    more = {"calls_made": 2, "reason": "Nobody opens"}
    receipt = record_fact(session, a_deed(town.first_id, Deed.NO_SHOW, clock.now(), **more), nina, clock)
    assert receipt.flags == ("no_show_too_early",)


def test_the_same_fact_again_gets_the_same_receipt(session, town, nina, clock):
    fact = a_deed(town.first_id, Deed.EN_ROUTE, TEN)
    first = record_fact(session, fact, nina, clock)
    clock.advance(timedelta(hours=1))
    again = record_fact(session, fact, nina, clock)
    assert again.repeated
    assert (again.position, again.received_at, again.state, again.flags) == (
        first.position, first.received_at, first.state, first.flags,
    )  # fmt: skip
    assert session.scalar(sa.select(sa.func.count()).select_from(VisitFactRow)) == 1


def test_a_retry_that_names_a_later_time_of_sending_is_the_same_fact(session, town, nina, clock):
    fact = a_deed(town.first_id, Deed.EN_ROUTE, TEN, sent_at=TEN)
    record_fact(session, fact, nina, clock)
    again = a_deed(
        town.first_id, Deed.EN_ROUTE, TEN, sent_at=TEN + timedelta(seconds=40), event_id=fact.event_id
    )
    assert record_fact(session, again, nina, clock).repeated


def test_an_event_id_with_another_body_is_refused(session, town, nina, clock):
    fact = a_deed(town.first_id, Deed.EN_ROUTE, TEN)
    record_fact(session, fact, nina, clock)
    with pytest.raises(EventIdReused):
        record_fact(session, a_deed(town.first_id, Deed.ABORT, TEN, event_id=fact.event_id), nina, clock)


def test_an_event_id_from_another_person_is_refused(session, town, nina, olga, clock):
    fact = a_deed(town.first_id, Deed.EN_ROUTE, TEN)
    record_fact(session, fact, nina, clock)
    with pytest.raises(EventIdReused):
        record_fact(session, fact, olga, clock)


def test_a_device_counts_each_number_once(session, town, clock):
    phone = nurse_actor(town.nurse_id, device=new_id())
    record_fact(session, a_deed(town.first_id, Deed.EN_ROUTE, TEN, device_seq=7), phone, clock)
    with pytest.raises(EventIdReused):
        record_fact(session, a_deed(town.first_id, Deed.CHECK_IN, TEN, device_seq=7), phone, clock)


def test_two_devices_may_count_alike(session, town, clock):
    for deed in (Deed.EN_ROUTE, Deed.CHECK_IN):
        phone = nurse_actor(town.nurse_id, device=new_id())
        record_fact(session, a_deed(town.first_id, deed, TEN, device_seq=7), phone, clock)
    assert session.scalar(sa.select(sa.func.count()).select_from(VisitFactRow)) == 2


def test_another_nurses_visit_is_not_found(session, town, olga, clock):
    with pytest.raises(NotFound):
        report(session, olga, clock, town.first_id, Deed.CHECK_IN)


def test_a_visit_that_is_not_there_is_not_found(session, town, nina, clock):
    with pytest.raises(NotFound):
        report(session, nina, clock, new_id(), Deed.CHECK_IN)


def test_an_account_without_a_nurse_finds_nothing(session, town, clock):
    with pytest.raises(NotFound):
        report(session, nurse_actor(None), clock, town.first_id, Deed.CHECK_IN)


def test_a_newer_plan_takes_the_visit_away(session, town, nina, olga, clock):
    publish(session, town.area_id, town.other_nurse_id, town.pharmacy_id, [town.first_id], number=2)
    with pytest.raises(NotFound):
        own_visit(session, town.first_id, nina)
    assert own_visit(session, town.first_id, olga).initials == "A.K."


def test_what_she_did_before_the_newer_plan_is_kept_and_flagged(session, town, nina, clock):
    publish(
        session, town.area_id, town.other_nurse_id, town.pharmacy_id, [town.first_id], number=2,
        at=TEN - timedelta(minutes=5),
    )  # fmt: skip
    fact = a_deed(town.first_id, Deed.EN_ROUTE, TEN - timedelta(minutes=10), sent_at=TEN)
    assert record_fact(session, fact, nina, clock).flags == ("not_on_route_now",)


def test_what_she_did_after_it_is_not_found(session, town, nina, clock):
    publish(
        session, town.area_id, town.other_nurse_id, town.pharmacy_id, [town.first_id], number=2,
        at=TEN - timedelta(minutes=15),
    )  # fmt: skip
    with pytest.raises(NotFound):
        record_fact(session, a_deed(town.first_id, Deed.EN_ROUTE, TEN), nina, clock)


def test_she_may_finish_what_she_began(session, town, nina, clock):
    report(session, nina, clock, town.first_id, Deed.CHECK_IN, position=AT_HOME)
    publish(session, town.area_id, town.other_nurse_id, town.pharmacy_id, [town.first_id], number=2)
    receipt = report(session, nina, clock, town.first_id, Deed.START)
    assert receipt.state is VisitState.INFUSING
    assert receipt.flags == ("not_on_route_now",)


def test_two_nurses_facts_do_not_mix(session, town, nina, olga, clock):
    report(session, nina, clock, town.first_id, Deed.EN_ROUTE)
    publish(session, town.area_id, town.other_nurse_id, town.pharmacy_id, [town.first_id], number=2)
    assert report(session, olga, clock, town.first_id, Deed.EN_ROUTE).flags == ()


def test_the_patients_day_counts_not_utcs(session, town, nina, clock):
    """21:30 in Columbus is the next day in UTC, and still the appointment's day."""
    clock.at = datetime(2026, 11, 24, 2, 30, tzinfo=UTC)
    assert report(session, nina, clock, town.first_id, Deed.EN_ROUTE).flags == ()


def test_another_day_is_flagged(session, town, nina, clock):
    clock.advance(timedelta(days=1))
    assert report(session, nina, clock, town.first_id, Deed.EN_ROUTE).flags == ("other_day",)


def test_after_a_cancellation_it_is_kept_and_flagged(session, town, nina, clock):
    session.get_one(AppointmentRow, town.first_id).status = "cancelled"
    session.flush()
    receipt = report(session, nina, clock, town.first_id, Deed.EN_ROUTE)
    assert receipt.flags == ("visit_cancelled",)
    assert receipt.state is VisitState.CANCELLED


def test_every_fact_is_audited_without_saying_where(session, town, nina, clock):
    report(session, nina, clock, town.first_id, Deed.CHECK_IN, position=FAR_AWAY, reason="Kenworth Rd shut")
    entry = session.scalar(sa.select(AuditEntryRow).where(AuditEntryRow.action == "visit.check_in"))
    assert entry.subject_id == town.first_id
    assert "39.97" not in repr(entry.detail)
    assert "Kenworth" not in repr(entry.detail)


def test_the_boards_are_told(session, town, nina, clock):
    report(session, nina, clock, town.first_id, Deed.EN_ROUTE)
    change = session.scalar(sa.select(DayChangeRow))
    assert (change.area_id, change.day, change.kind, change.subject_id) == (
        town.area_id, DAY, "visit", town.first_id,
    )  # fmt: skip


def test_judging_stores_nothing(session, town, nina, clock):
    fact = a_deed(town.first_id, Deed.CHECK_IN, TEN, position=FAR_AWAY)
    judged = judge(session, fact, nina, clock)
    assert judged.reason_due
    assert session.scalar(sa.select(sa.func.count()).select_from(VisitFactRow)) == 0


def test_the_place_and_the_reason_are_sealed(session, town, nina, clock):
    report(session, nina, clock, town.first_id, Deed.CHECK_IN, position=FAR_AWAY, reason="canary reason")
    stored = session.connection().exec_driver_sql("SELECT * FROM visit_fact").all()
    assert "39.97" not in repr(stored)
    assert "canary" not in repr(stored)
    assert session.scalar(sa.select(VisitFactRow)).place.startswith("39.971200,")


@pytest.mark.parametrize("statement", ["UPDATE visit_fact SET deed = 'abort'", "DELETE FROM visit_fact"])
def test_the_database_keeps_facts_as_they_are(session, town, nina, clock, statement):
    report(session, nina, clock, town.first_id, Deed.EN_ROUTE)
    with pytest.raises(DBAPIError, match="append-only"):
        session.connection().exec_driver_sql(statement)


def test_a_newer_phones_local_offset_is_kept(session, town, nina, clock):
    local = TEN.astimezone(timezone(timedelta(hours=-5)))
    record_fact(session, a_deed(town.first_id, Deed.EN_ROUTE, local), nina, clock)
    row = session.scalar(sa.select(VisitFactRow))
    assert (row.device_at, row.device_utc_offset_s) == (TEN, -18_000)


USUAL = (Deed.EN_ROUTE, Deed.CHECK_IN, Deed.START, Deed.STOP, Deed.CHECK_OUT)


def test_the_six_elements_follow_from_the_record(session, town, nina, clock):
    report(session, nina, clock, town.first_id, *USUAL, position=AT_HOME)
    evv = evv_record(session, town.first_id, town.nurse_id)
    assert (evv.service, evv.recipient, evv.day) == ("Ketamine infusion", "Ada Kingsley", DAY)
    assert (evv.place, evv.provider) == ("1234 Kenworth Rd, Columbus, OH 43224", "Nina North")
    assert (evv.begins_at, evv.ends_at) == (TEN + timedelta(minutes=10), TEN + timedelta(minutes=40))
    assert (evv.distance_m, evv.missing, evv.flags) == (11, (), ())


def test_what_evv_lacks_is_named(session, town, nina, clock):
    report(session, nina, clock, town.first_id, Deed.CHECK_IN)
    evv = evv_record(session, town.first_id, town.nurse_id)
    assert evv.missing == ("ends_at",)
    assert evv.flags == ("no_position", "reason_missing")


def test_progress_tells_the_board_how_far_each_came(session, town, nina, clock):
    report(session, nina, clock, town.first_id, *USUAL, position=AT_HOME)
    report(session, nina, clock, town.second_id, Deed.EN_ROUTE)
    found = progress(session, town.area_id, DAY)
    assert found[town.first_id].state is VisitState.COMPLETED
    assert found[town.first_id].started_at == TEN + timedelta(minutes=20)
    assert found[town.second_id].arrived_at is None
    assert found[town.second_id].en_route_at == TEN + timedelta(minutes=50)


def test_progress_shows_the_nurse_who_came_furthest(session, town, nina, olga, clock):
    report(session, nina, clock, town.first_id, Deed.EN_ROUTE)
    publish(session, town.area_id, town.other_nurse_id, town.pharmacy_id, [town.first_id], number=2)
    report(session, olga, clock, town.first_id, Deed.CHECK_IN, position=AT_HOME)
    assert progress(session, town.area_id, DAY)[town.first_id].nurse_id == town.other_nurse_id


def test_the_day_shows_one_patient_in_full(session, town, nina, clock):
    day = nurses_day(session, nina, clock)
    assert [stop.kind for stop in day.stops] == ["start", "pickup", "visit", "visit", "return", "end"]
    assert day.current.care.name == "Ada Kingsley"
    assert [visit.care is None for visit in day.visits] == [False, True]


def test_after_check_out_the_next_patient_is_shown(session, town, nina, clock):
    report(session, nina, clock, town.first_id, *USUAL, position=AT_HOME)
    day = nurses_day(session, nina, clock)
    assert [visit.care is None for visit in day.visits] == [True, False]


def test_a_visit_under_way_comes_before_an_earlier_one(session, town, nina, clock):
    report(session, nina, clock, town.second_id, Deed.EN_ROUTE)
    assert nurses_day(session, nina, clock).current.appointment_id == town.second_id


def test_a_nurse_without_a_route_sees_an_empty_day(session, town, olga, clock):
    day = nurses_day(session, olga, clock)
    assert day.plan_number == 1
    assert day.stops == ()


def test_today_is_the_areas_day(session, town, nina, clock):
    clock.at = datetime(2026, 11, 24, 2, 30, tzinfo=UTC)
    assert nurses_day(session, nina, clock).day == DAY


def test_one_fact_sent_by_many_at_once_is_stored_once(engine, keyring, clock):
    with transaction(engine, keyring) as session:
        town = a_town(session)
    nina = nurse_actor(town.nurse_id)
    fact = a_deed(town.first_id, Deed.CHECK_IN, TEN, position=AT_HOME)
    barrier, receipts, wrong = threading.Barrier(6), [], []

    def send() -> None:
        try:
            barrier.wait()
            with transaction(engine, keyring) as session:
                receipts.append(record_fact(session, fact, nina, clock))
        except Exception as error:
            wrong.append(error)

    threads = [threading.Thread(target=send) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert sorted(receipt.repeated for receipt in receipts) == [False] + [True] * 5
    assert len({receipt.position for receipt in receipts}) == 1

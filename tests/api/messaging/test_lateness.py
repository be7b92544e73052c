"""Delays are told by the policy's stages, each once, and only of visits that have not begun."""

from datetime import timedelta

from api.messaging.lateness import tell_of_delays
from dispatch.assignment.records import PlannedStopRow
from dispatch.kernel.storage import transaction
from dispatch.messages.queries import messages_about
from dispatch.workforce.records import ShiftRow
from tests.builders.visits import SEVEN, a_town

PLANNED = SEVEN + timedelta(hours=5)
DRIVE = timedelta(minutes=18)


def test_a_delay_is_told_stage_by_stage(engine, keyring, clock):
    with transaction(engine, keyring) as session:
        town = a_town(session)
        stop = session.query(PlannedStopRow).filter_by(appointment_id=town.first_id).one()
        session.add(
            ShiftRow(
                id=stop.shift_id, nurse_id=town.nurse_id, starts_at=SEVEN - timedelta(hours=1),
                ends_at=SEVEN + timedelta(hours=12),
            )
        )  # fmt: skip
    told = []
    for late in (15, 16, 16, 31, 61):
        clock.at = PLANNED + timedelta(minutes=late) - DRIVE
        tell_of_delays(engine, keyring, clock)
        with transaction(engine, keyring) as session:
            told.append(sorted(row.kind for row in messages_about(session, town.first_id)))
    patient, office, again = ["running_late"], ["late_for_dispatcher"], ["late_replan"]
    assert told == [[], patient, patient, office + patient, office + again + patient]

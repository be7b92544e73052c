"""A visit is called off until its nurse is at the door."""

from datetime import timedelta

import pytest

from dispatch.kernel.refusals import Conflict
from dispatch.visits.cancelling import cancel_visit
from dispatch.visits.model import Deed
from dispatch.visits.service import record_fact
from tests.builders.visits import SEVEN, a_deed, a_town, nurse_actor


@pytest.fixture
def town(session, clock):
    clock.at = SEVEN + timedelta(hours=3)
    return a_town(session)


def test_a_visit_is_called_off_while_its_nurse_drives(session, town, clock):
    nurse = nurse_actor(town.nurse_id)
    record_fact(session, a_deed(town.first_id, Deed.EN_ROUTE, clock.now()), nurse, clock)
    assert cancel_visit(session, town.first_id, "patient_ill", nurse, clock).status == "cancelled"


def test_a_visit_whose_nurse_has_arrived_is_not(session, town, clock):
    nurse = nurse_actor(town.nurse_id)
    record_fact(session, a_deed(town.first_id, Deed.CHECK_IN, clock.now()), nurse, clock)
    with pytest.raises(Conflict, match="nurse_has_arrived"):
        cancel_visit(session, town.first_id, "patient_ill", nurse, clock)

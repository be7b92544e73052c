"""An area takes over an earlier day: who has no case passes, who has one goes the whole path."""

from dataclasses import replace

import pytest

from dispatch.appointments.care.model import CarePathRefused
from dispatch.appointments.service import book_appointment
from dispatch.kernel.actor import SYSTEM
from tests.builders.care_path import VISIT, book, registered
from tests.builders.clearance import a_scene
from tests.builders.visits import a_patient, signed_off


def without_case(session, area_id):
    session.add(signed_off(area_id, "booking.without_case", {"refused": False}))
    session.flush()


def test_who_has_no_case_passes_only_where_the_area_signed_so(session, clock):
    scene = a_scene(session, clock)
    row = a_patient(scene.area_id, 3, "Bo Example")
    session.add(row)
    session.flush()
    taken_over = replace(VISIT, dose_order_ref="OLD-7", dose_ug=35_000)
    with pytest.raises(CarePathRefused):
        book_appointment(session, row.id, taken_over, SYSTEM, clock)
    without_case(session, scene.area_id)
    assert book_appointment(session, row.id, taken_over, SYSTEM, clock).dose_order_ref == "OLD-7"


def test_who_has_a_case_goes_the_whole_path_there_too(session, clock):
    scene = registered(a_scene(session, clock))
    without_case(session, scene.area_id)
    with pytest.raises(CarePathRefused, match="no_series"):
        book(scene)

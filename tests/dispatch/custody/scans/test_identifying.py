"""Which product and vial a scan names, and what forbids to go on with it."""

from datetime import date, timedelta

import pytest

from dispatch.custody.model import State
from dispatch.custody.scans.model import ScanPurpose, label_text
from dispatch.custody.scans.service import enter_gtin, identify, normal_gtin
from dispatch.kernel.refusals import Conflict, Forbidden, Invalid, NotFound
from tests.builders.custody import a_scene, picked_up

GTIN = "00312345678906"


def scan(serial="7F0", lot="L1", expiry="270630", gtin=GTIN):
    return f"01{gtin}17{expiry}10{lot}\x1d21{serial}"


@pytest.fixture
def scene(session):
    made = a_scene(session)
    enter_gtin(session, "KET-50", GTIN, made.pharmacist, made.clock)
    return made


def found(session, scene, text, purpose=ScanPurpose.FIND, actor=None):
    return identify(session, text, purpose, actor or scene.pharmacist, scene.clock, scene.pharmacy_id)


def against(session, scene, text, purpose=ScanPurpose.FIND, actor=None):
    with pytest.raises(Conflict) as refused:
        found(session, scene, text, purpose, actor)
    return [reason.code for reason in refused.value.reasons]


def test_a_scan_names_its_product_and_its_vial(session, scene):
    seen = found(session, scene, scan())
    assert (seen.product_code, seen.container_id, seen.state) == ("KET-50", scene.vial, State.DISPENSED)
    assert seen.findings == ()


def test_our_own_label_names_the_same_vial(session, scene):
    assert found(session, scene, label_text("7F0", "L1", date(2027, 6, 30))).container_id == scene.vial


def test_a_vial_that_is_to_be_received_is_not_in_the_ledger_yet(session, scene):
    seen = found(session, scene, scan(serial="NEW-1"), ScanPurpose.RECEIVE)
    assert (seen.product_code, seen.container_id) == ("KET-50", None)


def test_a_vial_is_received_once(session, scene):
    assert against(session, scene, scan(), ScanPurpose.RECEIVE) == ["vial_known"]


def test_a_product_nobody_entered_is_unknown(session, scene):
    assert against(session, scene, scan(serial="N", gtin="09521101530001")) == ["product_unknown"]


def test_another_lot_on_a_known_vial_is_a_mismatch(session, scene):
    assert against(session, scene, scan(lot="L2")) == ["lot_mismatch"]


def test_another_expiry_of_a_known_lot_is_a_mismatch(session, scene):
    assert against(session, scene, scan(serial="NEW-1", expiry="270531"), ScanPurpose.RECEIVE) == [
        "expiry_mismatch"
    ]


def test_an_expired_vial_is_neither_received_nor_used_but_found(session, scene):
    scene.clock.at += timedelta(days=300)
    assert against(session, scene, scan(serial="NEW-1"), ScanPurpose.RECEIVE) == ["scan_expired"]
    assert against(session, scene, scan(), ScanPurpose.USE) == ["scan_expired"]
    assert [each.code for each in found(session, scene, scan()).findings] == ["scan_expired"]


def test_the_day_of_expiry_is_the_last_day_of_use(session, scene):
    scene.clock.at = scene.clock.at.replace(year=2027, month=7, day=1, hour=3)  # 30 June, 23:00 in Columbus
    assert found(session, scene, scan(), ScanPurpose.USE).findings == ()


def test_an_unknown_vial_is_not_used(session, scene):
    assert against(session, scene, scan(serial="NEW-1"), ScanPurpose.USE) == ["vial_unknown"]


def test_a_label_of_no_vial_is_refused(session, scene):
    assert against(session, scene, label_text("NEW-1", "L1", date(2027, 6, 30))) == ["vial_unknown"]


def test_everything_against_a_vial_is_said_at_once(session, scene):
    text = scan(lot="L2", expiry="200131", gtin="09521101530001")
    assert against(session, scene, text, ScanPurpose.USE) == [
        "product_unknown", "lot_mismatch", "expiry_mismatch", "product_mismatch", "scan_expired",
    ]  # fmt: skip


def test_a_nurse_is_told_of_no_vial_that_another_nurse_holds(session):
    scene = picked_up(session)
    enter_gtin(session, "KET-50", GTIN, scene.pharmacist, scene.clock)
    assert found(session, scene, scan(), actor=scene.nurse).container_id == scene.vial
    assert found(session, scene, scan(), actor=scene.other_nurse).container_id is None


def test_only_a_pharmacist_or_compliance_enters_a_gtin(session, scene):
    with pytest.raises(Forbidden):
        enter_gtin(session, "KET-50", GTIN, scene.nurse, scene.clock)


def test_a_gtin_of_no_product_is_refused(session, scene):
    with pytest.raises(NotFound):
        enter_gtin(session, "NO-SUCH", GTIN, scene.pharmacist, scene.clock)


def test_two_products_never_share_a_gtin(session, scene):
    with pytest.raises(Conflict):
        normal_gtin(session, GTIN)


def test_a_gtin_with_a_wrong_check_digit_is_refused(session, scene):
    with pytest.raises(Invalid):
        normal_gtin(session, "00312345678907")

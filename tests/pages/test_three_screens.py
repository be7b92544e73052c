"""The main job through the three screens in Chromium: planned, done at the bedside, seen by compliance.

`HOUSECALL_PICTURES=docs/pictures` keeps what was seen.
"""

import os
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect

from api.hints import InProcessHints
from api.jobs import Supervisor
from dispatch.appointments.day_import import import_files
from dispatch.custody.commands import NewVial, ReceiveAtPharmacy
from dispatch.custody.model import Basis
from dispatch.custody.service import receive_at_pharmacy
from dispatch.kernel.actor import SYSTEM, AccountId, Actor, Role
from dispatch.kernel.ids import new_id
from dispatch.kernel.storage import transaction
from dispatch.workforce.service import nurse_by_code
from tests.builders.appointments import without_care_path
from tests.builders.company import a_company
from tests.builders.day_files import PATIENT, a_day
from tests.builders.visits import NO_CHECKLIST, signed_off
from tests.builders.web import PASSWORD, a_person, keyring_of_app

pytestmark = [
    pytest.mark.browser,
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]
DAY = "2026-11-23"
DANA, ANA, PHIL, CORA = (f"{name}@test.example" for name in ("dana", "ana", "phil", "cora"))
PHONE = {
    "viewport": {"width": 390, "height": 844},
    "has_touch": True,
    "timezone_id": "America/New_York",
    "permissions": ["geolocation"],
    "geolocation": {
        "latitude": float(PATIENT["lat"]), "longitude": float(PATIENT["lon"]), "accuracy": 8,
    },
}  # fmt: skip


def keep_picture(page, name: str) -> None:
    """Keep what the page looks like, where the environment asks for it."""
    folder = os.environ.get("HOUSECALL_PICTURES")
    if folder:
        page.screenshot(path=Path(folder) / f"{name}.png")


@pytest.fixture
def company(app, engine, clock) -> None:
    """An area with an imported day, a vial at the pharmacy, and the four people of the story."""
    keyring = keyring_of_app(app)
    pharmacist_id = a_person(app, engine, Role.PHARMACIST, email=PHIL)
    a_person(app, engine, Role.DISPATCHER, email=DANA)
    a_person(app, engine, Role.COMPLIANCE, email=CORA)
    pharmacist = Actor(
        account_id=AccountId(pharmacist_id),
        name="phil",
        roles=frozenset({Role.PHARMACIST}),
        session_ref="counter",
    )
    with transaction(engine, keyring) as session:
        area_id, pharmacy_id = a_company(session, clock)
        without_care_path(session, area_id)
        session.add(signed_off(area_id, "visit.checklist", NO_CHECKLIST))
        assert import_files(session, a_day(), SYSTEM, clock, area_id=area_id).ok
        delivery = ReceiveAtPharmacy(
            pharmacy_id=pharmacy_id, product_code="KET-50", lot_number="L-1",
            expires_on=clock.now().date() + timedelta(days=200), basis=Basis.REGISTRANT_STOCK,
            vials=(NewVial(event_id=new_id(), serial="V-1", seal="S-1"),),
        )  # fmt: skip
        receive_at_pharmacy(session, delivery, pharmacist, clock)
        nurse_id = nurse_by_code(session, area_id, "N-07").id
    a_person(app, engine, Role.NURSE, email=ANA, nurse_id=nurse_id)


def press(page, name: str) -> None:
    with page.expect_navigation():
        page.get_by_role("button", name=name).first.click()


def sign(page, who: str, email: str, key: str) -> None:
    page.get_by_label(f"{who}’s email").fill(email)
    page.get_by_label(f"{who}’s password").fill(PASSWORD)
    page.locator(f"#own-{key}").fill(PASSWORD)


def plan_the_day(open_page, solve) -> None:
    """The dispatcher plans and publishes on the board."""
    board = open_page(DANA, f"/board/columbus/{DAY}", viewport={"width": 1440, "height": 900})
    board.get_by_text("Plan the day").click()
    board.locator("input[name=seconds]").fill("1")
    board.get_by_role("button", name="Plan", exact=True).click()
    expect(board.locator("#run")).to_contain_text("Waiting")
    solve()
    board.get_by_role("button", name="Publish").click()
    expect(board.locator(".row .visit", has_text="M.H.")).to_be_visible()
    keep_picture(board, "story-1-board")
    assert board.errors == []


def visit_the_patient(open_page, clock) -> None:
    """The nurse picks up, goes, gives and wastes, by thumb."""
    clock.advance(timedelta(hours=1, minutes=30))
    phone = open_page(ANA, "/today", **PHONE)
    phone.clock.set_fixed_time(clock.now())
    phone.get_by_text("Take the vial").click()
    phone.select_option("#serial-1", "V-1")
    phone.fill("#seal-1", "S-1")
    phone.fill("#counted", "1")
    sign(phone, "Pharmacist", PHIL, "pickup")
    keep_picture(phone, "story-2-pickup")
    press(phone, "Sign and take")
    phone.get_by_role("button", name="Drive").first.click()
    expect(phone.get_by_role("button", name="I have arrived")).to_be_visible()
    clock.advance(timedelta(minutes=30))
    phone.clock.set_fixed_time(clock.now())
    press(phone, "I have arrived")
    phone.get_by_text("Open for M.H.").first.click()
    phone.fill("#seal-V-1", "S-1")
    press(phone, "Break the seal")
    press(phone, "Draw")
    press(phone, "Start infusion")
    keep_picture(phone, "story-3-infusing")
    press(phone, "Stop infusion")
    phone.fill("#give-V-1", "31.001")
    press(phone, "Given")
    phone.get_by_text("Waste with a witness").click()
    phone.fill("#waste-V-1", "68.999")
    phone.select_option("#method-V-1", "deactivation_pouch")
    sign(phone, "Witness", CORA, "waste-V-1")
    keep_picture(phone, "story-4-waste")
    press(phone, "Both sign")
    press(phone, "Leave")
    assert phone.errors == []


def test_planned_on_the_board_done_at_the_bedside_seen_by_compliance(app, engine, clock, company, open_page):
    def solve() -> None:
        supervisor = Supervisor(engine, keyring_of_app(app), clock, InProcessHints())
        supervisor.look()
        supervisor.join()

    plan_the_day(open_page, solve)
    visit_the_patient(open_page, clock)
    officer = open_page(CORA, f"/custody/columbus/{DAY}", viewport={"width": 1440, "height": 900})
    row = officer.locator("tr", has_text="V-1").first
    for figure in ("35.000", "31.001", "68.999", "0.000", "cora"):
        expect(row).to_contain_text(figure)
    keep_picture(officer, "story-5-custody")
    officer.get_by_role("link", name="V-1").first.click()
    expect(officer.get_by_role("heading", name="Vial V-1")).to_be_visible()
    for event in ("received", "picked up", "opened", "drawn", "administered", "wasted"):
        expect(officer.locator("tbody")).to_contain_text(event)
    keep_picture(officer, "story-6-vial")
    assert officer.errors == []

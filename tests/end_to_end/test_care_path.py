"""The care path in Chromium: from the first enquiry to the day after the first infusion.

`HOUSECALL_PICTURES=docs/pictures` keeps what was seen.
"""

import json
import os
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from dispatch.appointments.model import Point
from dispatch.appointments.service import confirm_point
from dispatch.assignment.publish import publish
from dispatch.assignment.runs import claim_run, hand_in
from dispatch.assignment.service import PlanOrder, order_plan
from dispatch.intake.model import CaseState
from dispatch.intake.queries import case_view, cases_in
from dispatch.kernel.clock import SetClock
from dispatch.kernel.storage import transaction
from dispatch.series.queries import series_by_id, series_of_patient
from dispatch.visits.bedside.model import Section
from dispatch.visits.bedside.rules.questions import PHQ9
from routing.dayfile import day_from_json
from routing.engine.solve import solve
from routing.planfile import write_plan
from tests.browser import PATIENCE_MS
from tests.builders.care_path import SISTER
from tests.builders.care_story import (
    ANA,
    CORA,
    DANA,
    PHIL,
    PRIA,
    TUESDAY,
    a_company_at_work,
    answer_section,
    fill_section,
    local,
    password,
    press,
    send,
    take_reading,
)
from tests.builders.series import DISPATCHER
from tests.builders.visits import HOME
from tests.builders.web import PASSWORD, keyring_of_app
from tests.builders.workforce import at as at_hour

pytestmark = [
    pytest.mark.browser,
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]
PHONE = {
    "viewport": {"width": 390, "height": 844},
    "has_touch": True,
    "timezone_id": "America/New_York",
    "permissions": ["geolocation"],
    "geolocation": {"latitude": HOME[0], "longitude": HOME[1], "accuracy": 8},
}
TUESDAY_11 = at_hour(11.25, TUESDAY)
DESK = {"viewport": {"width": 1280, "height": 900}, "timezone_id": "America/New_York"}


def keep_picture(page, name: str) -> None:
    """Keep what the page looks like, where the environment asks for it."""
    folder = os.environ.get("HOUSECALL_PICTURES")
    if folder:
        page.screenshot(path=Path(folder) / f"{name}.png")


@pytest.fixture
def begin(app, engine):
    return lambda: transaction(engine, keyring_of_app(app))


@pytest.fixture
def sign_in(open_page):
    """Open a page as somebody who signs in, with patience for a busy machine."""

    def signed_in(*who, **context):
        page = open_page(*who, **context)
        page.set_default_timeout(PATIENCE_MS)
        return page

    return signed_in


@pytest.fixture
def stranger(chromium, live_server):
    """A phone on which nobody signed in; one more for each call."""
    contexts = []

    def opened():
        context = chromium.new_context(base_url=live_server, **PHONE)
        contexts.append(context)
        context.set_default_timeout(PATIENCE_MS)
        page = context.new_page()
        page.errors = []
        page.on("console", lambda said: page.errors.append(said.text) if said.type == "error" else None)
        return page

    yield opened
    for context in contexts:
        context.close()


def enquire(page) -> None:
    """She asks for a call on the public page, and learns by when."""
    page.goto("/enquire")
    page.get_by_label("Name").fill("Mira Quince")
    page.get_by_label("Telephone").fill("+1 614 555 0142")
    page.get_by_label("What is it about?").fill("I would like to know whether this is for me.")
    keep_picture(page, "care-1")
    press(page, "Ask for a call")
    expect(page.get_by_role("status")).to_contain_text("Tuesday 24 November")


def send_link(dana) -> str:
    """The dispatcher calls her and sends the link."""
    dana.get_by_role("link", name="Mira Quince").click()
    press(dana, "I have spoken with them")
    press(dana, "Send the patient a link")
    return dana.locator("p.address").inner_text()


def fill_intake(mira) -> str:
    """She fills in everything on her phone, and gets the link for her own provider."""
    press(mira, "Open")
    mira.goto("/my/about")
    mira.get_by_label("Date of birth").fill("1984-03-09")
    mira.get_by_label("Address where we would come").fill("1234 Kenworth Rd, Columbus, OH 43224")
    mira.get_by_label("State, two letters").fill("OH")
    press(mira, "Save")
    mira.goto("/my/purpose")
    mira.locator("input[value=major_depression]").check()
    mira.locator("input[value=home_infusion]").check()
    mira.get_by_label("why not elsewhere").fill("I cannot travel home alone afterwards.")
    press(mira, "Save")
    for part in ("psychiatric", "social", "family", "medications", "substances", "medical"):
        mira.goto(f"/my/{part}")
        if part == "medications":
            mira.get_by_label("Name of the medicine").fill("Lisinopril")
            mira.get_by_label("How much and how often").fill("10 mg in the morning")
            press(mira, "Add the medicine")
        answer_section(mira)
        if part == "medications":
            mira.locator("form.item", has_text="any medicine, vitamin").locator("input[value=yes]").check()
            expect(mira.locator("form.item output").first).to_have_text("Saved")
            mira.evaluate("document.querySelector('form.item').scrollIntoView()")
            keep_picture(mira, "care-2")
    mira.goto("/my/agreements")
    while mira.get_by_role("button", name="I agree").count():
        press(mira, "I agree")
    mira.goto("/my")
    press(mira, "Make a link for my provider")
    return mira.locator("p.address").inner_text()


def acknowledge(provider) -> None:
    """Her own provider signs behind the own link."""
    press(provider, "Open")
    provider.get_by_label("Your role").select_option("physician")
    provider.get_by_label("Licence number").fill("35.123456")
    provider.get_by_label("Licensed in").fill("OH")
    provider.get_by_label("Your full name").fill("Dr. Ines Ash")
    keep_picture(provider, "care-3")
    press(provider, "Sign")
    expect(provider.get_by_role("status")).to_contain_text("Signed by Dr. Ines Ash")


def consult(pria, case_id, clock) -> None:
    """The prescriber books and records the consultation and the evaluation, reviews, decides."""
    place = f"/clearance/cases/{case_id}"
    pria.goto(place)
    pria.get_by_text("Book a consultation with yourself").click()
    pria.locator("#begins").fill(local(clock.now() + timedelta(minutes=15)))
    press(pria, "Book")
    clock.advance(timedelta(minutes=45))
    pria.goto(place)
    for number in (1, 2, 3):
        pria.locator(f"#audit-{number}").fill("0")
    pria.locator("#pdmp-at").fill(local(clock.now()))
    pria.locator("#pdmp").select_option("nothing")
    press(pria, "Record the consultation")
    pria.get_by_text("Document an evaluation").click()
    pria.locator("#evaluated").fill(local(clock.now()))
    pria.locator("#asa").fill("2")
    pria.locator("#weight").fill("70.0")
    press(pria, "Record the evaluation")
    keep_scales(pria)
    password(pria, "review")
    press(pria, "Sign the review of this list")
    pria.locator("#decision-candidate").check()
    pria.locator("#decision-reason").fill("Two medicines without success; nothing against treatment.")
    password(pria, "decision")
    press(pria, "Sign the decision")
    expect(pria.locator("dl.figures")).to_contain_text("cleared")
    pria.evaluate("scrollTo(0, 0)")
    keep_picture(pria, "care-4")


def keep_scales(pria) -> None:
    """PHQ-9 of 18 and a clear C-SSRS, as the prescriber asked for them in the consultation."""
    filled = {"phq9": ("2",) * 8 + ("0",), "cssrs": ("0", "0", "", "", "", "0", "")}
    for scale, answers in filled.items():
        pria.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
        items = {f"item_{number}": answer for number, answer in enumerate(answers, 1)}
        send(pria, f"form.deed:has(input[value={scale}])", occasion="baseline", **items)


def register(dana, case_id, begin, clock):
    """The dispatcher registers her, and writes down by telephone that her sister is with her.

    Where her door is, a dispatcher confirms over the API only.
    """
    dana.goto(f"/intake/{case_id}")
    press(dana, "Register as a patient")
    dana.get_by_text("Name somebody by telephone").click()
    send(
        dana, "form:has(button[value=adult])", "button[value=adult]", name=SISTER.name, phone=SISTER.phone,
        relation=SISTER.relation, of_age="yes", can_drive="yes", chosen_by_patient="yes",
    )  # fmt: skip
    with begin() as session:
        patient_id = case_view(session, case_id).patient_id
        confirm_point(session, patient_id, Point(lat=HOME[0], lon=HOME[1]), DISPATCHER, clock)
    return patient_id


def lay_series(dana, pria, clock) -> None:
    """Six infusions: proposed, consented to, ordered, laid over three weeks, accepted and booked."""
    today = local(clock.now())[:10]
    dana.goto("/series/columbus")
    send(dana, "form[action$='/columbus']", who="Mira Quince", template="T-S0", first_day=TUESDAY.isoformat())
    send(dana, "form[action$='/consent']", signed_name="Mira Quince", signed_on=today)
    place = dana.url
    pria.goto(place)
    password(pria, "order")
    send(
        pria, "form[action$='/order']", indication="major_depression", route="intravenous_infusion",
        delivery="pump", weight_kg="70", weighed_on=today, mg_per_kg="0.5", concentration_mg_per_ml="50",
        draw_rounding="nearest", final_ml="50", minutes="40", rate_low_ml_h="50", rate_high_ml_h="75",
        antiemetic="ondansetron_prn",
    )  # fmt: skip
    free = [f"{day} {part}" for day in range(1, 6) for part in ("morning", "afternoon")]
    dana.goto(place)
    send(dana, "form[action$='/times']", patient=free, adult=free)
    send(dana, "form[action$='/laying']")
    send(dana, "form[action$='/bookings']")
    expect(dana.get_by_role("status")).to_contain_text("Infusion 1: booked")


def first_visit(session, patient_id):
    """The series and its first visit."""
    (series,) = series_of_patient(session, patient_id)
    assert len({each.day for each in series.infusions}) == 6
    return series.series_id, series.infusions[0].appointment_id


def plan_tuesday(clock, begin) -> None:
    """The planner finds her nurse's route, and it is published."""
    with begin() as session:
        run_id = order_plan(session, PlanOrder(area="columbus", day=TUESDAY, seconds=1), DISPATCHER, clock).id
        day_file = claim_run(session, "w1", clock).day_file
    solved = json.loads(write_plan(solve(day_from_json(day_file), seconds=1, engine="greedy")))
    with begin() as session:
        assert hand_in(session, run_id, "w1", solved, clock)
        publish(session, run_id, DISPATCHER, clock)


@dataclass
class Bedside:
    """The nurse's phone at one visit."""

    page: Page
    place: str
    clock: SetClock

    def wait(self, minutes: int) -> None:
        """Let time pass, on the server and on the phone."""
        self.clock.advance(timedelta(minutes=minutes))
        self.page.clock.set_fixed_time(self.clock.now())

    def chart(self, step: int, section: Section, **more: str) -> None:
        """Fill in a section."""
        fill_section(self.page, self.place, step, section, self.clock.now(), **more)

    def read(self, step: int, **more: int) -> None:
        """Take a set of readings."""
        take_reading(self.page, self.place, step, **more)

    def do(self, name: str) -> None:
        """Press the button of a deed on the bedside's page."""
        self.page.goto(self.place)
        press(self.page, name)


def set_out(phone, clock) -> None:
    """The nurse signs for the vial at the pharmacy and drives."""
    phone.clock.set_fixed_time(clock.now())
    phone.get_by_text("Take the vial").click()
    phone.select_option("#serial-1", "V-1")
    phone.fill("#seal-1", "S-1")
    phone.fill("#counted", "1")
    sign_both(phone, "Pharmacist", PHIL, "pickup")
    press(phone, "Sign and take")
    press(phone, "Drive")
    expect(phone.get_by_role("button", name="To the bedside")).to_be_visible()


def sign_both(page, who: str, email: str, key: str) -> None:
    """A second person signs on the nurse's phone, then she herself."""
    page.get_by_label(f"{who}’s email").fill(email)
    page.get_by_label(f"{who}’s password").fill(PASSWORD)
    password(page, key)


def screen(at: Bedside) -> None:
    """She arrives, and everything before the start, in the checklist's order."""
    phone = at.page
    at.wait(45)
    at.do("I have arrived")
    at.chart(2, Section.SAFE_SCENE)
    at.chart(3, Section.ADULT, name="Nora Example", phone="+1 614 555 0111", relation="sibling")
    at.chart(4, Section.KIT)
    at.chart(5, Section.PAPERS)
    at.chart(6, Section.TODAY)
    at.chart(7, Section.MOOD, **dict.fromkeys(PHQ9, "2") | {"p9": "0"})
    at.chart(8, Section.WEIGHT)
    at.chart(10, Section.IV)
    at.chart(11, Section.MONITORS)
    phone.goto(f"{at.place}?step=6#step")
    keep_picture(phone, "care-6")
    phone.goto("/today")
    phone.get_by_text("Open for M.Q.").first.click()
    phone.fill("#seal-V-1", "S-1")
    press(phone, "Break the seal")
    press(phone, "Draw")
    at.chart(12, Section.DRUG)
    at.chart(13, Section.TIME_OUT)
    at.read(9)
    phone.goto(f"{at.place}?step=9")
    press(phone, "pria answered just now")


def infuse_and_recover(at: Bedside) -> None:
    """Forty minutes at the ordered rate, an hour of watching, discharge, and the waste before a witness."""
    phone = at.page
    at.do("Start infusion")
    for sbp in (128, 136, 138, 134):
        at.wait(10)
        at.read(14, sbp=sbp)
    at.do("Stop infusion")
    phone.goto("/today")
    phone.fill("#give-V-1", "35.000")
    press(phone, "Given")
    for sbp in (130, 126, 124, 122):
        at.wait(15)
        at.read(16, sbp=sbp)
    phone.locator("svg.chart").scroll_into_view_if_needed()
    keep_picture(phone, "care-7")
    at.chart(15, Section.FLUSH)
    at.chart(17, Section.SCORES)
    at.chart(18, Section.IV_OUT)
    at.chart(20, Section.FAREWELL, signed_name="Nora Example")
    at.do("Discharge")
    phone.goto("/today")
    phone.get_by_text("Waste with a witness").click()
    phone.fill("#waste-V-1", "65.000")
    phone.select_option("#method-V-1", "deactivation_pouch")
    sign_both(phone, "Witness", CORA, "waste-V-1")
    press(phone, "Both sign")
    at.chart(21, Section.NOTE, text="Calm throughout; she saw colours and was glad of her sister.")
    at.do("Leave")


def test_from_the_first_enquiry_to_the_day_after(app, engine, clock, begin, sign_in, stranger):
    clock.advance(timedelta(hours=3))
    a_company_at_work(app, engine, clock)
    enquire(stranger())
    dana = sign_in(DANA, "/board/columbus/enquiries", **DESK)
    mira, provider = stranger(), stranger()
    mira.goto(send_link(dana))
    provider.goto(fill_intake(mira))
    acknowledge(provider)
    mira.goto("/my")
    expect(mira.get_by_text("Everything is here")).to_be_visible()
    with begin() as session:
        (case,) = cases_in(session, (CaseState.INTAKE_COMPLETE,))
    patient_id = register(dana, case.case_id, begin, clock)
    pria = sign_in(PRIA, "/clearance", **DESK)
    consult(pria, case.case_id, clock)
    lay_series(dana, pria, clock)
    with begin() as session:
        series_id, visit_id = first_visit(session, patient_id)
    plan_tuesday(clock, begin)
    mira.goto("/visit")
    expect(mira.get_by_text("Tuesday")).to_be_visible()
    keep_picture(mira, "care-5")

    clock.at = TUESDAY_11
    phone = sign_in(ANA, "/today", **PHONE)
    set_out(phone, clock)
    at = Bedside(phone, f"/today/visits/{visit_id}/bedside", clock)
    screen(at)
    infuse_and_recover(at)
    at.wait(24 * 60)
    at.chart(22, Section.NEXT_DAY, **dict.fromkeys(PHQ9, "1") | {"p9": "0", "by": "phone"})

    pria.goto(f"/clearance/cases/{case.case_id}")
    pria.locator("svg.curve").scroll_into_view_if_needed()
    expect(pria.locator("svg.curve circle")).to_have_count(3)
    keep_picture(pria, "care-8")
    with begin() as session:
        given = [each.number for each in series_by_id(session, series_id).infusions if each.given_at]
        assert given == [1]
        assert case_view(session, case.case_id).state is CaseState.IN_TREATMENT
    for page in (dana, mira, provider, pria, phone):
        assert page.errors == []

"""The people and pages of the care path's story: a company at work, and forms filled in by thumb."""

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from flask import Flask
from playwright.sync_api import Page
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from dispatch.custody.commands import NewVial, ReceiveAtPharmacy
from dispatch.custody.model import Basis
from dispatch.custody.service import receive_at_pharmacy
from dispatch.kernel.actor import AccountId, Actor, Role
from dispatch.kernel.clock import SetClock
from dispatch.kernel.ids import new_id
from dispatch.kernel.storage import transaction
from dispatch.visits.bedside.model import Section
from dispatch.visits.bedside.rules.questions import QUESTIONS
from dispatch.visits.safety.model import NewDuty
from dispatch.visits.safety.service import enter_duty
from dispatch.workforce.records import AuthorisationRow, ResidenceRow
from tests.builders.charting import CALM, good
from tests.builders.clearance import enter
from tests.builders.company import a_company
from tests.builders.series import DISPATCHER, TODAY, nurses_at_work
from tests.builders.web import PASSWORD, a_person, keyring_of_app
from tests.builders.workforce import COLUMBUS

DANA, ANA, PHIL, CORA, PRIA = (f"{name}@test.example" for name in ("dana", "ana", "phil", "cora", "pria"))
TUESDAY = TODAY + timedelta(days=1)


def actor_of(account_id: UUID, name: str, *roles: Role) -> Actor:
    """An account's holder, signed in at the office."""
    return Actor(
        account_id=AccountId(account_id), name=name, roles=frozenset(roles), person_ref=str(account_id),
        session_ref="office",
    )  # fmt: skip


def a_company_at_work(app: Flask, engine: Engine, clock: SetClock) -> SimpleNamespace:
    """An area with one nurse for eight weeks, a vial, a prescriber on call on Tuesday, and an office."""
    keyring = keyring_of_app(app)
    phil = actor_of(a_person(app, engine, Role.PHARMACIST, email=PHIL), "phil", Role.PHARMACIST)
    pria_id = a_person(app, engine, Role.PRESCRIBER, email=PRIA)
    a_person(app, engine, Role.DISPATCHER, email=DANA)
    a_person(app, engine, Role.COMPLIANCE, email=CORA)
    with transaction(engine, keyring) as session:
        area_id, pharmacy_id = a_company(session, clock)
        (nurse_id,) = nurses_at_work(SimpleNamespace(session=session, area_id=area_id), people=1)
        session.add_all(_papers(nurse_id))
        delivery = ReceiveAtPharmacy(
            pharmacy_id=pharmacy_id, product_code="KET-50", lot_number="L-1",
            expires_on=TODAY + timedelta(days=200), basis=Basis.REGISTRANT_STOCK,
            vials=(NewVial(event_id=new_id(), serial="V-1", seal="S-1"),),
        )  # fmt: skip
        receive_at_pharmacy(session, delivery, phil, clock)
        enter(session, clock, pria_id)
        _on_call(session, pria_id, clock)
    a_person(app, engine, Role.NURSE, email=ANA, nurse_id=nurse_id)
    return SimpleNamespace(
        area_id=area_id, nurse_id=nurse_id, pria=actor_of(pria_id, "pria", Role.PRESCRIBER)
    )


def _papers(nurse_id: UUID) -> list[Any]:
    return [
        ResidenceRow(nurse_id=nurse_id, state="OH", since=TODAY - timedelta(days=2000)),
        AuthorisationRow(
            nurse_id=nurse_id, registrant="FH1234567", state="OH", valid_from=TODAY - timedelta(days=100),
            expires_on=TODAY + timedelta(days=300),
        ),
    ]  # fmt: skip


def _on_call(session: Session, account_id: UUID, clock: SetClock) -> None:
    begins = datetime(TUESDAY.year, TUESDAY.month, TUESDAY.day, 6, tzinfo=COLUMBUS)
    turn = NewDuty(
        account_id=account_id, states=frozenset({"OH"}), begins_at=begins,
        ends_at=begins + timedelta(hours=14), phone="+1 614 555 0177",
    )  # fmt: skip
    enter_duty(session, turn, DISPATCHER, clock)


def press(page: Page, name: str) -> None:
    """Press a button that leads to a page."""
    with page.expect_navigation():
        page.get_by_role("button", name=name).first.click()


def password(page: Page, key: str) -> None:
    """Sign with the own password."""
    page.locator(f"#own-{key}").fill(PASSWORD)


def local(at: datetime) -> str:
    """A moment as a field for day and time shows it."""
    return f"{at.astimezone(COLUMBUS):%Y-%m-%dT%H:%M}"


ALL_NO = """() => {
  for (const form of document.querySelectorAll("form.item[data-autosave]")) {
    const no = form.querySelector("input[value=no]");
    if (no) no.click();
    else {
      const words = form.querySelector("textarea");
      words.value = "My husband and my sister.";
      words.dispatchEvent(new Event("change", { bubbles: true }));
    }
  }
}"""
ALL_SAVED = """() => [...document.querySelectorAll("form.item[data-autosave] output")]
  .every((each) => each.textContent === "Saved")"""


def answer_section(page: Page) -> None:
    """Answer each question of a section of the intake with no, in words where only words answer.

    All are pressed at once, and each form saves itself: a tap of Chromium's for each would cost a minute.
    """
    page.evaluate(ALL_NO)
    page.wait_for_function(ALL_SAVED)


PUT_IN = """([which, answers]) => {
  const form = document.querySelector(which);
  for (const [name, value] of Object.entries(answers)) {
    const fields = form.elements[name], wanted = [value].flat();
    if (!(fields instanceof RadioNodeList)) fields.value = value;
    else for (const each of fields) if (wanted.includes(each.value)) each.checked = true;
  }
}"""


def send(page: Page, form: str, button: str = "button", **answers: str | list[str]) -> None:
    """Fill in a form, `form` and `button` as CSS names them, and send it; a list ticks several boxes."""
    page.evaluate(PUT_IN, [form, answers])
    with page.expect_navigation():
        page.locator(form).locator(button).first.click()


def fill_section(page: Page, place: str, step: int, section: Section, at: datetime, **more: Any) -> None:
    """Fill in a section of the checklist by thumb, and save it."""
    page.goto(f"{place}?step={step}")
    kinds = {question.name: question.kind for question in QUESTIONS[section]}
    answers = {
        name: local(datetime.fromisoformat(value)) if kinds[name] == "when" else str(value)
        for name, value in good(section, at, **more).items()
        if value not in (None, "")
    }
    send(page, f"form.section:has(input[value='{section.value}'])", "button.large", **answers)


def take_reading(page: Page, place: str, step: int, **more: Any) -> None:
    """Record a calm set of readings, but for the figures given."""
    page.goto(f"{place}?step={step}")
    figures = dict(CALM) | more
    for name in ("sbp", "dbp", "hr", "rr", "spo2"):
        page.locator(f"#r-{name}").fill(str(figures[name]))
    for name in ("moaas", "rhythm", "agitation"):
        page.locator(f"#r-{name}").select_option(str(figures[name]))
    press(page, "Record readings")

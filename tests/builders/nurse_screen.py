"""The nurse's screen driven by its plain forms, as a browser without script drives it."""

import html5lib
import sqlalchemy as sa
from flask import Flask
from sqlalchemy import Engine

from dispatch.custody import queries as custody
from dispatch.kernel.actor import AccountId, Actor, Role
from dispatch.kernel.clock import SetClock
from dispatch.kernel.storage import transaction
from dispatch.visits.records import VisitFactRow
from tests.builders.visits import AT_HOME, FAR_AWAY, Town, a_town, some_stock
from tests.builders.web import PASSWORD, a_person, keyring_of_app

NINA, OLGA, PAM, WES = (f"{name}@test.example" for name in ("nina", "olga", "pam", "wes"))
VISIT_FIRST = "/today?without_pickup=1"


def forms_of(page: str) -> list[tuple[str, dict[str, str]]]:
    """The forms of a page: address, and the fields with what they are filled with."""
    tree = html5lib.parse(page, namespaceHTMLElements=False)
    found = []
    for form in tree.iter("form"):
        fields = {
            each.get("name"): each.get("value") or "" for each in form.iter("input") if each.get("name")
        }
        found.append((form.get("action"), fields))
    return found


def fields_of(page: str, kind: str) -> dict[str, str]:
    """The fields of the form whose deed is `kind`."""
    return next(fields for _, fields in forms_of(page) if fields.get("kind") == kind)


def press(browser, visit_id, kind: str, page: str = "", **more: str):
    """Press the button of a deed."""
    page = page or browser.get(VISIT_FIRST).text
    return browser.post(f"/today/visits/{visit_id}", data=fields_of(page, kind) | more)


def fill_in(browser, ending: str, page: str = "", **more: str):
    """Send the form whose address ends so."""
    page = page or browser.get("/today").text
    action, fields = next((action, fields) for action, fields in forms_of(page) if action.endswith(ending))
    return browser.post(action, data=fields | more)


def valid(page: str) -> None:
    """Raise unless the page is strictly valid HTML."""
    html5lib.HTMLParser(strict=True).parse(page)


HERE = {"lat": str(AT_HOME.lat), "lon": str(AT_HOME.lon), "accuracy_m": "8"}
THERE = {"lat": str(FAR_AWAY.lat), "lon": str(FAR_AWAY.lon), "accuracy_m": "8"}
SIGN_WITNESS = {"other_email": WES, "other_secret": PASSWORD, "own_secret": PASSWORD}
SIGN_PHARMACIST = SIGN_WITNESS | {"other_email": PAM}
TAKE = {"serial_1": "V-1", "seal_1": "S-1", "serial_2": "V-2", "seal_2": "S-2", "counted_units": "2"}


def a_staffed_town(app: Flask, engine: Engine) -> Town:
    """A town whose two nurses can sign in."""
    with transaction(engine, keyring_of_app(app)) as session:
        town = a_town(session)
    a_person(app, engine, Role.NURSE, email=NINA, nurse_id=town.nurse_id)
    a_person(app, engine, Role.NURSE, email=OLGA, nurse_id=town.other_nurse_id)
    return town


def stock_up(app: Flask, engine: Engine, clock: SetClock, town: Town) -> None:
    """Two vials at the pharmacy, a pharmacist and a witness."""
    account_id = a_person(app, engine, Role.PHARMACIST, email=PAM)
    a_person(app, engine, Role.COMPLIANCE, email=WES)
    pam = Actor(
        account_id=AccountId(account_id),
        name="pam",
        roles=frozenset({Role.PHARMACIST}),
        session_ref="counter",
    )
    with transaction(engine, keyring_of_app(app)) as session:
        some_stock(session, town.pharmacy_id, pam, clock)


def take(nina, **more: str):
    """Sign for both vials at the pharmacy."""
    return fill_in(nina, "/pickup", **(TAKE | SIGN_PHARMACIST | more))


def left_open(app, engine, town) -> dict[str, tuple[str, int]]:
    """State and residual of each vial of the area."""
    with transaction(engine, keyring_of_app(app)) as session:
        lines = custody.vials_of_day(session, town.area_id)
        return {line.serial: (line.state.value, line.residual_ug) for line in lines}


def at_the_bedside(nina, stocked) -> None:
    """Arrive, open the first vial and draw the dose of 35 mg."""
    take(nina)
    press(nina, stocked.first_id, "check_in", **HERE)
    fill_in(nina, "/open", seal="S-1")
    fill_in(nina, "/draw", amount_mg="35")


def infused(nina, stocked) -> None:
    """Give 31 of the 35 mg drawn; 69 mg are left of the vial's 100."""
    at_the_bedside(nina, stocked)
    press(nina, stocked.first_id, "start")
    press(nina, stocked.first_id, "stop")
    fill_in(nina, "/give", amount_mg="31")


def stored(engine) -> list[str]:
    """The deeds that were stored, in order."""
    with engine.connect() as connection:
        return list(
            connection.execute(sa.select(VisitFactRow.deed).order_by(VisitFactRow.position)).scalars()
        )

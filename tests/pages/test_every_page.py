"""Laws of every page, on a played day: strict HTML, the content policy unbroken, nothing axe objects to.

The pages are found in the url map, so a new page is under the law by itself: it only has to be told, in
`played`, where to look.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from threading import Thread

import html5lib
import pytest
from axe_playwright_python.base import AxeResults
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser
from werkzeug.serving import make_server

from api.app import create_app
from api.db import db
from api.demo.clock import DemoClock
from api.demo.database import demo_settings
from api.demo.office import PASSWORD, nurse_email, office_email
from api.demo.play import area_of_demo, demo_board, present_of
from api.demo.show import lane_to_show
from dispatch.kernel.actor import Role
from dispatch.kernel.ids import new_id
from dispatch.kernel.storage import open_engine, transaction
from tests.builders.aftercare import reference_of_somebody_treated
from tests.builders.clearance import what_waits
from tests.builders.demo_run import DAY, a_finished_demo
from tests.builders.signals import questions_of_a_morning
from tests.builders.web import a_browser, csrf

# Answers for machines, which are no pages.
NO_PAGES = {
    "static", "security.static", "metrics", "pages.healthz", "pages.readyz", "pages.day_events",
    "pages.visit_offers", "pages.plan_of_today", "api-docs.openapi_json",
    "pages.vial_labels", "pages.intake_document",
}  # fmt: skip
INLINE = re.compile(r"<[^>]+\s(style|on[a-z]+|hx-on[^=]*)\s*=", re.IGNORECASE)
BOARD = f"/board/columbus/{DAY}"
NURSE = "test_nurse"
WHO = {
    "dispatcher": office_email(Role.DISPATCHER),
    "compliance": office_email(Role.COMPLIANCE),
    "pharmacist": office_email(Role.PHARMACIST),
    "prescriber": office_email(Role.PRESCRIBER),
}
# Who comes through a link, and the dispatcher's button that makes it.
VISITORS = {"patient": "link", "provider": "provider_link", "treated": ""}
TREATED = "test_treated"


@dataclass(frozen=True)
class Played:
    """The app on the demo's day, and where each of its pages can be seen, by whom."""

    app: Flask
    places: dict[str, tuple[str, str]]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    url = a_finished_demo(tmp_path_factory).url
    settings = replace(demo_settings(url, "127.0.0.1", 8000), login_limit="1000 per minute")
    engine = open_engine(url)
    with transaction(engine, settings.keyring) as session:
        question = questions_of_a_morning(session, area_of_demo(session), DemoClock(present_of(DAY)))[0]
        clearance, alarm = what_waits(
            session, DemoClock(present_of(DAY)), area_of_demo(session), WHO["prescriber"]
        )
        board = demo_board(session, area_of_demo(session), DAY, DemoClock(present_of(DAY)))
        treated = reference_of_somebody_treated(session, area_of_demo(session), DemoClock(present_of(DAY)))
    engine.dispose()
    app = create_app(settings, DemoClock(present_of(DAY)), testing=True)
    app.extensions[TREATED] = treated
    # Which nurse is under way is the plan's luck, as it is the demo's.
    app.extensions[NURSE] = nurse_email(lane_to_show(board).code)
    visit = re.search(r'data-visit="([^"]+)"', _page(app, "dispatcher", BOARD))
    vial = re.search(r'href="(/custody/vials/[^"]+)"', _page(app, "compliance", f"/custody/columbus/{DAY}"))
    dispatcher = _browser(app, "dispatcher")
    nothing_new = {"kind": "nothing", "freeze_minutes": "30"}
    proposed = dispatcher.post(f"{BOARD}/replans", data=nothing_new, headers=csrf(dispatcher)).text
    proposal = re.search(r"(/board/[^\"]+/replans/[^/\"]+)/accept", proposed)
    assert visit is not None
    assert proposal is not None
    assert vial is not None
    officer = _browser(app, "compliance")
    about = {"area": "columbus", "kind": "seal", "serial": _serial(app, vial[1]), "text": "The seal hangs."}
    case = officer.post("/custody/cases", data=about, headers=csrf(officer)).location
    caller = {"name": "Mira Quince", "phone": "+1 614 555 0142"}
    intake = dispatcher.post("/board/columbus/enquiries", data=caller, headers=csrf(dispatcher)).location
    places = {
        "pages.enquire": ("", "/enquire"),
        "pages.link_door": ("nobody's page", link_for(app, "patient")),
        "pages.enquiries": ("dispatcher", "/board/columbus/enquiries"),
        "pages.intake_case": ("dispatcher", intake),
        "pages.intake_part": ("dispatcher", f"{intake}/medications"),
        "pages.my_page": ("patient", "/my"),
        "pages.my_part": ("patient", "/my/medications"),
        "pages.my_visit": ("patient", "/visit"),
        "pages.my_feedback": ("patient", "/visit/feedback"),
        "pages.my_day_after": ("treated", "/visit/day-after"),
        "pages.acknowledge": ("provider", "/acknowledge"),
        "security.login": ("", "/login"),
        "pages.home": ("nobody's page", "/nowhere"),
        "pages.api_docs": ("", "/api/v1/docs"),
        "pages.board_home": ("dispatcher", "/board"),
        "pages.board_today": ("dispatcher", "/board/columbus"),
        "pages.board": ("dispatcher", BOARD),
        "pages.witness_by_video": ("pharmacist", "/witness/01920000-0000-7000-8000-000000000000"),
        "pages.booking": ("dispatcher", "/board/columbus/booking"),
        "pages.board_run": ("dispatcher", f"{BOARD}/run"),
        "pages.board_day": ("dispatcher", f"{BOARD}/table"),
        "pages.visit_panel": ("dispatcher", f"{BOARD}/visits/{visit[1]}"),
        "pages.visit_ways": ("dispatcher", f"{BOARD}/visits/{visit[1]}/ways"),
        "pages.plan_costs": ("dispatcher", f"{BOARD}/costs"),
        "pages.report_form": ("dispatcher", f"{BOARD}/report"),
        "pages.replan_panel": ("dispatcher", proposal[1]),
        "pages.series_list": ("dispatcher", "/series/columbus"),
        "pages.series_one": ("dispatcher", proposed_series(app)),
        "pages.overrides": ("dispatcher", overrides_page(app)),
        "pages.prescribers": ("compliance", "/prescribers"),
        "pages.points": ("dispatcher", "/board/columbus/points"),
        "pages.point": ("dispatcher", door_page(app)),
        "pages.requests": ("dispatcher", "/board/columbus/requests"),
        "pages.boundary_reports": ("compliance", "/custody/columbus/boundaries"),
        "pages.alarms": ("dispatcher", "/board/columbus/alarms"),
        "pages.alarm_strip": ("dispatcher", "/board/columbus/alarms/strip"),
        "pages.alarm": ("dispatcher", called_for_help(app)),
        "pages.on_call": ("prescriber", "/on-call"),
        "pages.own_safety": ("nurse", "/today/safety"),
        "pages.custody_home": ("compliance", "/custody"),
        "pages.custody_day": ("compliance", f"/custody/columbus/{DAY}"),
        "pages.custody_vial": ("compliance", vial[1].replace("&amp;", "&")),
        "pages.custody_cases": ("compliance", "/custody/cases?status=all"),
        "pages.custody_case": ("compliance", case),
        "pages.case_form": ("compliance", f"{case}/forms/106"),
        "pages.custody_questions": ("compliance", "/custody/columbus/questions"),
        "pages.custody_question": ("compliance", f"/custody/questions/{question}"),
        "pages.custody_assays": ("compliance", "/custody/columbus/assays"),
        "pages.custody_counts": ("compliance", "/custody/columbus/counts"),
        "pages.custody_reports": ("compliance", "/custody/columbus/reports"),
        "pages.custody_report": ("compliance", f"/custody/columbus/reports/nurse-reconciliation?from={DAY}"),
        "pages.custody_figure": ("compliance", "/custody/columbus/figures?measure=moved&account=waste"),
        "pages.take_inventory": ("compliance", f"/custody/columbus/inventories/new?{inventory_form(app)}"),
        "pages.custody_inventory": ("compliance", taken_inventory(app)),
        "pages.own_reconciliation": ("nurse", f"/reconciliation?from={DAY}"),
        "pages.own_figure": ("nurse", "/reconciliation/figures?oddity=exception"),
        "pages.custody_scan": ("compliance", "/custody/scan"),
        "pages.stock_home": ("pharmacist", "/stock"),
        "pages.stock": ("pharmacist", _browser(app, "pharmacist").get("/stock").location),
        "pages.today": ("nurse", "/today"),
        "pages.clearance_queue": ("prescriber", "/clearance"),
        "pages.clearance_case": ("prescriber", f"/clearance/cases/{clearance}"),
        "pages.clearance_task": ("prescriber", f"/clearance/tasks/{alarm}"),
        "pages.bedside": ("nurse", _bedside(app)),
        "pages.held_now": ("nurse", f"{_bedside(app)}/held"),
    }
    yield Played(app, places)
    with app.app_context():
        db.engine.dispose()


def _bedside(app: Flask) -> str:
    """The bedside of the visit that is the nurse's now."""
    visit = re.search(r"/today/visits/([0-9a-f-]{36})", _page(app, "nurse", "/today"))
    assert visit is not None
    return f"/today/visits/{visit[1]}/bedside"


def proposed_series(app: Flask) -> str:
    """Where the series of the first patient stands, once a dispatcher has proposed it."""
    dispatcher = _browser(app, "dispatcher")
    asked = {"who": "P-001", "template": "T-S0", "first_day": str(DAY)}
    place: str = dispatcher.post("/series/columbus", data=asked, headers=csrf(dispatcher)).location
    return place


def overrides_page(app: Flask) -> str:
    """Where it stands what is signed over for the first patient's bookings."""
    dispatcher = _browser(app, "dispatcher")
    asked = {"who": "P-001", "service": "hydration"}
    found = dispatcher.post("/board/columbus/booking/patient", data=asked, headers=csrf(dispatcher)).location
    return f"/board/columbus/overrides/{re.search(r'patient=([0-9a-f-]{36})', found)[1]}"


def door_page(app: Flask) -> str:
    """Where the first patient's door is on the map."""
    dispatcher = _browser(app, "dispatcher")
    asked = {"who": "P-001"}
    place: str = dispatcher.post("/board/columbus/points", data=asked, headers=csrf(dispatcher)).location
    return place


def called_for_help(app: Flask) -> str:
    """Let the nurse call for help, and return where the dispatcher sees it."""
    nurse = _browser(app, "nurse")
    nurse.post("/today/panic", data={"event_id": str(new_id())}, headers=csrf(nurse))
    place = re.search(r'href="(/alarms/[^"]+)"', _page(app, "dispatcher", "/board/columbus/alarms"))
    assert place is not None
    return place[1]


def inventory_form(app: Flask) -> str:
    """What the form of an inventory asks for, of the first stock point as of the day's opening."""
    page = _page(app, "compliance", "/custody/columbus/inventories/new")
    return f"pharmacy_id={re.search(r'<option value=.([0-9a-f-]{36})', page)[1]}&day={DAY}&business=open"


def taken_inventory(app: Flask) -> str:
    """Count what the form lists, sign, and return where the inventory stands."""
    officer = _browser(app, "compliance")
    page = officer.get(f"/custody/columbus/inventories/new?{inventory_form(app)}").text
    sent = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', page))
    sent |= dict.fromkeys(re.findall(r'name="(counted\.[^"]+)"', page), "3")
    sent |= {"own_secret": PASSWORD}
    answer = officer.post("/custody/columbus/inventories/new", data=sent)
    assert answer.status_code == 303, answer.text
    return answer.location


def link_for(app: Flask, who: str) -> str:
    """Have the dispatcher make a link of the intake, or to who was treated, and return where it leads."""
    dispatcher = _browser(app, "dispatcher")
    if who == "treated":
        wanted = {"reference": app.extensions[TREATED]}
        page = dispatcher.post("/board/columbus/requests/links", data=wanted, headers=csrf(dispatcher)).text
        return re.search(r"/p/[\w-]{40,}", page)[0]
    place = re.search(r'href="(/intake/[^"]+)"', dispatcher.get("/board/columbus/enquiries").text)[1]
    page = dispatcher.post(place, data={"deed": VISITORS[who]}, headers=csrf(dispatcher)).text
    return re.search(r"/p/[\w-]{40,}", page)[0]


@cache
def _browser(app: Flask, who: str) -> FlaskClient:
    if who in VISITORS:
        visitor, door = app.test_client(), link_for(app, who)
        token = re.search(r'name="csrf_token" value="([^"]+)"', visitor.get(door).text)[1]
        assert visitor.post(door, data={"csrf_token": token}).status_code == 303
        return visitor
    email = _email(app, who)
    return a_browser(app, email, PASSWORD) if email else app.test_client()


def _email(app: Flask, who: str) -> str | None:
    return app.extensions[NURSE] if who == "nurse" else WHO.get(who)


def _page(app: Flask, who: str, place: str) -> str:
    return _browser(app, who).get(place, follow_redirects=True).text


def _serial(app: Flask, place: str) -> str:
    heading = re.search(r"<h1[^>]*>Vial ([^<]+)</h1>", _page(app, "compliance", place.replace("&amp;", "&")))
    assert heading is not None
    return heading[1].strip()


def test_every_page_is_under_these_laws(played):
    pages = {
        rule.endpoint for rule in played.app.url_map.iter_rules()
        if "GET" in rule.methods and (rule.endpoint == "pages.api_docs" or not rule.rule.startswith("/api/"))
    }  # fmt: skip
    assert pages - NO_PAGES == set(played.places)


def test_every_page_is_strictly_valid_html(played):
    wrong = []
    for endpoint, (who, place) in played.places.items():
        page = _page(played.app, who, place)
        parser = html5lib.HTMLParser(strict=True)
        try:
            whole = page.lstrip().lower().startswith("<!doctype")
            parser.parse(page) if whole else parser.parseFragment(page)
        except html5lib.html5parser.ParseError as error:
            wrong.append((endpoint, str(error), parser.errors[-1:]))
    assert not wrong


def test_no_page_has_an_inline_style_or_script(played):
    wrong = []
    for endpoint, (who, place) in played.places.items():
        page = _page(played.app, who, place)
        scripts = re.findall(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)[^>]*>", page)
        if INLINE.search(page) or scripts or "<style" in page:
            wrong.append((endpoint, INLINE.findall(page)[:3], scripts[:1]))
    assert not wrong


def test_nothing_comes_from_another_host(played):
    for who, place in played.places.values():
        page = _page(played.app, who, place)
        assert not re.findall(r'<(?:script|link|img)[^>]+(?:src|href)="(?:https?:)?//', page), place


def _objections(found: AxeResults) -> list[tuple[str, str]]:
    return [(each["id"], each["nodes"][0]["target"]) for each in found.response["violations"]]


@pytest.mark.browser
def test_no_page_breaks_the_policy_and_axe_finds_nothing_in_light_or_dark(played, chromium: Browser):
    server = make_server("127.0.0.1", 0, played.app, threaded=True)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    base = f"http://127.0.0.1:{server.port}"
    axe, wrong = Axe(), []
    try:
        for who in ("", "nurse", *WHO, *VISITORS):
            context = chromium.new_context(base_url=base, color_scheme="light", reduced_motion="reduce")
            page = context.new_page()
            said: list[str] = []
            page.on(
                "console",
                lambda message, said=said: said.append(message.text) if message.type == "error" else None,
            )
            page.on("pageerror", lambda error, said=said: said.append(str(error)))
            if who in VISITORS:
                page.goto(link_for(played.app, who))
                with page.expect_navigation():
                    page.click("button[type=submit]")
            elif who:
                page.goto("/login")
                page.fill("#email", _email(played.app, who))
                page.fill("#password", PASSWORD)
                with page.expect_navigation():  # who goes on earlier cuts off what that page is fetching
                    page.click("button[type=submit]")
            for endpoint, (whose, place) in played.places.items():
                fragment = (
                    place.endswith(("/run", "/table", "/report", "/costs", "/strip", "/safety", "/held"))
                    or "/replans/" in place
                )
                if whose != who or fragment or place.startswith(f"{BOARD}/visits/"):
                    continue
                page.goto(place)
                page.wait_for_selector("main")  # the API's page is drawn by script, after it has loaded
                found = _objections(axe.run(page))
                page.emulate_media(color_scheme="dark")  # only colours differ
                found += _objections(axe.run(page, options={"runOnly": ["color-contrast"]}))
                page.emulate_media(color_scheme="light")
                if found or said:
                    wrong.append((endpoint, found, said[:2]))
                said.clear()
            context.close()
    finally:
        feed = played.app.extensions.get("housecall_feed")
        for stream in tuple(feed._streams) if feed else ():
            feed.leave(stream)
        server.shutdown()
        thread.join()
        server.server_close()
    assert not wrong

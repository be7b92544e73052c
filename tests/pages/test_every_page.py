"""Laws of every page, on a played day: strict HTML, the content policy unbroken, nothing axe objects to.

The pages are found in the url map, so a new page is under the law by itself: it only has to be told, in
`SAMPLES`, where to look.
"""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from threading import Thread

import html5lib
import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser
from rich.console import Console
from werkzeug.serving import make_server

from api.app import create_app
from api.db import db
from api.demo.clock import DemoClock
from api.demo.database import demo_settings, open_fresh
from api.demo.office import PASSWORD, nurse_email, office_email
from api.demo.play import play_day, present_of
from dispatch.kernel.actor import Role
from tests.builders.web import a_browser

DAY = date(2026, 11, 23)
# Answers for machines, which are no pages.
NO_PAGES = {
    "static", "security.static", "metrics", "pages.healthz", "pages.readyz", "pages.day_events",
    "pages.visit_offers", "pages.plan_of_today", "api-docs.openapi_json",
}  # fmt: skip
INLINE = re.compile(r"<[^>]+\s(style|on[a-z]+|hx-on[^=]*)\s*=", re.IGNORECASE)
BOARD = f"/board/columbus/{DAY}"
WHO = {
    "dispatcher": office_email(Role.DISPATCHER),
    "compliance": office_email(Role.COMPLIANCE),
    "nurse": nurse_email("N-01"),
}


@dataclass(frozen=True)
class Played:
    """The app on the demo's day, and where each of its pages can be seen, by whom."""

    app: Flask
    places: dict[str, tuple[str, str]]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    path = tmp_path_factory.mktemp("pages") / "pages.sqlite"
    settings = replace(demo_settings(f"sqlite:///{path}", "127.0.0.1", 8000), login_limit="1000 per minute")
    engine = open_fresh(settings)
    play_day(engine, settings, DAY, 1, Console(file=io.StringIO()))
    engine.dispose()
    app = create_app(settings, DemoClock(present_of(DAY)), testing=True)
    visit = re.search(r'data-visit="([^"]+)"', _page(app, "dispatcher", BOARD))
    vial = re.search(r'href="(/custody/vials/[^"]+)"', _page(app, "compliance", f"/custody/columbus/{DAY}"))
    assert visit is not None
    assert vial is not None
    places = {
        "security.login": ("", "/login"),
        "pages.home": ("nobody's page", "/nowhere"),
        "pages.api_docs": ("", "/api/v1/docs"),
        "pages.board_home": ("dispatcher", "/board"),
        "pages.board_today": ("dispatcher", "/board/columbus"),
        "pages.board": ("dispatcher", BOARD),
        "pages.board_run": ("dispatcher", f"{BOARD}/run"),
        "pages.board_day": ("dispatcher", f"{BOARD}/table"),
        "pages.visit_panel": ("dispatcher", f"{BOARD}/visits/{visit[1]}"),
        "pages.custody_home": ("compliance", "/custody"),
        "pages.custody_day": ("compliance", f"/custody/columbus/{DAY}"),
        "pages.custody_vial": ("compliance", vial[1].replace("&amp;", "&")),
        "pages.today": ("nurse", "/today"),
    }
    yield Played(app, places)
    with app.app_context():
        db.engine.dispose()


@cache
def _browser(app: Flask, who: str) -> FlaskClient:
    return a_browser(app, WHO[who], PASSWORD) if who in WHO else app.test_client()


def _page(app: Flask, who: str, place: str) -> str:
    return _browser(app, who).get(place, follow_redirects=True).text


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


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_breaks_the_policy_and_axe_finds_nothing(played, chromium: Browser, scheme):
    server = make_server("127.0.0.1", 0, played.app, threaded=True)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    base = f"http://127.0.0.1:{server.port}"
    axe, wrong = Axe(), []
    try:
        for who in ("", *WHO):
            context = chromium.new_context(base_url=base, color_scheme=scheme)
            page = context.new_page()
            said: list[str] = []
            page.on(
                "console",
                lambda message, said=said: said.append(message.text) if message.type == "error" else None,
            )
            page.on("pageerror", lambda error, said=said: said.append(str(error)))
            if who:
                page.goto("/login")
                page.fill("#email", WHO[who])
                page.fill("#password", PASSWORD)
                page.click("button[type=submit]")
            for endpoint, (whose, place) in played.places.items():
                if whose != who or place.endswith(("/run", "/table")) or "/visits/" in place:
                    continue
                page.goto(place)
                found = [
                    (each["id"], each["nodes"][0]["target"]) for each in axe.run(page).response["violations"]
                ]
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

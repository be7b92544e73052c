"""A real server on loopback and the machine's own Chromium, for screens whose scripts matter."""

from collections.abc import Callable, Iterable, Iterator
from threading import Thread
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect, sync_playwright
from werkzeug.serving import make_server

from tests import machine
from tests.builders.web import PASSWORD

# A machine that others use takes long; who waits for nothing fails only later.
PATIENCE_MS = 60_000
TELL_SHIFTS = """
window.layoutShift = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.layoutShift += entry.value;
}).observe({type: 'layout-shift', buffered: true});
"""


def whole_answers(app: Flask) -> Callable[..., Iterable[bytes]]:
    """Read answers to their end before they are sent: a browser that leaves early leaves no file open."""

    def serve(environ: Any, start_response: Any) -> Iterable[bytes]:
        body = app(environ, start_response)
        if environ["PATH_INFO"].endswith("/events"):
            return body
        try:
            return [b"".join(body)]
        finally:
            getattr(body, "close", lambda: None)()

    return serve


@pytest.fixture
def live_server(app: Flask) -> Iterator[str]:
    """The app behind a threaded server; gives its address."""
    server = make_server("127.0.0.1", 0, whole_answers(app), threaded=True)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    feed = app.extensions.get("housecall_feed")
    for stream in tuple(feed._streams) if feed else ():
        feed.leave(stream)  # its thread would notice only at the next heartbeat that nobody listens
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One Chromium for the whole run."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=machine.chromium(), args=list(machine.CHROMIUM_FLAGS)
        )
        expect.set_options(timeout=PATIENCE_MS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium: Browser, live_server: str) -> Iterator[Callable[..., Page]]:
    """Open pages as people who sign in: `open_page(email, path, **context)`.

    A page notes in `errors` what its console complained about, policy violations among it, and in
    `window.layoutShift` how much of it moved by itself.
    """
    contexts = []

    def open_it(email: str, path: str, **more: object) -> Page:
        context = chromium.new_context(base_url=live_server, **more)
        contexts.append(context)
        context.set_default_timeout(PATIENCE_MS)
        context.add_init_script(TELL_SHIFTS)
        page = context.new_page()
        page.errors = []
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        page.on("console", lambda said: page.errors.append(said.text) if said.type == "error" else None)
        page.goto("/login")
        page.fill("#email", email)
        page.fill("#password", PASSWORD)
        with page.expect_navigation():  # who goes on earlier cuts off what that page is fetching
            page.click("button[type=submit]")
        page.goto(path)
        return page

    yield open_it
    for context in contexts:
        context.close()

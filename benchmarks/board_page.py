"""The day board under load: how long the server takes, and whether the page moves while it draws.

    python -m benchmarks.board_page [--visits 300] [--nurses 60] [--requests 40]

Makes a day of invented visits in a fresh SQLite file, plans it greedily, serves it with gunicorn as
`housecall serve` does, signs in and asks for the board one request after another. Where Chromium is
installed the page is drawn too, light on a screen of 1440 x 900, and its cumulative layout shift and the
time to its first paint are read from the browser's own PerformanceObserver. Beside the wall's time stands the
server's processor time a request and the machine's load: neighbours lengthen the first only. The last line
is JSON.
"""

import argparse
import json
import os
import random
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, OpenerDirector, build_opener

from api.app import create_app
from api.migrations import migrate
from api.settings import Settings, read_settings
from dispatch.kernel.actor import Role
from dispatch.kernel.clock import SetClock
from dispatch.kernel.storage import open_engine, transaction
from tests import machine
from tests.builders.assignment import DAY, a_metro, a_published_plan, local
from tests.builders.web import PASSWORD, a_person

DISPATCHER = "dana@bench.example"
SEED = 7


def environment(folder: Path, port: int) -> dict[str, str]:
    return {
        "HOUSECALL_DATABASE_URL": f"sqlite:///{folder / 'bench.sqlite'}",
        "HOUSECALL_DEMO": "1",
        "HOUSECALL_SECURE_COOKIES": "0",
        "HOUSECALL_LOG_LEVEL": "error",
        "HOUSECALL_PORT": str(port),
    }


def fill(settings: Settings, visits: int, nurses: int) -> int:
    """Make and plan the day; returns how many visits were assigned."""
    draw = random.Random(SEED)
    engine = open_engine(settings.database_url)
    clock = SetClock(local(6))
    app = create_app(settings, clock)
    a_person(app, engine, Role.DISPATCHER, email=DISPATCHER)
    names = ["Ada Kingsley", "Carlos Mendez", "Bea Lang", "Dora Quist", "Emil Roth", "Fay Moreno"]
    with transaction(engine, settings.keyring) as session:
        metro = a_metro(session)
        for _ in range(5):
            metro.add_pharmacy()
        for _ in range(nurses):
            begins = draw.choice([6.5, 7, 7.5, 8])
            metro.add_nurse(begins, begins + draw.choice([8, 10, 10]))
        for number in range(visits):
            opens = draw.choice([7, 8, 9, 10, 12, 14])
            metro.add_visit(
                (opens, min(opens + draw.choice([2, 4, 8]), 17)),
                service="ketamine" if draw.random() < 0.15 else "hydration",
                name=names[number % len(names)],
            )
        plan = a_published_plan(session, metro, clock)
        return visits - len(plan.unassigned)


def signed_in(root: str) -> OpenerDirector:
    """Wait for the server, then sign in."""
    browser = build_opener(HTTPCookieProcessor(CookieJar()))
    for _ in range(100):
        try:
            page = browser.open(f"{root}/login").read().decode()
            break
        except URLError:
            time.sleep(0.1)
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page).group(1)
    form = {"email": DISPATCHER, "password": PASSWORD, "csrf_token": token}
    browser.open(f"{root}/login", urlencode(form).encode()).read()
    return browser


def cpu_s(server: subprocess.Popen) -> float:
    """Processor seconds of the server's workers so far (Linux): neighbours add little to them."""
    spent = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:  # it ended meanwhile
            continue
        if int(fields[1]) == server.pid:
            spent += int(fields[11]) + int(fields[12])
    return spent / os.sysconf("SC_CLK_TCK")


def timed(browser: OpenerDirector, address: str, requests: int, server: subprocess.Popen) -> dict[str, float]:
    """Ask for the address one time after another; milliseconds from asking to the last byte."""
    took_ms, size = [], 0
    for _ in range(3):
        browser.open(address).read()
    spent_s = cpu_s(server)
    for _ in range(requests):
        begun = time.perf_counter()
        size = len(browser.open(address).read())
        took_ms.append((time.perf_counter() - begun) * 1000)
    cuts = statistics.quantiles(took_ms, n=20)
    return {
        "median_ms": round(statistics.median(took_ms), 1),
        "p95_ms": round(cuts[18], 1),
        "max_ms": round(max(took_ms), 1),
        "cpu_ms": round((cpu_s(server) - spent_s) * 1000 / requests, 1),
        "kb": round(size / 1024),
    }


def drawn(root: str, path: str) -> dict[str, float | int]:
    """Draw the page in Chromium and read what it says of itself."""
    from playwright.sync_api import sync_playwright

    from tests.pages.conftest import TELL_SHIFTS

    with sync_playwright() as playwright:
        flags = list(machine.CHROMIUM_FLAGS)
        chromium = playwright.chromium.launch(executable_path=machine.chromium(), args=flags)
        page = chromium.new_page(base_url=root, viewport={"width": 1440, "height": 900})
        page.add_init_script(TELL_SHIFTS)
        page.goto("/login")
        page.fill("#email", DISPATCHER)
        page.fill("#password", PASSWORD)
        page.click("button[type=submit]")
        page.goto(path)
        page.wait_for_selector(".stop")
        page.wait_for_timeout(timedelta(seconds=2).total_seconds() * 1000)
        told = page.evaluate(
            "({cls: window.layoutShift, visits: document.querySelectorAll('.row .visit').length,"
            " first_paint_ms: Math.round("
            "performance.getEntriesByName('first-contentful-paint')[0].startTime)})"
        )
        chromium.close()
    return told


def main() -> None:
    ask = argparse.ArgumentParser(description="Measure the day board.")
    ask.add_argument("--visits", type=int, default=300)
    ask.add_argument("--nurses", type=int, default=60)
    ask.add_argument("--requests", type=int, default=40)
    wanted = ask.parse_args()
    with tempfile.TemporaryDirectory() as name, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        told = environment(Path(name), port)
        settings = read_settings(told)
        migrate(open_engine(settings.database_url))
        assigned = fill(settings, wanted.visits, wanted.nurses)
        print(f"{wanted.visits} visits, {wanted.nurses} nurses, {assigned} assigned")
        root, path = f"http://127.0.0.1:{port}", f"/board/columbus/{DAY}"
        server = subprocess.Popen(
            [
                sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--workers", "1",
                "--worker-class", "gthread", "--threads", str(settings.threads), "--log-level", "error",
                "wsgi:app",
            ],
            env=os.environ | told,
        )  # fmt: skip
        try:
            browser = signed_in(root)
            found = {
                "visits": wanted.visits,
                "nurses": wanted.nurses,
                "assigned": assigned,
                "page": timed(browser, root + path, wanted.requests, server),
                "live_update": timed(browser, f"{root}{path}/table", wanted.requests, server),
                "load": round(os.getloadavg()[0], 1),
                "drawn": drawn(root, path) if machine.chromium() else None,
            }
        finally:
            server.terminate()
            server.wait()
    print(json.dumps(found))


if __name__ == "__main__":
    main()

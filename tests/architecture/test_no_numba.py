"""Compiling takes longer than any request: only planning processes load Numba, never the one that serves."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
# A dispatcher's morning in a process of its own, as another test may have loaded Numba in this one.
MORNING = """
import sys
from api.hints import InProcessHints
from api.jobs import Supervisor
from dispatch.assignment.records import PlanRunRow
from dispatch.kernel.actor import Role
from dispatch.kernel.storage import open_engine, transaction
from tests.builders.assignment import DAY, a_small_day
from tests.builders.web import a_browser, a_person, a_phone, csrf, keyring_of_app, make_app
from tests.conftest import MONDAY, SetClock, build_schema

url = f"sqlite:///{sys.argv[1]}"
build_schema(url)
app, engine, clock = make_app(url, SetClock(MONDAY)), open_engine(url), SetClock(MONDAY)
with transaction(engine, keyring_of_app(app)) as session:
    metro = a_small_day(session)
    visit, shift = metro.visits[0].id, metro.shifts[0].id
dana = a_person(app, engine, Role.DISPATCHER, email="dana@test.example")
browser, phone = a_browser(app, "dana@test.example"), a_phone(app, engine, dana)
board, day = f"/board/columbus/{DAY}", f"/api/v1/areas/columbus/days/{DAY}"
ordered = phone.post(f"{day}/plan-runs", json={"seconds": 1, "publish_when_done": True})
supervisor = Supervisor(engine, keyring_of_app(app), clock, InProcessHints(), spares=1)
supervisor.spares.tend()
supervisor.look()
supervisor.join()
supervisor.spares.end()
answers = [
    ordered,
    browser.get(board),
    browser.get(f"{board}/run"),
    browser.get(f"{board}/visits/{visit}"),
    browser.get(f"{board}/visits/{visit}/offers"),
    phone.get(f"{day}/board"),
    phone.get(f"{day}/plan"),
    phone.get(f"{day}/visits/{visit}/why"),
    phone.get(f"{day}/visits/{visit}/ways"),
    phone.get(f"{day}/plan/explanation"),
    browser.get(f"{board}/visits/{visit}/ways"),
    browser.get(f"{board}/costs"),
    browser.post(f"{board}/visits/{visit}/move", headers=csrf(browser),
                 data={"shift_id": str(shift), "plan_number": "1", "accept": "yes"}),
]
wrong = [(answer.request.path, answer.status) for answer in answers if answer.status_code >= 400]
print(wrong, sorted(name for name in sys.modules if name.split(".")[0] in ("numba", "llvmlite")))
"""


def test_serving_ordering_and_moving_load_no_numba(tmp_path: Path) -> None:
    command = [sys.executable, "-W", "ignore", "-c", MORNING, str(tmp_path / "day.sqlite")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert (done.stdout, done.returncode) == ("[] []\n", 0), done.stderr

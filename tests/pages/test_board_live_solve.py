"""A solve as it is watched on an open board: each word of the solver arrives without a reload.

`HOUSECALL_PICTURES=docs/pictures` keeps what was seen.
"""

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from dispatch.assignment.runs import beat, claim_run, hand_in
from dispatch.kernel.actor import Role
from dispatch.kernel.storage import transaction
from routing.dayfile import day_from_json
from routing.engine.solve import solve
from routing.planfile import write_plan
from tests.builders.assignment import DAY, a_small_day, order
from tests.builders.web import a_person, keyring_of_app

pytestmark = [
    pytest.mark.browser,
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]
BOARD = f"/board/columbus/{DAY}"
DANA = "dana@test.example"
SCREEN = {"width": 1440, "height": 900}
WORDS = (
    ({"doing": "loading the planner"}, "loading the planner"),
    (
        {"cost_mc": 318_000_000, "bound_mc": None, "unassigned": 3, "seconds": 0.4, "doing": "relocation"},
        "$3,180 · no bound yet · 3 unassigned · improving: relocation",
    ),
    (
        {
            "cost_mc": 302_000_000, "bound_mc": 298_500_000, "unassigned": 2, "seconds": 7.4,
            "doing": "subset-row cuts",
        },
        "$3,020 · within 1.2 % of the best possible · 2 unassigned · improving: subset-row cuts",
    ),
    (
        {
            "cost_mc": 300_000_000, "bound_mc": 300_000_000, "unassigned": 2, "seconds": 9.9,
            "doing": "closing",
        },
        "$3,000 · proven best possible · 2 unassigned · improving: closing",
    ),
)  # fmt: skip


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_solve_is_watched_from_its_first_word_to_the_plan_in_force(app, engine, clock, open_page, scheme):
    keyring = keyring_of_app(app)
    a_person(app, engine, Role.DISPATCHER, email=DANA)
    with transaction(engine, keyring) as session:
        session.expire_on_commit = False
        metro = a_small_day(session)
    page = open_page(DANA, BOARD, viewport=SCREEN, color_scheme=scheme)
    with transaction(engine, keyring) as session:
        run_id = order(session, metro, clock, seconds=20).id
    strip = page.locator("#run")
    expect(strip).to_contain_text("Waiting for a free worker")
    with transaction(engine, keyring) as session:
        day_file = claim_run(session, "w1", clock).day_file
    for told, said in WORDS:
        with transaction(engine, keyring) as session:
            beat(session, run_id, "w1", told, clock)
        expect(strip).to_contain_text(said)
        if "subset-row" in said:
            keep_picture(page, f"board-solving-{scheme}")
            assert Axe().run(page).violations_count == 0
    plan = solve(day_from_json(day_file), seconds=5, engine="greedy")
    solved = json.loads(write_plan(replace(plan, bound_mc=-(-99 * plan.cost_mc // 100))))
    with transaction(engine, keyring) as session:
        assert hand_in(session, run_id, "w1", solved, clock)
    expect(strip).to_contain_text("A plan is ready")
    expect(strip).to_contain_text("within 1.0 % of the best possible")
    page.get_by_role("button", name="Publish").click()
    expect(page.locator("#figures")).to_contain_text("within 1.0 % of the best possible")
    expect(strip).to_contain_text("bound $")
    assert page.errors == []


def keep_picture(page, name: str) -> None:
    """Keep what the page looks like, where the environment asks for it."""
    folder = os.environ.get("HOUSECALL_PICTURES")
    if folder:
        page.screenshot(path=Path(folder) / f"{name}.png")

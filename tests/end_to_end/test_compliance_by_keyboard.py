"""A compliance officer's morning in Chromium, by keyboard alone: no mouse is touched."""

import subprocess
import sys
from zipfile import ZipFile

import pytest

from dispatch.custody import service
from dispatch.custody.model import EventKind
from dispatch.kernel.actor import Role
from dispatch.kernel.storage import transaction
from tests.builders.custody import a_report, wasted
from tests.builders.web import PASSWORD, a_person, keyring_of_app

pytestmark = [
    pytest.mark.browser,
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]
OFFICER = "officer@test.example"
MOST_TABS = 120
FOCUSED = """() => {
  const it = document.activeElement;
  const label = it.getAttribute("aria-label") || it.labels?.[0]?.innerText || it.innerText || it.id;
  return [it.tagName.toLowerCase(), (label || "").trim()];
}"""


@pytest.fixture
def scene(app, engine):
    """Vial 7F0 is wasted, 7F1 broke, 7F2 is sealed in the nurse's hands."""
    with transaction(engine, keyring_of_app(app)) as session:
        scene = wasted(session, vials=3)
        broke = a_report(scene, EventKind.BROKEN, container_id=scene.vials[1])
        service.report_exception(session, broke, scene.nurse, scene.clock)
    a_person(app, engine, Role.COMPLIANCE, email=OFFICER)
    return scene


class Keys:
    """Somebody at the keyboard."""

    def __init__(self, page):
        self.page = page

    def to(self, tag: str, name: str) -> None:
        """Press Tab until something of that name has the focus."""
        seen = []
        for _ in range(MOST_TABS):
            self.page.keyboard.press("Tab")
            focused = self.page.evaluate(FOCUSED)
            if focused[0] == tag and focused[1].startswith(name):
                return
            seen.append(focused)
        raise AssertionError(f"no Tab leads to {tag} {name!r}: {seen}")

    def type(self, text: str) -> None:
        """Type into what has the focus."""
        self.page.keyboard.type(text)

    def go(self, key: str = "Enter") -> None:
        """Press a key that leads to another page."""
        with self.page.expect_navigation():
            self.page.keyboard.press(key)


def test_cases_filters_figures_counts_reconciling_and_export_by_keyboard(open_page, scene, tmp_path):
    page = open_page(OFFICER, "/custody")
    keys = Keys(page)

    # Cases stand first, each with its clock.
    assert page.locator("h2").first.inner_text() == "What does not add up: 1 open case"
    first = page.locator("ul.cases li").first.inner_text()
    assert "7F1" in first
    assert "due" in first

    # She filters the vials by their state.
    page.keyboard.press("Alt+v")
    keys.to("select", "Status")
    keys.type("wasted")
    keys.to("button", "Filter")
    keys.go()
    assert page.get_by_text("1 of 3 vials").is_visible()

    # From what was given down to the event.
    page.keyboard.press("Alt+i")
    keys.to("a", "Given")
    keys.go()
    assert "administered" in page.locator("main").inner_text()
    assert "31.0" in page.locator("main").inner_text()

    # A blind count of the nurse's sealed vials, twice one short.
    keys.to("a", "Custody")
    keys.go()
    keys.go("Alt+b")
    keys.to("select", "Whose sealed vials")
    keys.type("N-07")
    keys.to("input", "Sealed vials you count")
    keys.type("0")
    keys.go()
    assert page.get_by_text("Second count, blind").is_visible()
    assert "expects" not in page.locator("main").inner_text()
    keys.type("0")
    keys.go()
    assert page.evaluate(FOCUSED)[1].startswith("The count differs: a case is open")

    # The case stands with the others.
    keys.to("a", "See the open cases")
    keys.go()
    assert page.locator("ul.cases li").count() == 2

    # She reconciles the wasted vial and signs with her password.
    page.keyboard.press("Alt+v")
    keys.to("a", "7F0")
    keys.go()
    keys.to("summary", "Reconcile")
    page.keyboard.press("Enter")
    keys.to("input", "Your password")
    keys.type(PASSWORD)
    keys.to("button", "Sign and reconcile")
    keys.go()
    assert "reconciled" in page.locator("tr#event-7").inner_text()

    # And takes the audit bundle with her: it verifies without us.
    page.goto("/custody")
    page.keyboard.press("Alt+x")
    keys.to("input", "Your password")
    keys.type(PASSWORD)
    keys.to("button", "Export audit bundle")
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    with ZipFile(download.value.path()) as bundle:
        bundle.extractall(tmp_path)
    verify = [sys.executable, "-I", str(tmp_path / "bundle" / "verify.py")]
    checked = subprocess.run(verify, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert page.errors == []

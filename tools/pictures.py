"""Take the README's pictures from a running `housecall demo`.

``python -m tools.pictures http://127.0.0.1:8000 docs/pictures N-34``, with the nurse whose login is printed
"""

import sys
from pathlib import Path

from playwright.sync_api import ViewportSize, sync_playwright

from api.demo.office import PASSWORD, nurse_email, office_email
from dispatch.kernel.actor import Role
from tests import machine

SCREENS = (
    ("board", office_email(Role.DISPATCHER), "/board", ViewportSize(width=1600, height=1000)),
    ("custody", office_email(Role.COMPLIANCE), "/custody", ViewportSize(width=1440, height=1000)),
)
PHONE = ViewportSize(width=390, height=844)


def take(base: str, folder: Path, nurse: str) -> None:
    """Sign in to each screen and keep what it looks like."""
    screens = (*SCREENS, ("today", nurse_email(nurse), "/today", PHONE))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=machine.chromium(), args=list(machine.CHROMIUM_FLAGS)
        )
        for name, email, place, size in screens:
            page = browser.new_page(base_url=base, viewport=size)
            page.goto("/login")
            page.fill("#email", email)
            page.fill("#password", PASSWORD)
            page.click("button[type=submit]")
            page.goto(place)
            page.wait_for_load_state("load")
            page.wait_for_timeout(1500)
            page.screenshot(path=folder / f"{name}.png")
        browser.close()


if __name__ == "__main__":
    take(sys.argv[1], Path(sys.argv[2]), sys.argv[3])

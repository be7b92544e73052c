"""Scanning on the nurse's phone: with a hand scanner, with the camera."""

import json
from datetime import date, timedelta

import pytest
import sqlalchemy as sa
import zxingcpp

from dispatch.custody.scans.model import label_text
from tests.builders.nurse_screen import NINA, PAM, a_staffed_town, fill_in, stock_up, take
from tests.builders.visits import SEVEN
from tests.builders.web import PASSWORD, a_browser

LABEL = label_text("V-1", "L1", date(2027, 6, 30))
CAMERA = """
window.BarcodeDetector = class {
  static async getSupportedFormats() { return ["qr_code", "data_matrix"]; }
  async detect() { return [{ rawValue: "%s" }]; }
};
const picture = document.createElement("canvas");
const pen = picture.getContext("2d");
setInterval(() => pen.fillRect(0, 0, 9, 9), 40);
navigator.mediaDevices.getUserMedia = async () => picture.captureStream();
"""

PICTURED = """
const rows = %s;
const picture = document.createElement("canvas");
picture.width = 640;
picture.height = 480;
const pen = picture.getContext("2d");
setInterval(() => {
  pen.fillStyle = "#eee";
  pen.fillRect(0, 0, 640, 480);
  rows.forEach((row, y) => [...row].forEach((dot, x) => {
    pen.fillStyle = dot === "#" ? "#222" : "#eee";
    pen.fillRect(120 + x * 6, 60 + y * 6, 6, 6);
  }));
}, 40);
navigator.mediaDevices.getUserMedia = async () => picture.captureStream();
"""


def pictured(text, code):
    """Return a code as rows of dots."""
    drawn = zxingcpp.create_barcode(text, code).to_image(scale=1)
    return ["".join("#" if dot < 128 else " " for dot in row) for row in memoryview(drawn).tolist()]


@pytest.fixture
def town(app, engine, clock):
    clock.at = SEVEN + timedelta(hours=3)
    town = a_staffed_town(app, engine)
    stock_up(app, engine, clock, town)
    return town


@pytest.fixture
def nina(app, town):
    return a_browser(app, NINA)


def test_sealed_stock_is_named_but_not_its_seal(nina):
    answer = fill_in(nina, "/today/scan", scan=LABEL)
    assert "Vial V-1" in answer.text
    assert "It lies sealed at a pharmacy." in answer.text
    assert "S-1" not in answer.text


def test_a_vial_in_the_box_is_led_to(nina, engine):
    take(nina)
    answer = fill_in(nina, "/today/scan", scan=LABEL)
    assert (answer.status_code, answer.location) == (303, "/today#vial-V-1")
    with engine.connect() as connection:
        assert "custody.scan" in connection.scalars(sa.text("SELECT action FROM audit_entry")).all()


def test_a_bad_code_is_said(nina):
    answer = fill_in(nina, "/today/scan", scan="hello")
    assert answer.status_code == 422
    assert 'data-code="scan_unreadable"' in answer.text


def test_another_expiry_than_on_record_is_said(nina):
    answer = fill_in(nina, "/today/scan", scan=label_text("V-1", "L1", date(2028, 6, 30)))
    assert answer.status_code == 409
    assert 'data-code="expiry_mismatch"' in answer.text


@pytest.mark.browser
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_at_the_pharmacy_a_hand_scanner_fills_row_after_row(open_page, town):
    page = open_page(NINA, "/today", viewport={"width": 390, "height": 844})
    for serial in ("V-1", "V-2"):
        page.focus("#scan-box")
        page.keyboard.type(label_text(serial, "L1", date(2027, 6, 30)))
        page.keyboard.press("Enter")
        page.get_by_text(f"Vial {serial} is on the list. Read its seal.").wait_for()
        page.keyboard.type(serial.replace("V", "S"))
    page.fill("#counted", "2")
    page.get_by_label("Pharmacist’s email").fill(PAM)
    page.get_by_label("Pharmacist’s password").fill(PASSWORD)
    page.locator("#own-pickup").fill(PASSWORD)
    with page.expect_navigation():
        page.get_by_role("button", name="Sign and take").click()
    assert page.locator("article[data-serial]").count() == 2
    assert page.errors == []


@pytest.mark.browser
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_scanners_separator_is_kept(open_page, town):
    page = open_page(NINA, "/today")
    page.focus("#scan-box")
    page.keyboard.type("10L1")
    page.keyboard.press("Control+]")
    page.keyboard.type("21V-1")
    assert page.input_value("#scan-box") == "10L1␝21V-1"


def the_camera_finds_the_vial(page) -> None:
    page.get_by_role("button", name="Use the camera").click()
    page.get_by_text("Vial V-1 is on the list. Read its seal.").wait_for()
    assert page.locator("video").count() == 0
    assert page.errors == []


@pytest.mark.browser
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_where_the_browser_reads_codes_the_camera_does_it(open_page, town):
    page = open_page(NINA, "/login")
    page.add_init_script(CAMERA % LABEL)
    page.goto("/today")
    the_camera_finds_the_vial(page)


@pytest.mark.browser
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("code", [zxingcpp.BarcodeFormat.DataMatrix, zxingcpp.BarcodeFormat.QRCode])
def test_where_it_does_not_a_reader_of_ours_reads_the_picture(open_page, town, code):
    """Chromium on Linux has no BarcodeDetector, as Safari has none."""
    page = open_page(NINA, "/login")
    page.add_init_script(PICTURED % json.dumps(pictured(LABEL, code)))
    page.goto("/today")
    assert page.evaluate("'BarcodeDetector' in window") is False
    the_camera_finds_the_vial(page)


@pytest.mark.browser
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_without_a_camera_there_is_no_button(open_page, town):
    page = open_page(NINA, "/login")
    page.add_init_script("Object.defineProperty(navigator, 'mediaDevices', { value: undefined });")
    page.goto("/today")
    assert page.get_by_role("button", name="Use the camera").count() == 0


def test_only_the_reader_of_codes_runs_compiled_code(nina):
    policies = {}
    for path in ("/today", "/static/js/scan-camera.js", "/static/js/scan-reader.js"):
        with nina.get(path) as answer:
            policies[path] = answer.headers["Content-Security-Policy"]
    assert [path for path, told in policies.items() if "wasm" in told] == ["/static/js/scan-reader.js"]
    assert "default-src 'none'" in policies["/static/js/scan-reader.js"]

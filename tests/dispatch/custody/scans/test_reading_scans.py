"""What a code says: GS1 with everything scanners do to it, our own labels, one refusal a test."""

from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.custody.scans.model import Scan, ScanKind, label_text
from dispatch.custody.scans.rules import gtin_14, read_scan
from dispatch.kernel.refusals import Invalid

GTIN = "00312345678906"
WHOLE = f"01{GTIN}1727063010KT2611\x1d21SN001"
READ = Scan(kind=ScanKind.PACKAGE, gtin=GTIN, lot="KT2611", expires_on=date(2027, 6, 30), serial="SN001")


def codes(text: str) -> list[str]:
    with pytest.raises(Invalid) as refused:
        read_scan(text)
    return [reason.code for reason in refused.value.reasons]


@pytest.mark.parametrize(
    "text",
    [
        WHOLE,
        f"]d2{WHOLE}",
        f"\x1d{WHOLE}\x1d",
        f"  {WHOLE}\n",
        WHOLE.replace("\x1d", "␝"),
        WHOLE.replace("\x1d", "{GS}"),
        WHOLE.replace("\x1d", "<GS>"),
        WHOLE.replace("\x1d", "|"),
        f"]Q3{WHOLE}".replace("\x1d", "^]"),
        f"01{GTIN}21SN001\x1d17270630\x1d10KT2611",
        f"(01){GTIN}(17)270630(10)KT2611(21)SN001",
        f"{WHOLE}\x1d91internal",
    ],
)
def test_a_package_is_read_as_scanners_send_it(text):
    assert read_scan(text) == READ


@pytest.mark.parametrize(
    ("sent", "last_day"),
    [("270600", date(2027, 6, 30)), ("280200", date(2028, 2, 29)), ("270200", date(2027, 2, 28))],
)
def test_day_00_of_an_expiry_is_the_months_last(sent, last_day):
    assert read_scan(WHOLE.replace("270630", sent)).expires_on == last_day


def test_a_code_without_expiry_is_refused():
    assert codes(f"01{GTIN}10KT2611\x1d21SN001") == ["expiry_missing"]


def test_a_month_13_is_no_code():
    assert codes(WHOLE.replace("270630", "271330")) == ["scan_unreadable"]


@pytest.mark.parametrize("sent", ["270631", "270230", "270030"])
def test_an_expiry_that_is_no_date_is_refused(sent):
    assert codes(WHOLE.replace("270630", sent)) == ["expiry_not_a_date"]


def test_a_wrong_check_digit_is_refused():
    assert codes(WHOLE.replace(GTIN, "00312345678907")) == ["gtin_checksum"]


def test_a_code_without_product_is_refused():
    assert codes("1727063010KT2611\x1d21SN001") == ["gtin_missing"]


def test_a_code_without_lot_is_refused():
    assert codes(f"01{GTIN}1727063021SN001") == ["lot_missing"]


def test_a_scanner_that_drops_the_separator_is_told_so():
    assert codes(WHOLE.replace("\x1d", "")) == ["serial_missing"]


def test_everything_that_is_missing_is_said_at_once():
    assert codes("91internal") == ["gtin_missing", "expiry_missing", "lot_missing", "serial_missing"]


@pytest.mark.parametrize("text", ["", "  ", "\x1d \n"])
def test_nothing_is_refused(text):
    assert codes(text)[0] in {"scan_empty", "scan_unreadable"}


@pytest.mark.parametrize(
    "text",
    ["hello", "0", "01", "(", "()", "(01)", "]d2", "https://example.org", "\0", "９" * 40, "1" * 401, "٠١"],
)
def test_what_is_no_code_is_refused(text):
    assert codes(text)


@given(st.text(max_size=60))
def test_whatever_is_sent_is_read_or_refused(text):
    with suppress(Invalid):
        assert read_scan(text).serial


@given(
    serial=st.text(min_size=1, max_size=40).filter(lambda text: text.isprintable() and text.strip()),
    lot=st.text(min_size=1, max_size=30).filter(lambda text: text.isprintable() and text.strip()),
    expires_on=st.dates(date(2000, 1, 1), date(2099, 12, 31)),
)
def test_our_own_label_is_read_back(serial, lot, expires_on):
    text = label_text(serial, lot, expires_on)
    if len(text) <= 400:
        assert read_scan(text) == Scan(kind=ScanKind.LABEL, serial=serial, lot=lot, expires_on=expires_on)


@pytest.mark.parametrize("text", ["HC1:", "HC1:V-1", "HC1:V-1/L", "HC1:/L/2027-06-30", "HC1:V/L/2027-02-30"])
def test_half_a_label_is_refused(text):
    assert codes(text) == ["label_unreadable"]


@pytest.mark.parametrize("text", ["00312345678906", "312345678906", "0312345678906"])
def test_a_gtin_of_any_length_becomes_14_digits(text):
    assert gtin_14(text) == GTIN


@pytest.mark.parametrize("text", ["", "12345", "312345678907", "３１２３４５６７８９０６", "x" * 14])
def test_what_is_no_gtin_is_refused(text):
    with pytest.raises(ValueError, match="GTIN"):
        gtin_14(text)

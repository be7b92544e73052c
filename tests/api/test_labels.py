"""Every printed label is read back by another library; it says the seal, but its code does not."""

import re
import zlib
from datetime import UTC, date, datetime
from io import BytesIO

import numpy as np
import pytest
import zxingcpp
from PIL import Image

from api.labels import A_SHEET, Label, code_png, labels_pdf
from dispatch.custody.scans.model import ScanKind
from dispatch.custody.scans.rules import read_scan

AT = datetime(2026, 11, 23, 15, 20, tzinfo=UTC)
PICTURE = re.compile(rb"<<\n(/BitsPerComponent.*?)>>\nstream\n(.*?)\nendstream", re.DOTALL)


def labels(number, **more):
    said = {
        "lot": "KT26111",
        "expires_on": date(2028, 1, 17),
        "seal": "S1-7013",
        "product": "Ketamine 50 mg/mL",
    }
    return [Label(**said | {"serial": f"HC1{each:04}"} | more) for each in range(number)]


def pictures(pdf):
    """The codes in a PDF, as grey values."""
    for head, pixels in PICTURE.findall(pdf):
        wide, tall, depth = (
            int(re.search(rb"/%s (\d+)" % name, head)[1])
            for name in (b"Width", b"Height", b"BitsPerComponent")
        )
        assert depth == 1
        bits = np.unpackbits(np.frombuffer(zlib.decompress(pixels), np.uint8).reshape(tall, -1), axis=1)
        yield np.ascontiguousarray(bits[:, :wide] * 255)


def test_every_label_of_two_sheets_is_read_back():
    made = labels(A_SHEET + 7)
    read = [zxingcpp.read_barcode(picture).text for picture in pictures(labels_pdf(made, AT))]
    scans = [read_scan(text) for text in read]
    assert [scan.serial for scan in scans] == [label.serial for label in made]
    assert {(scan.kind, scan.lot, scan.expires_on) for scan in scans} == {
        (ScanKind.LABEL, "KT26111", date(2028, 1, 17))
    }


@pytest.mark.parametrize(
    ("serial", "lot"), [("A" * 20, "B" * 20), ("ü/%:é", "L 1/2"), ("1", "1"), ('"<>&', "ŁÓ漢字")]
)
def test_whatever_a_number_holds_is_read_back(serial, lot):
    (label,) = labels(1, serial=serial, lot=lot)
    scan = read_scan(zxingcpp.read_barcode(Image.open(code_png(label)).convert("L")).text)
    assert (scan.serial, scan.lot) == (serial, lot)
    assert labels_pdf([label], AT)


def test_a_code_tells_no_seal():
    (label,) = labels(1)
    assert "7013" not in zxingcpp.read_barcode(Image.open(code_png(label)).convert("L")).text


def test_the_same_labels_are_the_same_file():
    assert labels_pdf(labels(3), AT) == labels_pdf(labels(3), AT)


@pytest.mark.parametrize(
    ("first", "number", "pages"), [(1, 30, 1), (1, 31, 2), (30, 1, 1), (30, 2, 2), (1, 0, 1)]
)
def test_a_sheet_that_was_begun_is_used_up(first, number, pages):
    assert labels_pdf(labels(number), AT, first).count(b"/Type /Page\n") == pages


@pytest.mark.parametrize("first", [0, 31, -1])
def test_a_place_that_is_on_no_sheet_is_refused(first):
    with pytest.raises(ValueError, match="1 to 30"):
        labels_pdf(labels(1), AT, first)


def test_the_file_is_a_pdf():
    assert BytesIO(labels_pdf(labels(1), AT)).read(5) == b"%PDF-"

"""Our own labels for vials: a sheet of QR codes to be printed and stuck on.

The sheet is US Letter with three columns of ten labels, 2 5/8 by 1 inch each, as sold under many names (Avery
5160 and alike). A label names the vial, its lot, expiry and seal, and no patient. The seal is printed but is
not in the code: who checks a seal reads it off the seal, never off a scan.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from io import BytesIO

import segno
from fpdf import FPDF

from api.latin import latin
from dispatch.custody.scans.model import label_text

COLUMNS, ROWS = 3, 10
A_SHEET = COLUMNS * ROWS
WIDE_MM, TALL_MM = 66.675, 25.4
LEFT_MM, TOP_MM, PITCH_MM = 4.7625, 12.7, 69.85
PAD_MM, CODE_MM = 1.5, 21.0
# Printers drift by a millimetre: the quiet zone of four modules is part of the picture (ISO/IEC 18004, 9.1).
MODULE_PX, QUIET_MODULES = 8, 4


@dataclass(frozen=True, kw_only=True)
class Label:
    """What one label says."""

    serial: str
    lot: str
    expires_on: date
    seal: str
    product: str


def labels_pdf(labels: Sequence[Label], made_at: datetime, first: int = 1) -> bytes:
    """Lay out labels, left to right and down.

    Parameters
    ----------
    made_at
        When the sheet was made, with its offset; the only thing in the file besides the labels.
    first
        Place of the first label, 1 to 30: a sheet that was begun is used up.

    Raises
    ------
    ValueError
        When `first` is no place on the sheet.
    """
    if not 1 <= first <= A_SHEET:
        raise ValueError(f"a sheet has the places 1 to {A_SHEET}")
    sheet = FPDF(orientation="portrait", unit="mm", format="letter")
    sheet.set_auto_page_break(auto=False)
    sheet.set_image_filter("FlateDecode")
    sheet.set_creation_date(made_at)
    sheet.set_title("Labels of vials")
    sheet.set_creator("Housecall")
    sheet.set_producer("Housecall")
    sheet.set_lang("en-US")
    for number, label in enumerate(labels, start=first - 1):
        place = number % A_SHEET
        if place == 0 or number == first - 1:
            sheet.add_page()
        _print(sheet, label, LEFT_MM + place % COLUMNS * PITCH_MM, TOP_MM + place // COLUMNS * TALL_MM)
    if not labels:
        sheet.add_page()
    return bytes(sheet.output())


def _print(sheet: FPDF, label: Label, left_mm: float, top_mm: float) -> None:
    sheet.image(
        code_png(label), x=left_mm + PAD_MM, y=top_mm + (TALL_MM - CODE_MM) / 2, w=CODE_MM, h=CODE_MM,
        alt_text=f"Vial {label.serial}",
    )  # fmt: skip
    text_mm = left_mm + PAD_MM + CODE_MM + 1
    room_mm = WIDE_MM - CODE_MM - 2 * PAD_MM - 1
    lines = (
        ("B", 10.0, label.serial, 5.0),
        ("", 7.0, label.product, 3.4),
        ("", 7.5, f"Lot {label.lot}", 3.6),
        ("", 7.5, f"Exp {label.expires_on.isoformat()}", 3.6),
        ("", 7.5, f"Seal {label.seal}" if label.seal else "", 3.6),
    )
    down_mm = top_mm + 2.6
    for style, size_pt, text, line_mm in lines:
        shown = latin(text)
        sheet.set_font("helvetica", style, size_pt)
        # What does not fit becomes narrower rather than shorter: a number that is cut is another number.
        while sheet.get_string_width(shown) > room_mm and sheet.font_size_pt > 4:
            sheet.set_font_size(sheet.font_size_pt - 0.5)
        sheet.text(text_mm, down_mm + line_mm * 0.75, shown)
        down_mm += line_mm


def code_png(label: Label) -> BytesIO:
    """Draw a label's QR code, readable although a quarter of it is damaged (level Q)."""
    code = segno.make(label_text(label.serial, label.lot, label.expires_on), error="q", micro=False)
    picture = BytesIO()
    code.save(picture, kind="png", scale=MODULE_PX, border=QUIET_MODULES)
    picture.seek(0)
    return picture

"""The one place that lays out a PDF: title, facts, tables, paragraphs, lines to sign, numbered pages.

A paper is a frozen value; `pdf_of` is pure: the same paper gives the same bytes, because the moment
of making is part of it and nothing else of the machine enters the file.

The core font Helvetica is used, so that no font file has to be carried; `api.latin` says what becomes of
a character that it does not know.
"""

from dataclasses import dataclass
from datetime import datetime

from fpdf import FPDF

from api.latin import latin
from api.paper_table import FONT, Align, Grid, Table

__all__ = ["Align", "Block", "Facts", "Grid", "Paper", "Prose", "SignHere", "pdf_of"]
MARGIN_MM = 14.0


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Pairs of label and value, one under the other, under an optional heading."""

    pairs: tuple[tuple[str, str], ...]
    heading: str = ""


@dataclass(frozen=True, kw_only=True)
class Prose:
    """A paragraph."""

    text: str
    heading: str = ""


@dataclass(frozen=True, kw_only=True)
class SignHere:
    """Ruled lines to be signed by hand, one for each caption."""

    captions: tuple[str, ...]


Block = Facts | Grid | Prose | SignHere


@dataclass(frozen=True, kw_only=True)
class Paper:
    """A document to be printed.

    Attributes
    ----------
    made_at
        When it was made, with its offset from UTC; also the creation date inside the file.
    foot
        A line at the foot of every page, beside "Page n of m": a hash, the number of a form.
    wide
        Lay the sheet across (for many columns).
    """

    title: str
    subtitle: str
    made_at: datetime
    blocks: tuple[Block, ...]
    foot: str = ""
    wide: bool = False


def pdf_of(paper: Paper) -> bytes:
    """Lay out a paper as PDF on US Letter.

    Parameters
    ----------
    paper
        What to print; `made_at` must carry its offset.

    Returns
    -------
    bytes
        The file; the same for the same paper.

    Raises
    ------
    ValueError
        When `made_at` has no offset, or a table's row has not as many cells as the table has heads.
    """
    if paper.made_at.utcoffset() is None:
        raise ValueError("made_at must say its offset from UTC")
    sheet = _Sheet(paper)
    sheet.add_page()
    sheet.set_font(FONT, "B", 15)
    sheet.multi_cell(0, 7, latin(paper.title), new_x="LMARGIN", new_y="NEXT")
    if paper.subtitle:
        sheet.set_font(FONT, "", 10)
        sheet.multi_cell(0, 5, latin(paper.subtitle), new_x="LMARGIN", new_y="NEXT")
    sheet.ln(2)
    for block in paper.blocks:
        _lay(sheet, block)
        sheet.ln(4)
    return bytes(sheet.output())


class _Sheet(FPDF):
    def __init__(self, paper: Paper) -> None:
        super().__init__(orientation="landscape" if paper.wide else "portrait", unit="mm", format="letter")
        self.paper = paper
        self.set_margins(MARGIN_MM, MARGIN_MM)
        self.set_auto_page_break(auto=True, margin=MARGIN_MM + 4)
        self.set_title(latin(paper.title))
        self.set_creator("Housecall")
        self.set_producer("Housecall")
        self.set_lang("en-US")
        self.set_creation_date(paper.made_at)

    def footer(self) -> None:
        self.set_y(-MARGIN_MM)
        self.set_font(FONT, "", 7)
        self.cell(0, 4, latin(self.paper.foot))
        self.set_x(self.l_margin)
        self.cell(0, 4, f"Page {self.page_no()} of {{nb}}", align="R")


def _heading(sheet: _Sheet, text: str) -> None:
    if text:
        sheet.set_font(FONT, "B", 11)
        # A heading never stands alone at the foot of a page.
        if sheet.will_page_break(18):
            sheet.add_page()
        sheet.multi_cell(0, 6, latin(text), new_x="LMARGIN", new_y="NEXT")
        sheet.ln(1)


def _lay(sheet: _Sheet, block: Block) -> None:
    match block:
        case Facts():
            _heading(sheet, block.heading)
            _facts(sheet, block)
        case Grid():
            _heading(sheet, block.heading)
            _grid(sheet, block)
        case Prose():
            _heading(sheet, block.heading)
            sheet.set_font(FONT, "", 9)
            sheet.multi_cell(0, 4.5, latin(block.text), new_x="LMARGIN", new_y="NEXT", align="L")
        case SignHere():
            _sign_here(sheet, block)


def _facts(sheet: _Sheet, block: Facts) -> None:
    label_mm = 52.0
    for label, text in block.pairs:
        sheet.set_font(FONT, "B", 9)
        if sheet.will_page_break(10):
            sheet.add_page()
        top, page = sheet.get_y(), sheet.page_no()
        sheet.multi_cell(label_mm, 4.6, latin(label), new_x="RIGHT", new_y="NEXT", align="L")
        under_label = sheet.get_y()
        sheet.set_xy(sheet.l_margin + label_mm, top)
        sheet.set_font(FONT, "", 9)
        sheet.multi_cell(0, 4.6, latin(text) or "-", new_x="LMARGIN", new_y="NEXT", align="L")
        # A label of several lines may reach further down than its value.
        if sheet.page_no() == page and sheet.get_y() < under_label:
            sheet.set_y(under_label)


def _grid(sheet: _Sheet, block: Grid) -> None:
    if any(len(row) != len(block.heads) for row in (*block.rows, *((block.sums,) if block.sums else ()))):
        raise ValueError("every row needs as many cells as the table has heads")
    if not block.rows:
        sheet.set_font(FONT, "I", 9)
        sheet.multi_cell(0, 4.5, latin(block.when_empty), new_x="LMARGIN", new_y="NEXT")
        return
    table = Table(sheet, block)
    table.head()
    for row in block.rows:
        table.row(row)
    if block.sums:
        table.row(block.sums, bold=True)


def _sign_here(sheet: _Sheet, block: SignHere) -> None:
    for caption in block.captions:
        if sheet.will_page_break(18):
            sheet.add_page()
        sheet.ln(10)
        line_y = sheet.get_y()
        sheet.line(sheet.l_margin, line_y, sheet.l_margin + 110, line_y)
        sheet.set_font(FONT, "", 8)
        sheet.cell(0, 5, latin(caption), new_x="LMARGIN", new_y="NEXT")

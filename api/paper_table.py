"""Tables on paper: heads on every page, columns as wide as their words."""

from dataclasses import dataclass
from typing import Literal

from fpdf import FPDF

from api.latin import latin

Align = Literal["left", "right", "center"]
FONT = "helvetica"


@dataclass(frozen=True, kw_only=True)
class Grid:
    """A table: heads repeat on every page.

    Attributes
    ----------
    heads
        One text a column, with its unit: ``"Given (mg)"``.
    rows
        Texts, as many a row as there are heads.
    aligns
        One a column; all left when empty.
    widths
        Shares, one a column, of the width that is left once no word is cut; by content when empty.
    sums
        A last row in bold; left out when empty.
    """

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    aligns: tuple[Align, ...] = ()
    widths: tuple[float, ...] = ()
    sums: tuple[str, ...] = ()
    heading: str = ""
    when_empty: str = "None."


class Table:
    """Rows in columns of fixed width. fpdf2's own tables take 18 ms a row; a year's report has thousands."""

    LINE_MM = 3.6
    PAD_MM = 0.8
    FONT_PT = 7.5
    # A longer word is cut, a longer text wrapped, lest one column takes the sheet.
    WIDEST_WORD_MM = 34.0
    WIDEST_MM = 70.0

    def __init__(self, sheet: FPDF, block: Grid) -> None:
        self.sheet = sheet
        self.heads = block.heads
        self.aligns = block.aligns or ("left",) * len(block.heads)
        self.widths_mm = self._widths(block)

    def _widths(self, block: Grid) -> list[float]:
        """Return the columns' widths: no word is cut while there is room; the rest by share or content."""
        sheet = self.sheet
        rows = [(block.heads, "B"), *((row, "") for row in block.rows), (block.sums, "B")]
        least, whole = [0.0] * len(block.heads), [0.0] * len(block.heads)
        known: dict[tuple[str, str], tuple[float, float]] = {}
        for cells, style in rows:
            sheet.set_font(FONT, style, self.FONT_PT)
            for number, cell in enumerate(cells):
                if (cell, style) not in known:
                    text = latin(cell)
                    words = (sheet.get_string_width(word) for word in text.split())
                    known[cell, style] = max(words, default=0.0), sheet.get_string_width(text)
                word_mm, text_mm = known[cell, style]
                least[number] = max(least[number], min(word_mm, self.WIDEST_WORD_MM) + 2.2 * self.PAD_MM)
                whole[number] = max(whole[number], min(text_mm, self.WIDEST_MM) + 2.2 * self.PAD_MM)
        if sum(least) > sheet.epw:
            return [sheet.epw * width / sum(least) for width in least]
        spare = sheet.epw - sum(least)
        wants = list(block.widths) or [
            max(most - width, 0.01) for most, width in zip(whole, least, strict=True)
        ]
        return [width + spare * want / sum(wants) for width, want in zip(least, wants, strict=True)]

    def head(self) -> None:
        """Draw the heads, on grey."""
        self._cells(self.heads, bold=True, fill=True)

    def row(self, cells: tuple[str, ...], bold: bool = False) -> None:
        """Draw a row, on a new page under the heads again where it does not fit."""
        self._cells(cells, bold=bold)

    def _cells(self, cells: tuple[str, ...], bold: bool, fill: bool = False) -> None:
        sheet = self.sheet
        sheet.set_font(FONT, "B" if bold else "", self.FONT_PT)
        wrapped = [self._wrap(latin(cell), width) for cell, width in zip(cells, self.widths_mm, strict=True)]
        tall_mm = max(len(lines) for lines in wrapped) * self.LINE_MM + 2 * self.PAD_MM
        if sheet.will_page_break(tall_mm):
            sheet.add_page()
            if not fill:
                self.head()
                sheet.set_font(FONT, "B" if bold else "", self.FONT_PT)
        left, top = sheet.l_margin, sheet.get_y()
        if fill:
            sheet.set_fill_color(235)
            sheet.rect(left, top, sheet.epw, tall_mm, style="F")
        baseline = top + self.PAD_MM + self.LINE_MM * 0.78
        for lines, width, align in zip(wrapped, self.widths_mm, self.aligns, strict=True):
            for number, line in enumerate(lines):
                spare = width - 2 * self.PAD_MM - sheet.get_string_width(line)
                shift = {"left": 0.0, "center": spare / 2, "right": spare}[align]
                if line:
                    sheet.text(left + self.PAD_MM + shift, baseline + number * self.LINE_MM, line)
            left += width
        sheet.set_draw_color(190)
        sheet.line(sheet.l_margin, top + tall_mm, sheet.l_margin + sheet.epw, top + tall_mm)
        sheet.set_draw_color(0)
        sheet.set_y(top + tall_mm)

    def _wrap(self, text: str, width_mm: float) -> list[str]:
        room = width_mm - 2 * self.PAD_MM
        lines: list[str] = []
        for part in text.split("\n"):
            line = ""
            for word in part.split(" "):
                longer = f"{line} {word}" if line else word
                if self._fits(longer, room):
                    line = longer
                    continue
                if line:
                    lines.append(line)
                line = word
                while not self._fits(line, room) and len(line) > 1:
                    cut = next(n for n in range(len(line) - 1, 0, -1) if n == 1 or self._fits(line[:n], room))
                    lines.append(line[:cut])
                    line = line[cut:]
            lines.append(line)
        return lines

    def _fits(self, text: str, room_mm: float) -> bool:
        return bool(self.sheet.get_string_width(text) <= room_mm)

import zlib
from datetime import UTC, datetime

import pytest

from api.latin import latin
from api.paper import Facts, Grid, Paper, Prose, SignHere, pdf_of


def paper(*blocks, **changed):
    given = {
        "title": "Per-vial reconciliation",
        "subtitle": "Registrant",
        "made_at": datetime(2026, 11, 21, 12, 0, tzinfo=UTC),
        "blocks": blocks,
    }
    return Paper(**given | changed)


def text_of(pdf: bytes) -> str:
    """Return the page streams of a file: core fonts write their text in plain Latin-1."""
    streams = [part.split(b"endstream")[0].strip(b"\r\n") for part in pdf.split(b"stream\n")[1:]]
    shown = []
    for stream in streams:
        try:
            shown.append(zlib.decompress(stream).decode("latin-1"))
        except zlib.error:
            continue
    return "\n".join(shown)


def test_the_same_paper_gives_the_same_bytes():
    made = paper(
        Facts(pairs=(("Made by", "Ada"),)), Prose(text="words " * 200),
        Grid(heads=("Vial", "mg"), rows=(("V1", "1.000"),), aligns=("left", "right"), sums=("", "1.000")),
        SignHere(captions=("First person",)),
    )  # fmt: skip
    assert pdf_of(made) == pdf_of(made)


def test_heads_and_page_numbers_stand_on_every_page():
    rows = tuple((f"V{number}", "a text that is long enough to be wrapped " * 3) for number in range(90))
    shown = text_of(pdf_of(paper(Grid(heads=("Vial", "Words"), rows=rows, sums=("Sum", "")), foot="abc")))
    pages = shown.count("(Vial) Tj")
    assert pages > 2
    assert shown.count(f"of ) Tj ({pages}) Tj") == pages
    assert shown.count("(abc) Tj") == pages
    assert all(f"(V{number}) Tj" in shown for number in range(90))


def test_an_empty_table_says_so():
    assert "(Nothing found.) Tj" in text_of(
        pdf_of(paper(Grid(heads=("Vial",), rows=(), when_empty="Nothing found.")))
    )


def test_a_row_of_another_length_is_refused():
    with pytest.raises(ValueError, match="as many cells"):
        pdf_of(paper(Grid(heads=("Vial",), rows=(("V1", "more"),))))


def test_a_moment_without_offset_is_refused():
    with pytest.raises(ValueError, match="offset"):
        pdf_of(paper(made_at=datetime(2026, 11, 21)))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("Łukasz", "[U+0141]ukasz"),
        ("Dvořák, Müller", "Dvorák, Müller"),
        ("“5 µg” … 1–2", '"5 µg" ... 1-2'),
        ("ａ\x00b\u202e", "a[U+0000]b[U+202E]"),
        ("李", "[U+674E]"),
    ],
)
def test_no_character_vanishes_unseen(text, printed):
    assert latin(text) == printed


def test_a_word_wider_than_its_column_is_cut_over_lines():
    shown = text_of(pdf_of(paper(Grid(heads=("A", "B"), rows=(("x" * 300, ""),)))))
    assert sum(line.count("x") for line in shown.splitlines() if "Tj" in line and "xx" in line) == 300


def test_no_word_is_cut_while_the_sheet_has_room():
    heads = ("Reference", "Amount (mg)", "Words")
    rows = (("P-017/2026-11", "1234567.890", "many words " * 60),)
    shown = text_of(pdf_of(paper(Grid(heads=heads, rows=rows))))
    for word in ("Reference", "P-017/2026-11", "1234567.890"):
        assert f"({word}) Tj" in shown

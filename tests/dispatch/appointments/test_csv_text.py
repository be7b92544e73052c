"""CSV as RFC 4180 has it, and what is said where it is not."""

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.appointments.day_import.csv_text import Malformed, decoded, rows


def read(text):
    return [
        (found.rule, found.line)
        if isinstance(found, Malformed)
        else [(cell.text, cell.line) for cell in found]
        for found in rows(text)
    ]


def test_each_cell_knows_the_line_on_which_it_begins():
    assert read('a,b\n"x\ny",z\nlast,') == [
        [("a", 1), ("b", 1)],
        [("x\ny", 2), ("z", 3)],
        [("last", 4), ("", 4)],
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_line_end_will_do(end):
    assert read(f"a{end}{end}b{end}") == [[("a", 1)], [("b", 3)]]


def test_quotes_are_doubled_inside_quotes():
    assert read('"say ""hi"", please"') == [[('say "hi", please', 1)]]


def test_a_misplaced_quote_spoils_its_line_alone():
    assert read('a\nb"c,d\ne') == [[("a", 1)], ("quote_misplaced", 2), [("e", 3)]]
    assert read('"a"b\ne') == [("quote_misplaced", 1), [("e", 2)]]


def test_a_quote_that_never_closes_ends_the_file():
    assert read('a\n"b\nc\nd') == [[("a", 1)], ("quote_not_closed", 2)]


def test_a_cell_of_a_megabyte_is_read():
    assert read('"' + "x\n" * 500_000 + '",y') == [[("x\n" * 500_000, 1), ("y", 500_001)]]


def test_a_byte_order_mark_is_no_part_of_the_first_name():
    assert decoded(b"\xef\xbb\xbfcode") == "code"


@pytest.mark.parametrize(
    ("content", "rule", "line"),
    [
        (b"a\nb\nf\xe9e", "not_utf8", 3),
        ("a".encode("utf-16"), "not_utf8", 1),
        (b"x" * 33_554_433, "file_too_large", 0),
    ],
    ids=["latin", "utf-16", "large"],
)  # fmt: skip
def test_what_cannot_be_decoded_is_named_with_its_line(content, rule, line):
    with pytest.raises(Malformed) as refused:
        decoded(content)
    assert (refused.value.rule, refused.value.line) == (rule, line)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(st.text(st.sampled_from('ab",\n\r é')), min_size=2, max_size=4), max_size=5))
def test_whatever_is_written_as_csv_is_read_back(table):
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows(table)
    assert [[cell for cell, _ in row] for row in read(text.getvalue())] == table

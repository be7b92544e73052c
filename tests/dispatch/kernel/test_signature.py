"""Drawn strokes: what is a signature, and what is refused by name."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.kernel.signature import HEIGHT, LEAST_INK, MOST_CHARACTERS, WIDTH, signature_fault


def name_of(fault):
    return fault and fault[0]


@pytest.mark.parametrize(
    ("strokes", "found"),
    [
        (f"M0 0l{LEAST_INK} 0", None),
        (f"M0 0l{LEAST_INK - 1} 0", "signature_too_short"),
        (f"M{WIDTH} {HEIGHT}l-30 -30", None),
        (f"M{WIDTH} 0l-60 0M{WIDTH + 1} 0", "signature_outside"),
        ("M10 10l60 60 0 -71", "signature_outside"),
        ("M10 10", "signature_too_short"),
        ("M10 10l30 0M200 10l0 30", None),
        ("", "signature_malformed"),
        ("l3 4", "signature_malformed"),
        ("M1 2l3", "signature_malformed"),
        ("M1.5 2l60 60", "signature_malformed"),
        ("M١ 2l60 60", "signature_malformed"),
        ('M1 2l60 60"/><script>', "signature_malformed"),
        ("M1 2l60 60\n", "signature_malformed"),
        ("M0 0l60 60" + " 1 -1 -1 1" * 200, "signature_too_long"),
        ("M0 0l60 60" + " 1 -1 -1 1" * 199, None),
    ],
)
def test_strokes_are_judged_by_name(strokes, found):
    assert name_of(signature_fault(strokes)) == found


POINTS = st.tuples(st.integers(0, WIDTH), st.integers(0, HEIGHT))


@settings(max_examples=60)
@given(st.lists(st.lists(POINTS, min_size=1, max_size=20), min_size=1, max_size=8))
def test_whatever_is_drawn_in_the_box_is_kept_unless_it_is_a_dot(strokes):
    text, ink = "", 0
    for points in strokes:
        steps = [(x - a, y - b) for (a, b), (x, y) in pairwise(points)]
        ink += sum(abs(dx) + abs(dy) for dx, dy in steps)
        text += f"M{points[0][0]} {points[0][1]}"
        text += "l" + " ".join(f"{dx} {dy}" for dx, dy in steps) if steps else ""
    if len(text) <= MOST_CHARACTERS:
        assert name_of(signature_fault(text)) == (None if ink >= LEAST_INK else "signature_too_short")

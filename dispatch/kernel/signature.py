"""A signature drawn on glass: its strokes as a small text, in the form of a path of SVG.

``M12 40l3 -4 5 6M80 20l1 1``: each stroke begins where the pen came down and goes on by steps, in whole
units of a box `WIDTH` by `HEIGHT`. So a picture needs no file, is sealed as any other text, and is drawn
again by whoever may read it. Nothing but numbers gets through, so it holds no markup either.
"""

import re
from collections.abc import Iterator
from itertools import pairwise

WIDTH, HEIGHT = 600, 200
MOST_CHARACTERS = 2_000
# Ink shorter than this is a slip of the finger, not a signature.
LEAST_INK = 60
_WHOLE = re.compile(r"(?:M\d{1,3} \d{1,3}(?:l-?\d{1,3} -?\d{1,3}(?: -?\d{1,3} -?\d{1,3})*)?)+", re.ASCII)
_STROKE = re.compile(r"M(\d+) (\d+)(?:l([-\d ]+))?", re.ASCII)
Point = tuple[int, int]


def signature_fault(strokes: str) -> tuple[str, str] | None:
    """Return the name and the sentence of what is wrong with drawn strokes, None when nothing is.

    The names are ``signature_too_long``, ``signature_malformed``, ``signature_outside`` and
    ``signature_too_short``.
    """
    if len(strokes) > MOST_CHARACTERS:
        return "signature_too_long", f"At most {MOST_CHARACTERS} characters; this has {len(strokes)}."
    if not _WHOLE.fullmatch(strokes):
        return "signature_malformed", "It is no drawing of strokes, such as M12 40l3 -4 5 6."
    drawn = list(_strokes(strokes))
    if any(not (0 <= x <= WIDTH and 0 <= y <= HEIGHT) for points in drawn for x, y in points):
        return "signature_outside", f"It leaves its box of {WIDTH} by {HEIGHT}."
    ink = sum(abs(x - a) + abs(y - b) for points in drawn for (a, b), (x, y) in pairwise(points))
    if ink < LEAST_INK:
        return "signature_too_short", "A dot is no signature."
    return None


def _strokes(text: str) -> Iterator[list[Point]]:
    for found in _STROKE.finditer(text):
        x, y = int(found[1]), int(found[2])
        points, steps = [(x, y)], [int(step) for step in (found[3] or "").split()]
        for dx, dy in zip(steps[::2], steps[1::2], strict=True):
            x, y = x + dx, y + dy
            points.append((x, y))
        yield points

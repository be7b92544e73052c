"""JSON without its loopholes: UTF-8, no repeated key, no NaN, nothing infinite."""

import json
import math
from typing import Any

from routing.faults import Faults, ProblemInvalid

Json = Any  # what the json module returns


def parse_json(text: str | bytes) -> Json:
    """Read strict JSON.

    Raises
    ------
    ProblemInvalid
        If it is not UTF-8 or not JSON, repeats a key, or holds NaN or an infinite number.
    """
    faults = Faults()

    def refuse_constant(word: str) -> float:
        faults.add(
            "", "not_finite", f"The file holds {word}.", "JSON has no such number; write a finite one."
        )
        return 0.0

    def finite(word: str) -> float:
        return float(word) if math.isfinite(float(word)) else refuse_constant(word)

    def unique(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
        found: dict[str, Json] = {}
        for key, value in pairs:
            if key in found:
                faults.add("", "duplicate_key", f"The key {key!r} occurs twice in one object.", "Keep one.")
            found[key] = value
        return found

    try:
        document = json.loads(
            text, object_pairs_hook=unique, parse_constant=refuse_constant, parse_float=finite
        )
    except (
        ValueError,
        RecursionError,
    ) as error:  # ValueError: not UTF-8, not JSON, or an absurdly long integer
        faults.add("", "not_json", f"The file is not JSON: {error}.", "Write it as UTF-8 JSON.")
        raise ProblemInvalid(faults.found) from error
    faults.raise_if_any()
    return document

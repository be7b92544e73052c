"""The bundled list of medicines: names, brands and what they contain, each with its source."""

import csv
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from dispatch.intake import classes
from dispatch.intake.statements import MatchedIngredient

CLASSES = frozenset(value for name, value in vars(classes).items() if name.isupper())


@cache
def ingredients_by_name() -> Mapping[str, tuple[MatchedIngredient, ...]]:
    """Return what every listed name contains; the keys are in lower case.

    Raises
    ------
    ValueError
        When a line of the list names a class that no rule knows.
    """
    found: dict[str, tuple[MatchedIngredient, ...]] = {}
    with (Path(__file__).parent / "ingredients.csv").open(encoding="utf-8", newline="") as lines:
        for line in csv.DictReader(lines):
            codes = tuple(line["classes"].split("+"))
            if not set(codes) <= CLASSES:
                raise ValueError(f"ingredients.csv: {line['name']}: no such class")
            one = MatchedIngredient(ingredient=line["ingredient"], classes=codes)
            found[line["name"]] = (*found.get(line["name"], ()), one)
    return found

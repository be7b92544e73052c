"""What a medicine that somebody wrote down contains: by its own name, or not at all.

Case, salts, forms and strengths make no difference, because they say nothing about the ingredient. A name
that is only like one of the list is a suggestion, which a person confirms: "theophyline" is not silently
anything.
"""

import re
import unicodedata
from collections.abc import Mapping
from difflib import get_close_matches

from dispatch.intake.statements import MatchedIngredient

Listed = Mapping[str, tuple[MatchedIngredient, ...]]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


SALTS = _words(
    "hydrochloride hcl hydrobromide hbr sulfate sulphate sodium potassium calcium maleate tartrate succinate "
    "fumarate citrate phosphate acetate mesylate besylate dipotassium bitartrate oxalate dihydrate "
    "monohydrate anhydrous carbonate"
)
FORMS = _words(
    "tablet tablets tab tabs capsule capsules cap caps pill pills er xr sr cr xl la ir dr cd odt extended "
    "release oral solution syrup injection patch cream drops spray inhaler generic daily bid tid mg mcg ug "
    "ml g iu units of the"
)
# With its unit, or written 5/325 or 0.5: a bare number may be part of a name, as in Tylenol 3 (with codeine).
_STRENGTH = re.compile(
    r"(?<!\S)(\d+(?:[.,]\d+)?(?:[/-]\d+(?:[.,]\d+)?)*\s*(?:mg|mcg|µg|ug|g|ml|iu|units|%)(?:/\w+)?"
    r"|\d+(?:\.\d+)?/\d+(?:\.\d+)?|\d+\.\d+)(?!\S)"
)
LIKE_ENOUGH = 0.8
SHORTEST_TYPO = 5


def plain_name(written: str) -> str:
    """Return a written name as the list has it, but with everything that was written still there."""
    text = (
        unicodedata.normalize("NFKC", written)
        .casefold()
        .replace("’", "'")
        .replace("®", " ")
        .replace("™", " ")
    )
    return " ".join(re.sub(r"[(),;]", " ", text).split())


def match(written: str, listed: Listed) -> tuple[MatchedIngredient, ...]:
    """Return what a written name contains; empty where the list does not know it exactly.

    Several names in one line ("Xanax and Percocet") are not taken apart: that is for a person.
    """
    for name in _forms_of(written):
        if name in listed:
            return listed[name]
    return ()


def suggest(written: str, listed: Listed) -> str:
    """Return the listed name that a written one is most like, empty where none is like enough."""
    for name in reversed(_forms_of(written)):
        if len(name) < SHORTEST_TYPO:
            continue
        if found := get_close_matches(name, listed, n=1, cutoff=LIKE_ENOUGH):
            return found[0]
        first = next((word for word in name.split() if word in listed), "")
        if first:
            return first
    return ""


def _forms_of(written: str) -> tuple[str, ...]:
    whole = plain_name(written)
    without_strength = " ".join(_STRENGTH.sub(" ", whole).split())
    bare = " ".join(word for word in without_strength.split() if word not in FORMS)
    base = " ".join(word for word in bare.split() if word not in SALTS)
    return tuple(dict.fromkeys(name for name in (whole, without_strength, bare, base) if name))

"""Text in the characters that the core fonts of PDF know (Latin-1), with nothing vanishing unseen.

A character outside it is first replaced by its plain form where it has one ("…" by "...", a curly
quote by a straight one), then by its base letter with the mark dropped ("č" by "c"); whatever still
has none is written as its code point in brackets ("[U+0141]"), so that no name is shortened unseen.
"""

import unicodedata

PLAIN = str.maketrans(
    {
        "\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u2013": "-", "\u2014": "-",
        "\u2026": "...", "\u2022": "*", "\u03bc": "\u00b5", "\u2192": "->", "\u2190": "<-",
        "\u2264": "<=", "\u2265": ">=", "\u2212": "-", "\u202f": " ", "\u2009": " ", "\u200b": "",
        "\ufeff": "",
    }
)  # fmt: skip


def latin(text: str) -> str:
    """Return `text` in the characters the core fonts know; nothing vanishes unseen.

    >>> latin("Łukasz Novák, Dvořák … 5 µg")
    '[U+0141]ukasz Novák, Dvorák ... 5 µg'
    """
    return "".join(map(_latin_one, text.translate(PLAIN)))


def _latin_one(character: str) -> str:
    if character == "\n" or (ord(character) < 256 and character.isprintable()) or character == "\u00a0":
        return character
    base = "".join(
        each for each in unicodedata.normalize("NFKD", character) if not unicodedata.combining(each)
    )
    if base and all(ord(each) < 256 and each.isprintable() for each in base):
        return base
    return f"[U+{ord(character):04X}]"

"""Texts that people type or import: what may be kept, and why not, by name.

Letters of every script are welcome. What nobody can see is not: control characters hide an end of text
from one program and not from another, and marks that turn the writing direction make a text read
otherwise than it is stored. A leading ``=``, ``+``, ``-`` or ``@`` would run as a formula when an export
is opened as a sheet.
"""

import re

LONGEST_LINE, LONGEST_NOTE = 200, 2_000
CODE = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._/-]{0,38}[A-Za-z0-9])?")
PHONE = re.compile(r"\+?[0-9][0-9 ().-]{5,24}")
_UNSEEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")
_TURNING = re.compile(r"[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_FORMULA = ("=", "+", "-", "@")


def text_fault(text: str, *, most: int = LONGEST_LINE, lines: bool = False) -> tuple[str, str] | None:
    """Return the name and the sentence of what is wrong with a text, None when nothing is.

    Parameters
    ----------
    text
        As it would be kept, without blanks at its ends.
    most
        Most characters.
    lines
        Whether it may have several lines.
    """
    if len(text) > most:
        return "text_too_long", f"At most {most} characters; this has {len(text)}."
    if _UNSEEN.search(text):
        return "unseen_character", "It holds a control character, such as NUL, that nobody can see."
    if not lines and any(mark in text for mark in "\r\n\t"):
        return "text_of_several_lines", "It must be a single line, without tabs."
    if _TURNING.search(text):
        return "turned_text", "It holds a mark that turns the writing direction."
    if text.startswith(_FORMULA):
        return "looks_like_a_formula", "It begins with = + - or @, which a sheet would run as a formula."
    return None


def code_fault(text: str) -> tuple[str, str] | None:
    """Return what is wrong with a code such as N-07: plain letters, digits and . _ / - inside, up to 40."""
    if CODE.fullmatch(text):
        return None
    return "code_malformed", "Use up to 40 plain letters and digits, with . _ / - between them."


def phone_fault(text: str) -> tuple[str, str] | None:
    """Return what is wrong with a telephone number: plain digits, blanks, ( ) . - and a leading +."""
    if PHONE.fullmatch(text):
        return None
    return "phone_malformed", "Use plain digits, such as +1 614 555 0100."

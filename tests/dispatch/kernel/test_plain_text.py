import pytest

from dispatch.kernel.plain_text import code_fault, phone_fault, text_fault


def name_of(fault):
    return fault and fault[0]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Mira Holt", None),
        ("נועה", None),
        ("María 🌻", None),
        ("a" * 200, None),
        ("a" * 201, "text_too_long"),
        ("a\0b", "unseen_character"),
        ("a\x85b", "unseen_character"),
        ("a\ufeffb", "unseen_character"),
        ("a\ud800b", "unseen_character"),
        ("a\nb", "text_of_several_lines"),
        ("a\tb", "text_of_several_lines"),
        ("a\u202eb", "turned_text"),
        ("a\u2066b", "turned_text"),
        ("=cmd()", "looks_like_a_formula"),
        ("+1", "looks_like_a_formula"),
        ("-1", "looks_like_a_formula"),
        ("@x", "looks_like_a_formula"),
    ],
)
def test_what_nobody_can_see_or_a_sheet_would_run_is_named(text, found):
    assert name_of(text_fault(text)) == found


def test_a_note_may_have_lines():
    assert text_fault("gate 40#\nthen left", lines=True) is None


@pytest.mark.parametrize("code", ["N-07", "a", "A.1/b_c", "x" * 40])
def test_codes_are_plain(code):
    assert code_fault(code) is None


@pytest.mark.parametrize("code", ["", "N 7", "-a", "a-", "é", "٣", "x" * 41, "a\n"])
def test_other_codes_are_not(code):
    assert name_of(code_fault(code)) == "code_malformed"


@pytest.mark.parametrize(
    ("phone", "good"), [("+1 (614) 555-0100", True), ("6145550100", True), ("٦١٤٥٥٥٠", False), ("12", False)]
)
def test_telephone_numbers_are_plain_digits(phone, good):
    assert (phone_fault(phone) is None) is good

"""Random assays: unforeseeable beforehand, checkable afterwards."""

import secrets
from hashlib import sha256
from uuid import UUID

import pytest

from dispatch.custody.signals.rules.assaying import judged
from dispatch.custody.signals.rules.drawing import commitment_of, is_drawn, ticket_of, wrongly_drawn

SEED = sha256(b"a week").digest()
RESIDUALS = {UUID(int=number): sha256(bytes([number])).digest() for number in range(200)}


def drawn(rate):
    return [key for key, digest in RESIDUALS.items() if is_drawn(ticket_of(SEED, digest), rate)]


def test_a_ticket_wins_as_often_as_the_rate_says():
    hashes = [sha256(number.to_bytes(4)).digest() for number in range(20_000)]
    won = sum(is_drawn(ticket_of(SEED, digest), 100) for digest in hashes)
    assert 1850 < won < 2150


def test_a_rate_of_nothing_draws_nothing_and_of_all_draws_all():
    assert drawn(0) == []
    assert len(drawn(1000)) == len(RESIDUALS)


def test_without_the_seed_nobody_can_tell():
    other = secrets.token_bytes(32)
    guess = {key for key, digest in RESIDUALS.items() if is_drawn(ticket_of(other, digest), 500)}
    assert len(guess & set(drawn(500))) < 0.7 * len(drawn(500))


def test_what_was_drawn_as_the_seed_says_is_in_order():
    assert wrongly_drawn(SEED, commitment_of(SEED), 100, RESIDUALS, drawn(100)) == ()


def test_one_that_was_spared_is_named():
    spared = drawn(100)[0]
    wrong = wrongly_drawn(SEED, commitment_of(SEED), 100, RESIDUALS, drawn(100)[1:])
    assert wrong == (f"Event {spared} should have been drawn and was not.",)


def test_one_that_was_picked_by_hand_is_named():
    picked = next(key for key in RESIDUALS if key not in drawn(100))
    wrong = wrongly_drawn(SEED, commitment_of(SEED), 100, RESIDUALS, [*drawn(100), picked])
    assert wrong == (f"Event {picked} was drawn and should not have been.",)


def test_another_seed_than_was_committed_to_is_noticed():
    wrong = wrongly_drawn(SEED, commitment_of(b"x" * 32), 100, RESIDUALS, drawn(100))
    assert wrong == ("The seed is not the one that was committed to.",)


@pytest.mark.parametrize(
    ("measured", "volume", "diluted", "codes"),
    [
        (50_000, 1_200, False, ()),
        (45_000, 1_333, False, ()),
        (44_999, 1_334, False, ("assay_concentration",)),
        (0, 1_200, False, ("assay_concentration", "assay_amount")),  # saline
        (25_000, 1_200, False, ("assay_concentration", "assay_amount")),  # half drawn off, filled up
        (25_000, 2_400, False, ("assay_concentration",)),  # only watered
        (50_000, 900, False, ("assay_amount",)),  # only drawn off
        (600, 100_000, True, ()),  # the rest of a bag
        (300, 100_000, True, ("assay_amount",)),
    ],
)
def test_saline_dilution_and_a_missing_part_each_show(measured, volume, diluted, codes):
    verdict = judged(measured, volume, 50_000, 60_000, 10, diluted)
    assert verdict.codes == codes
    assert verdict.found_ug == measured * volume // 1000

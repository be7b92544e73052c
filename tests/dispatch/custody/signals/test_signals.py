"""Each signal asks about the one nurse who is unlike the others, in words that accuse nobody."""

from dataclasses import replace
from datetime import timedelta

import pytest

from dispatch.custody.signals.model import Rule, within
from dispatch.custody.signals.rules import SIGNALS, questions
from tests.builders.signals import BEGIN, FRIEND, LIMITS, MG, NURSES, ODD, calm_books, with_odd_uses

BLAME = ("divert", "theft", "thief", "stole", "steal", "suspect", "guilty", "fraud", "fault", "abuse")


def every_other(rows, twist):
    """Let every other row of the odd nurse be otherwise."""
    number, found = 0, []
    for row in rows:
        number += row.nurse == ODD
        found.append(twist(row) if row.nurse == ODD and number % 2 else row)
    return tuple(found)


def planted(rule, books):
    """Make one nurse unlike the others in the one thing that a signal looks at."""
    use_twists = {
        Rule.WASTE_RATIO: lambda use: replace(use, given_ug=20 * MG, wasted_ug=80 * MG, ordered_ug=20 * MG),
        Rule.SLOW_TO_GIVE: lambda use: replace(use, given_at=use.opened_at + timedelta(minutes=40)),
        Rule.WASTE_PAIR: lambda use: replace(use, witness=FRIEND),
        Rule.DRAWN_ABOVE_ORDER: lambda use: replace(use, drawn_ug=50 * MG),
        Rule.GIVEN_BELOW_ORDER: lambda use: replace(use, given_ug=30 * MG),
        Rule.WEAK_WITNESS: lambda use: replace(use, witness=None, weak=True),
    }
    if rule in use_twists:
        return with_odd_uses(books, use_twists[rule])
    if rule is Rule.OFF_SHIFT:
        return replace(books, accesses=every_other(books.accesses, lambda row: replace(row, on_shift=False)))
    if rule is Rule.LATE_ENTRY:
        return replace(books, accesses=every_other(books.accesses, lambda row: replace(row, late=True)))
    if rule is Rule.COUNT_VARIANCE:
        return replace(books, counts=every_other(books.counts, lambda row: replace(row, variance_units=-1)))
    if rule is Rule.VIALS_SPOILT:
        return replace(books, taken=every_other(books.taken, lambda row: replace(row, spoilt=True)))
    return replace(
        planted(Rule.OFF_SHIFT, planted(Rule.LATE_ENTRY, planted(Rule.COUNT_VARIANCE, books))),
        uses=planted(Rule.WEAK_WITNESS, books).uses,
    )


def test_nothing_is_asked_where_all_are_alike():
    assert questions(calm_books(), LIMITS) == []


@pytest.mark.parametrize("rule", list(Rule))
def test_a_signal_asks_about_the_one_who_is_unlike(rule):
    (question,) = SIGNALS[rule](planted(rule, calm_books()), LIMITS)
    assert question.rule is rule
    assert question.subject == ODD
    assert len(question.evidence) >= LIMITS.least_hits


@pytest.mark.parametrize("rule", list(Rule))
def test_a_signal_is_a_question_that_accuses_nobody(rule):
    (question,) = SIGNALS[rule](planted(rule, calm_books()), LIMITS)
    assert question.text.startswith("Is there a reason why ")
    assert question.text.endswith("?")
    assert "N-01" in question.text
    said = " ".join((question.text, *(word for line in question.arithmetic for word in line))).lower()
    assert not [word for word in BLAME if word in said]


@pytest.mark.parametrize("rule", list(Rule))
def test_the_arithmetic_shows_figures_peers_and_policy(rule):
    (question,) = SIGNALS[rule](planted(rule, calm_books()), LIMITS)
    lines = dict(question.arithmetic)
    assert "asked from (policy custody.signals)" in lines
    assert all(what and figure for what, figure in question.arithmetic)
    if rule not in {Rule.PEER_DISTANCE, Rule.WASTE_PAIR}:
        assert "the 11 other nurses together" in lines
        assert "95 % interval of that share (Wilson)" in lines


@pytest.mark.parametrize("rule", list(Rule))
def test_few_observations_are_no_reason_to_ask(rule):
    few = within(planted(rule, calm_books()), BEGIN, BEGIN + timedelta(days=20))
    assert SIGNALS[rule](few, LIMITS) == []


@pytest.mark.parametrize("rule", [rule for rule in Rule if rule is not Rule.WASTE_PAIR])
def test_without_peers_nobody_is_asked(rule):
    books = planted(rule, calm_books())
    alone = replace(
        books,
        **{
            name: tuple(row for row in getattr(books, name) if row.nurse in NURSES[:4])
            for name in ("uses", "accesses", "taken", "counts")
        },
    )
    assert SIGNALS[rule](alone, LIMITS) == []


def test_a_pair_is_worded_with_what_is_expected_and_the_number_of_events():
    (question,) = SIGNALS[Rule.WASTE_PAIR](planted(Rule.WASTE_PAIR, calm_books()), LIMITS)
    assert question.text == (
        "Is there a reason why 55 % of N-01's waste was witnessed by N-02 (expected about 9.0 %, 22 events)?"
    )
    assert question.other == FRIEND


def test_everybodys_witness_is_nobodys_friend():
    """An office nurse who signs for all is expected to sign for this one, too."""
    books = calm_books()
    uses = [
        replace(use, witness=FRIEND) if number % 2 and use.nurse != FRIEND else use
        for number, use in enumerate(books.uses)
    ]
    assert SIGNALS[Rule.WASTE_PAIR](replace(books, uses=tuple(uses)), LIMITS) == []


def test_who_alone_was_at_work_is_no_coincidence():
    """At the odd nurse's wastes only one other was on duty: that she signed needs no explanation."""
    books = planted(Rule.WASTE_PAIR, calm_books())
    hers = {use.opened_at.date() for use in books.uses if use.nurse == ODD and use.witness == FRIEND}
    duties = [
        duty for duty in books.duties if duty.person in (ODD, FRIEND) or duty.begins_at.date() not in hers
    ]
    uses = [use for use in books.uses if use.nurse == ODD or use.opened_at.date() not in hers]
    alone = replace(books, duties=tuple(duties), uses=tuple(uses))
    limits = replace(LIMITS, least_observations=10)
    assert SIGNALS[Rule.WASTE_PAIR](alone, limits) == []


def test_a_vial_without_an_ordered_dose_is_not_compared_with_it():
    books = with_odd_uses(calm_books(), lambda use: replace(use, drawn_ug=90 * MG, ordered_ug=None))
    assert SIGNALS[Rule.DRAWN_ABOVE_ORDER](books, LIMITS) == []

"""The bytes that are signed: one content, one form; nothing inexact, no patient."""

import json
from datetime import UTC, date, datetime, timedelta, timezone
from hashlib import sha256
from typing import Any
from uuid import UUID

import pytest
import rfc8785
from hypothesis import given as given_of
from hypothesis import settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.custody.canonical import canonical_bytes, commitment, plain, stated_bytes
from dispatch.custody.model import EventKind
from dispatch.custody.records import EventRow
from dispatch.custody.sentences import SENTENCES, reason
from dispatch.custody.states import TRANSITIONS
from tests.builders.custody import EXPIRED, Scene, a_draw, a_waste, given, wasted


def test_canonical_json_is_sorted_and_tight() -> None:
    assert canonical_bytes({"b": 1, "a": [True, None, "x"]}) == b'{"a":[true,null,"x"],"b":1}'


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
CONTENT = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**53) + 1, 2**53 - 1), st.just(10**15), TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXTS, inner, max_size=4)),
    max_leaves=12,
)


@given_of(st.dictionaries(TEXTS, CONTENT, max_size=6))
@settings(max_examples=300, deadline=None, derandomize=True)
def test_the_fast_way_writes_what_the_library_writes(content: dict[str, Any]) -> None:
    assert canonical_bytes(content) == rfc8785.dumps(plain(content))


@pytest.mark.parametrize("number", [2**53, -(2**53), 10**16, 10**30])
def test_a_number_that_not_every_reader_keeps_is_refused(number: int) -> None:
    with pytest.raises(rfc8785.IntegerDomainError):
        canonical_bytes({"ug": number})


def test_a_key_is_a_text() -> None:
    with pytest.raises(TypeError):
        canonical_bytes({1: "one"})


def test_one_text_in_two_unicode_forms_has_the_same_bytes() -> None:
    assert canonical_bytes({"n": "e\u0301"}) == canonical_bytes({"n": "\u00e9"})


def test_an_instant_has_one_form_in_every_zone() -> None:
    at = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
    assert canonical_bytes({"at": at.astimezone(timezone(timedelta(hours=-5)))}) == canonical_bytes(
        {"at": at}
    )


def test_dates_ids_and_bytes_are_text() -> None:
    told = canonical_bytes({"d": date(2026, 1, 2), "i": UUID(int=1), "b": b"\x01"})
    assert json.loads(told) == {"d": "2026-01-02", "i": str(UUID(int=1)), "b": "01"}


def test_a_float_has_no_place_in_the_ledger() -> None:
    with pytest.raises(TypeError):
        canonical_bytes({"ug": 1.5})


def test_what_the_server_adds_is_no_part_of_what_was_stated(session: Session) -> None:
    scene = given(session)
    first = a_waste(scene, 1)
    scene.clock.advance(timedelta(minutes=1))
    again = a_waste(scene, 1, event_id=first.event_id, standing=EXPIRED)
    account = scene.nurse.account_id
    assert stated_bytes("wasted", account, first) == stated_bytes("wasted", account, again)


def test_the_witness_is_part_of_what_was_stated(session: Session) -> None:
    scene = given(session)
    first = a_waste(scene, 1)
    alone = a_waste(scene, 1, event_id=first.event_id, witness=None)
    account = scene.nurse.account_id
    assert stated_bytes("wasted", account, first) != stated_bytes("wasted", account, alone)


def test_the_kind_is_part_of_what_was_stated(session: Session) -> None:
    scene = given(session)
    command = a_draw(scene)
    assert stated_bytes("drawn", UUID(int=1), command) != stated_bytes("wasted", UUID(int=1), command)


def told(session: Session, scene: Scene) -> list[EventRow]:
    return list(session.scalars(select(EventRow).where(EventRow.container_id == scene.vial)))


def test_every_stored_hash_is_that_of_the_stored_bytes(session: Session) -> None:
    scene = wasted(session)
    assert all(row.event_hash == sha256(row.canonical).digest() for row in told(session, scene))


def test_the_signed_bytes_tell_the_whole_event(session: Session) -> None:
    scene = wasted(session)
    row = max(told(session, scene), key=lambda each: each.sequence)
    content = json.loads(row.canonical)
    assert content["sequence"] == 6
    assert content["amount_ug"] == row.amount_ug
    assert sum(amount for _account, amount in content["postings"]) == 0
    assert [signer["role"] for signer in content["signers"]] == ["actor", "witness"]
    assert content["actor_account_id"] == str(scene.nurse.account_id)


def test_the_signed_bytes_hide_the_visit_behind_a_salted_commitment(session: Session) -> None:
    scene = wasted(session)
    for row in told(session, scene):
        assert str(scene.visit_id).encode() not in row.canonical
        if row.visit_id is not None:
            content = json.loads(row.canonical)
            assert content["visit_commitment"] == commitment(row.visit_salt, scene.visit_id)


def test_every_kind_of_event_has_its_transition() -> None:
    assert set(TRANSITIONS) == set(EventKind)


def test_every_sentence_can_be_said() -> None:
    for code in SENTENCES:
        assert reason(code, serial="7F0", amount="1.000").text

"""What somebody typed: not in the signed bytes, but held to them; and events of before, which told it."""

import json

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.custody import ledger, service
from dispatch.custody.canonical import canonical_bytes, digest, text_commitment
from dispatch.custody.ledger import COMMITTED
from dispatch.custody.records import EventRow
from tests.builders.bundles import a_bundle, a_checkpoint, altered, faults, said
from tests.builders.custody import MG, Scene, a_waste, given

EVENTS = "custody_event"
TYPED = "Mrs Marked's cat broke it"


def wasted_with_words(session: Session) -> Scene:
    scene = given(session)
    service.waste_residual(session, a_waste(scene, MG, reason=TYPED), scene.nurse, scene.clock)
    session.commit()
    return scene


def newest(session: Session) -> EventRow:
    return session.scalars(select(EventRow).order_by(EventRow.sequence.desc()).limit(1)).one()


def as_told_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let events be written in form 2: texts as typed, no salt."""
    now = ledger._header

    def before(*of):
        header = now(*of)
        told = json.loads(header["canonical"])
        told = {name: told[name] for name in told if name not in {f"{each}_commitment" for each in COMMITTED}}
        canonical = canonical_bytes(told | {"v": 2} | {name: header[name] for name in COMMITTED})
        return header | {"text_salt": None, "canonical": canonical, "event_hash": digest(canonical)}

    monkeypatch.setattr(ledger, "_header", before)


def test_a_leaf_does_not_tell_what_was_typed(session: Session) -> None:
    wasted_with_words(session)
    row = newest(session)
    assert (row.reason, TYPED.encode() in row.canonical) == (TYPED, False)
    told = json.loads(row.canonical)
    assert told["reason_commitment"] == text_commitment(row.text_salt, "reason", TYPED)
    assert row.text_salt.hex().encode() not in row.canonical
    # The hash over what was said would confirm a guess.
    assert row.body_hash.hex().encode() not in row.canonical


def checked(session: Session, scene: Scene) -> dict[str, bytes]:
    """A bundle in which nothing is wrong."""
    a_checkpoint(session, scene.clock.now())
    files = a_bundle(session, scene.clock.now())
    assert faults(files) == []
    return files


@pytest.mark.parametrize(
    ("column", "other"), [("reason", "It fell."), ("override_reason", "So what"), ("text_salt", "00" * 16)]
)
def test_an_edited_text_contradicts_its_leaf(session: Session, column: str, other: str) -> None:
    files = checked(session, wasted_with_words(session))
    edited = altered(files, EVENTS, lambda row: row | {column: other} if row["reason"] == TYPED else row)
    assert "is not the one in the signed bytes" in said(edited)


@pytest.mark.parametrize(("column", "other"), [("reason", "It fell."), ("text_salt", "00" * 16)])
def test_events_of_before_stay_valid_beside_new_ones(session: Session, monkeypatch, column, other) -> None:
    with monkeypatch.context() as before:
        as_told_before(before)
        scene = wasted_with_words(session)
    assert TYPED.encode() in newest(session).canonical
    service.waste_residual(session, a_waste(scene, MG, reason="The rest"), scene.nurse, scene.clock)
    session.commit()
    files = checked(session, scene)
    edited = altered(files, EVENTS, lambda row: row | {column: other} if row["reason"] == TYPED else row)
    assert said(edited)

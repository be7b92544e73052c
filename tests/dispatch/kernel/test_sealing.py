import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session

from dispatch.kernel.row import Identified, Row
from dispatch.kernel.sealing import Keyring, SealBroken, SealedText

OLD, NEW = b"o" * 32, b"n" * 32
INDEX = b"i" * 32


class Letter(Identified, Row):
    __tablename__ = "test_letter"
    body = SealedText()
    body_sealed: Mapped[bytes | None]


Row.metadata.remove(Letter.__table__)  # not one of Housecall's own tables


@pytest.fixture
def letters():
    engine = sa.create_engine("sqlite://")
    with engine.begin() as connection:
        Letter.__table__.create(connection)
    ring = Keyring({1: OLD}, 1, INDEX)
    with Session(engine, info={"keyring": ring}) as session:
        yield session


def write(session, *bodies):
    rows = [Letter(body=body) for body in bodies]
    session.add_all(rows)
    session.commit()
    return [row.id for row in rows]


def test_what_was_sealed_opens_again(letters):
    (letter,) = write(letters, "meet at noon ✓")
    letters.expire_all()
    assert letters.get(Letter, letter).body == "meet at noon ✓"


def test_the_database_never_sees_the_text(letters):
    write(letters, "meet at noon")
    assert b"noon" not in letters.execute(sa.text("SELECT body_sealed FROM test_letter")).scalar()


def test_a_value_moved_to_another_row_does_not_open(letters):
    first, second = write(letters, "one", "two")
    copied = letters.execute(
        sa.text("SELECT body_sealed FROM test_letter WHERE id = :i"), {"i": first.hex}
    ).scalar()
    letters.execute(
        sa.text("UPDATE test_letter SET body_sealed = :b WHERE id = :i"), {"b": copied, "i": second.hex}
    )
    letters.commit()
    with pytest.raises(SealBroken):
        _ = letters.get(Letter, second).body


def test_a_flipped_bit_does_not_open(letters):
    (letter,) = write(letters, "one")
    sealed = bytearray(letters.get(Letter, letter).body_sealed)
    sealed[-1] ^= 1
    letters.execute(sa.text("UPDATE test_letter SET body_sealed = :b"), {"b": bytes(sealed)})
    letters.commit()
    with pytest.raises(SealBroken):
        _ = letters.get(Letter, letter).body


def test_keys_rotate(letters):
    (letter,) = write(letters, "old")
    letters.info["keyring"] = Keyring({1: OLD, 2: NEW}, 2, INDEX)
    letters.expire_all()
    row = letters.get(Letter, letter)
    assert row.body == "old"
    row.body = "new"
    letters.commit()
    assert row.body_sealed[0] == 2
    letters.info["keyring"] = Keyring({2: NEW}, 2, INDEX)
    letters.expire_all()
    assert letters.get(Letter, letter).body == "new"


def test_an_emptied_field_is_empty(letters):
    (letter,) = write(letters, "one")
    letters.get(Letter, letter).body = None
    letters.commit()
    letters.expire_all()
    assert letters.get(Letter, letter).body is None


def test_without_a_keyring_nothing_is_written(letters):
    del letters.info["keyring"]
    letters.add(Letter(body="one"))
    with pytest.raises(RuntimeError, match="keyring"):
        letters.flush()


def test_the_blind_index_depends_on_its_purpose():
    ring = Keyring({1: OLD}, 1, INDEX)
    assert ring.blind_index("ann", "patient.name") == ring.blind_index("ann", "patient.name")
    assert ring.blind_index("ann", "patient.name") != ring.blind_index("ann", "patient.phone")

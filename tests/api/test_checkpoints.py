"""Checkpoints from signing to the witness and the authority, over real HTTP on the loopback; and by API."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from api.checkpoints import Outside, Publisher, publisher
from api.outgoing import NoAnswer, outgoing_url, post
from api.settings import DEMO_LOG_KEY, SettingsInvalid, read_settings
from api.witness import Witness, make_folder, server
from dispatch.custody.log import queries, service, tree
from dispatch.custody.log.anchoring import Anchor
from dispatch.custody.log.checkpoint import Checkpoint
from dispatch.custody.log.note import Note, Signer, decoded
from dispatch.custody.log.records import AnchorRow, LeafRow
from dispatch.custody.log.timestamps import stamped_at
from dispatch.kernel.actor import Role
from dispatch.kernel.clock import SetClock
from dispatch.kernel.ids import new_id
from dispatch.kernel.sealing import Keyring
from dispatch.kernel.storage import transaction
from tests.builders.log import LOG_KEY, NEXT_KEY, published
from tests.builders.loopback import answering, serving
from tests.builders.tsa import an_authority
from tests.builders.web import a_person, a_phone


@pytest.fixture
def witness(tmp_path: Path, clock: SetClock) -> Witness:
    make_folder(tmp_path / "witness", "witness.example/w1")
    found = Witness(tmp_path / "witness", clock)
    found.trust(LOG_KEY.verifier)
    return found


def grow(engine: Engine, keyring: Keyring, number: int = 3) -> None:
    with transaction(engine, keyring) as session:
        for _ in range(number):
            service.append(session, "count", new_id(), new_id().bytes)


def a_publisher(
    engine: Engine, keyring: Keyring, clock: SetClock, *outside: Outside, **more: Any
) -> Publisher:
    return Publisher(engine, keyring, clock, (LOG_KEY,), every=timedelta(minutes=5), outside=outside, **more)


def a_witness_at(witness: Witness, url: str) -> Outside:
    verifier = witness.signer.verifier
    return Outside(Anchor(name=str(verifier), verifier=verifier), url)


def standing(engine: Engine) -> queries.LogStanding:
    with Session(engine) as session:
        return queries.standing(session)


def test_checkpoints_are_signed_and_cosigned_as_the_log_grows(
    engine: Engine, keyring: Keyring, clock: SetClock, witness: Witness
) -> None:
    with serving(server(witness, "127.0.0.1", 0)) as url:
        publishes = a_publisher(engine, keyring, clock, a_witness_at(witness, url))
        publishes.look()
        assert standing(engine).checkpoint is None
        for each in range(1, 4):
            grow(engine, keyring, each)
            publishes.look()
            found = standing(engine)
            assert found.troubles == ()
            assert found.checkpoint.number == each
            assert found.checkpoint.cosigned == (("witness.example/w1", clock.now()),)
            note = Note.read(found.checkpoint.note)
            both = (LOG_KEY.verifier, witness.signer.verifier)
            assert note.signed_by(both) == both
            publishes.look()
            assert standing(engine).checkpoint.number == each
            clock.advance(timedelta(minutes=5))
    kept = witness.kept(LOG_KEY.name)
    assert Checkpoint.read(kept.text).size == 6


def test_a_witness_that_has_more_is_caught_up_with(
    engine: Engine, keyring: Keyring, clock: SetClock, witness: Witness
) -> None:
    """Our note of what the witness has was lost: its 409 says it, and the next try begins there."""
    with serving(server(witness, "127.0.0.1", 0)) as url:
        outside = a_witness_at(witness, url)
        grow(engine, keyring)
        a_publisher(engine, keyring, clock, outside).look()
        with transaction(engine, keyring) as session:
            session.get_one(AnchorRow, outside.anchor.name).known_size = 0
        grow(engine, keyring)
        clock.advance(timedelta(minutes=5))
        a_publisher(engine, keyring, clock, outside).look()
        assert standing(engine).checkpoint.cosigned


def test_a_witness_that_saw_a_longer_log_is_a_trouble_that_shows(
    engine: Engine, keyring: Keyring, clock: SetClock, witness: Witness
) -> None:
    longer = Checkpoint(LOG_KEY.name, 9, bytes(32)).signed(LOG_KEY)
    assert witness.add_checkpoint(f"old 0\n\n{longer}".encode())[0] == 200
    with serving(server(witness, "127.0.0.1", 0)) as url:
        grow(engine, keyring)
        a_publisher(engine, keyring, clock, a_witness_at(witness, url)).look()
    assert standing(engine).troubles == (("witness.example/w1", "witness_saw_more_leaves:9"),)
    assert standing(engine).checkpoint.cosigned == ()


@pytest.mark.parametrize(
    ("status", "body", "trouble"),
    [
        (200, b"", "cosignature_does_not_hold"),
        (200, b"\xff\xfe", "cosignature_does_not_hold"),
        (200, "— witness.example/w1 AAAAAAAA\n".encode(), "cosignature_does_not_hold"),
        (409, b"many\n", "answer_malformed"),
        (409, b"0\n", "refused_409"),
        (422, b"no\n", "refused_422"),
        (500, b"", "refused_500"),
        (302, b"", "redirected"),
        (200, b"x" * 200_000, "answer_too_long"),
    ],
)
def test_a_witness_that_answers_badly_is_asked_again_later(
    engine: Engine,
    keyring: Keyring,
    clock: SetClock,
    witness: Witness,
    status: int,
    body: bytes,
    trouble: str,
) -> None:
    asked = []

    def answer(sent: bytes) -> tuple[int, bytes]:
        asked.append(sent)
        return status, body

    grow(engine, keyring)
    with serving(answering(answer, Location="http://127.0.0.1:1/")) as url:
        publishes = a_publisher(engine, keyring, clock, a_witness_at(witness, url))
        for _ in range(3):
            publishes.look()
        assert len(asked) == 1
        assert standing(engine).troubles == (("witness.example/w1", trouble),)
        clock.advance(timedelta(seconds=31))
        publishes.look()
        assert len(asked) == 2


def test_a_witness_who_is_away_holds_nothing_up(
    engine: Engine, keyring: Keyring, clock: SetClock, witness: Witness
) -> None:
    grow(engine, keyring)
    publishes = a_publisher(engine, keyring, clock, a_witness_at(witness, "http://127.0.0.1:9/"))
    publishes.look()
    assert standing(engine).troubles == (("witness.example/w1", "unreachable"),)
    assert standing(engine).checkpoint.number == 1


def test_a_checkpoint_is_time_stamped(engine: Engine, keyring: Keyring, clock: SetClock) -> None:
    authority = an_authority(clock.now())
    grow(engine, keyring)
    with serving(answering(lambda sent: (200, authority.stamp(sent)))) as url:
        stamps = Outside(Anchor(name=url, verifier=None), url)
        a_publisher(engine, keyring, clock, stamps, roots=(authority.root,)).look()
    found = standing(engine).checkpoint
    (name, at, response) = found.timestamps[0]
    assert (name, at) == (url, clock.now())
    assert stamped_at(response, found.signed_note, [authority.root]) == clock.now()


def test_a_stamp_that_does_not_hold_is_not_kept(engine: Engine, keyring: Keyring, clock: SetClock) -> None:
    authority, another = an_authority(clock.now()), an_authority(clock.now())
    grow(engine, keyring)
    with serving(answering(lambda sent: (200, another.stamp(sent)))) as url:
        stamps = Outside(Anchor(name=url, verifier=None), url)
        a_publisher(engine, keyring, clock, stamps, roots=(authority.root,)).look()
    assert standing(engine).checkpoint.timestamps == ()
    assert standing(engine).troubles == ((url, "timestamp_does_not_hold"),)


def test_a_log_that_contradicts_itself_is_not_signed_and_shows(
    engine: Engine, keyring: Keyring, clock: SetClock
) -> None:
    grow(engine, keyring)
    stranger = Publisher(engine, keyring, clock, (NEXT_KEY,), every=timedelta(minutes=5))
    a_publisher(engine, keyring, clock).look()
    stranger.look()
    assert standing(engine).troubles == (("log", "log_key_not_handed_over"),)
    grow(engine, keyring)
    clock.advance(timedelta(minutes=5))
    a_publisher(engine, keyring, clock).look()
    assert standing(engine).troubles == ()


# The witness's own answers.


def ask(witness: Witness, old: int, checkpoint: Checkpoint, key: Signer = LOG_KEY) -> int:
    return witness.add_checkpoint(f"old {old}\n\n{checkpoint.signed(key)}".encode())[0]


def test_the_witness_answers_as_the_protocol_says(witness: Witness) -> None:
    first = Checkpoint(LOG_KEY.name, 1, tree.leaf_hash(b"1"))
    assert ask(witness, 0, Checkpoint("other.example/log", 1, bytes(32))) == 404
    assert ask(witness, 0, first, NEXT_KEY) == 403
    assert ask(witness, 2, first) == 400
    assert ask(witness, 0, Checkpoint(LOG_KEY.name, 0, bytes(32))) == 422
    assert ask(witness, 0, first) == 200
    assert ask(witness, 0, first) == 409
    assert ask(witness, 1, first) == 200
    assert ask(witness, 1, Checkpoint(LOG_KEY.name, 1, bytes(32))) == 422
    assert ask(witness, 1, Checkpoint(LOG_KEY.name, 2, bytes(32))) == 422
    assert witness.add_checkpoint(b"old 0\n\n")[0] == 400
    assert witness.add_checkpoint(b"\xff")[0] == 400
    assert witness.add_checkpoint(b"old 01\n\n" + str(first.signed(LOG_KEY)).encode())[0] == 400
    assert witness.add_checkpoint(b"old 0\n" + b"AAAA\n" * 64 + b"\n" + b"x")[0] == 400


def test_a_conflict_tells_the_size(witness: Witness) -> None:
    ask(witness, 0, Checkpoint(LOG_KEY.name, 1, tree.leaf_hash(b"1")))
    body = f"old 0\n\n{Checkpoint(LOG_KEY.name, 1, tree.leaf_hash(b'1')).signed(LOG_KEY)}".encode()
    assert witness.add_checkpoint(body) == (409, "text/x.tlog.size", "1\n")


def test_what_was_cosigned_outlives_the_witness_process(witness: Witness, clock: SetClock) -> None:
    first = Checkpoint(LOG_KEY.name, 1, tree.leaf_hash(b"1"))
    ask(witness, 0, first)
    again = Witness(witness.folder, clock)
    assert again.signer == witness.signer
    assert again.kept(LOG_KEY.name).signed_by([again.signer.verifier])
    assert ask(again, 0, first) == 409


def test_a_witness_serves_its_newest_checkpoint_and_nothing_else(witness: Witness) -> None:
    import urllib.error
    import urllib.request
    from hashlib import sha256

    ask(witness, 0, Checkpoint(LOG_KEY.name, 1, tree.leaf_hash(b"1")))
    with serving(server(witness, "127.0.0.1", 0)) as url:
        path = f"{sha256(LOG_KEY.name.encode()).hexdigest()}/checkpoint"
        with urllib.request.urlopen(url + path) as answer:
            assert Note.read(answer.read().decode()).signed_by([witness.signer.verifier])
        for wrong in ("", "witness.key", "../witness.key", "0" * 64 + "/checkpoint"):
            with pytest.raises(urllib.error.HTTPError, match="404"):
                urllib.request.urlopen(url + wrong)
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(url + "else", data=b"x")


def test_one_process_serves_a_witness(witness: Witness, clock: SetClock) -> None:
    witness.hold()
    with pytest.raises(BlockingIOError):
        Witness(witness.folder, clock).hold()


def test_a_witnesss_key_is_never_replaced(witness: Witness) -> None:
    with pytest.raises(FileExistsError):
        make_folder(witness.folder, "witness.example/w1")
    assert (witness.folder / "witness.key").stat().st_mode & 0o077 == 0


# Outgoing URLs and settings.


@pytest.mark.parametrize(
    "url",
    [
        "http://witness.example/", "ftp://witness.example/", "https://u:p@witness.example/", "https://",
        "https://witness.example/?q=1", "https://witness.example/#a", "https://witness.example:99999/",
        "https://w\n.example/", "file:///etc/passwd", "",
    ],
)  # fmt: skip
def test_a_url_that_may_not_be_posted_to_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"URL|https"):
        outgoing_url(url)


def test_no_redirect_is_followed() -> None:
    leads_away = answering(lambda _: (307, b""), Location="http://127.0.0.1:1/")
    with serving(leads_away) as url, pytest.raises(NoAnswer, match="redirected"):
        post(url, b"", "text/plain")


OWN = {
    "HOUSECALL_SECRET_KEY": "s" * 32,
    "HOUSECALL_SEALING_KEYS": "1:a2V5IG9mIHRlc3RzLCAzMiBieXRlcyBsb25nIGtleSE=",
    "HOUSECALL_INDEX_KEY": "a2V5IG9mIHRlc3RzLCAzMiBieXRlcyBsb25nIGtleSE=",
}


def test_keys_are_read_from_the_environment_or_a_file(tmp_path: Path) -> None:
    both = f"{LOG_KEY.written()},{NEXT_KEY.written()}"
    (tmp_path / "keys").write_text(both.replace(",", "\n") + "\n")
    assert read_settings(OWN | {"HOUSECALL_LOG_KEYS": both}, tmp_path).log_keys == both
    assert read_settings(OWN | {"HOUSECALL_LOG_KEYS": str(tmp_path / "keys")}, tmp_path).log_keys == both


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LOG_KEYS", DEMO_LOG_KEY),
        ("LOG_KEYS", LOG_KEY.written()[:-3]),
        ("LOG_KEYS", "no-such-file"),
        ("LOG_KEYS", f"{LOG_KEY.written()},{Signer('other.example/log', 1, b'o' * 32).written()}"),
        ("WITNESSES", "witness.example"),
        ("WITNESSES", f"{LOG_KEY.verifier} https://witness.example/"),
        ("TIMESTAMP_URL", "http://stamps.example/"),
        ("TIMESTAMP_URL", "https://stamps.example/"),
        ("TIMESTAMP_ROOTS", "no-such-file"),
        ("CHECKPOINT_MINUTES", "0"),
    ],
)
def test_a_bad_log_setting_is_refused_by_name_without_its_value(
    name: str, value: str, tmp_path: Path
) -> None:
    with pytest.raises(SettingsInvalid) as wrong:
        read_settings(OWN | {f"HOUSECALL_{name}": value}, tmp_path)
    assert f"HOUSECALL_{name}" in str(wrong.value)
    assert "PRIVATE+KEY" not in str(wrong.value)


def test_without_a_key_checkpoints_are_off(engine: Engine, clock: SetClock, tmp_path: Path) -> None:
    assert publisher(read_settings(OWN, tmp_path), engine, clock) is None


def test_the_demo_has_its_own_key(engine: Engine, clock: SetClock, tmp_path: Path) -> None:
    found = publisher(read_settings({"HOUSECALL_DEMO": "1"}, tmp_path), engine, clock)
    assert found is not None
    assert [each.written() for each in found.signers] == [DEMO_LOG_KEY]


# The API.


def test_the_newest_checkpoint_is_public_text(
    app: Any, engine: Engine, keyring: Keyring, clock: SetClock
) -> None:
    anybody = app.test_client()
    assert anybody.get("/api/v1/custody/log/checkpoint").status_code == 404
    grow(engine, keyring)
    with transaction(engine, keyring) as session:
        published(session, clock)
    answer = anybody.get("/api/v1/custody/log/checkpoint")
    assert (answer.status_code, answer.mimetype) == (200, "text/plain")
    assert Note.read(answer.text).signed_by([LOG_KEY.verifier])
    assert anybody.get("/api/v1/custody/log/checkpoint/1").text == answer.text
    for number in ("2", "9" * 30):
        assert anybody.get(f"/api/v1/custody/log/checkpoint/{number}").status_code == 404
    assert anybody.get("/api/v1/custody/log/keys").json[0]["verifier"] == str(LOG_KEY.verifier)


def test_proofs_by_api_hold(app: Any, engine: Engine, keyring: Keyring, clock: SetClock) -> None:
    grow(engine, keyring, 9)
    phone = a_phone(app, engine, a_person(app, engine, Role.COMPLIANCE))
    with Session(engine) as session:
        entry = session.scalars(select(LeafRow.entry_id).where(LeafRow.leaf_index == 4)).one()
    said = phone.get(f"/api/v1/custody/log/entries/{entry}/inclusion?kind=count&size=7").json
    proof, root = [decoded(each) for each in said["proof"]], decoded(said["root_hash"])
    assert tree.inclusion_holds(decoded(said["leaf_hash"]), said["leaf_index"], 7, proof, root)
    said = phone.get("/api/v1/custody/log/consistency?from=7").json
    proof = [decoded(each) for each in said["proof"]]
    assert (said["old_size"], said["new_size"]) == (7, 9)
    assert tree.consistency_holds(7, 9, proof, root, decoded(said["new_root"]))


def test_a_proof_that_cannot_be_is_refused(app: Any, engine: Engine, keyring: Keyring) -> None:
    grow(engine, keyring)
    phone = a_phone(app, engine, a_person(app, engine, Role.COMPLIANCE))
    at = "/api/v1/custody/log"
    assert phone.get(f"{at}/entries/{new_id()}/inclusion").status_code == 404
    for query in ("kind=%00", "kind=", "kind=event%0a", "size=-1", "size=1e3", "size=99999999999999999999"):
        assert phone.get(f"{at}/entries/{new_id()}/inclusion?{query}").status_code in {400, 422}, query
    for query in ("from=4", "from=-1", "from=2&to=1", "from=x", "", "from=1&to=99999999999999999999"):
        assert phone.get(f"{at}/consistency?{query}").status_code in {400, 422}


def test_proofs_are_for_compliance(app: Any, engine: Engine) -> None:
    nurse = a_phone(app, engine, a_person(app, engine, Role.DISPATCHER))
    assert nurse.get("/api/v1/custody/log/consistency?from=0").status_code == 403
    assert app.test_client().get("/api/v1/custody/log/consistency?from=0").status_code == 401

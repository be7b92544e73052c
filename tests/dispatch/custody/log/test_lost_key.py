"""A lost key of the log: two people name a new one; what the old one signed stays and is continued."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from dispatch.custody.bundle.verifier import Bundle, account_of
from dispatch.custody.log import queries
from dispatch.custody.log.lost_key import replace_lost_key
from dispatch.custody.log.note import ED25519, Note, Signer
from dispatch.custody.log.publishing import publish_checkpoint
from dispatch.kernel.actor import Role
from dispatch.kernel.refusals import Conflict, Forbidden
from tests.builders.bundles import LOG, a_bundle, altered, faults, said
from tests.builders.custody import Scene, an_actor, wasted
from tests.builders.log import HOURLY

NEW = Signer(LOG.name, ED25519, b"N" * 32)
OTHER_LOG = Signer("other.example/custody", ED25519, b"O" * 32)


@pytest.fixture
def scene(session: Session) -> Scene:
    made = wasted(session)
    publish_checkpoint(session, [LOG], HOURLY, made.clock)
    made.clock.advance(timedelta(minutes=1))
    return made


def two(session: Session, scene: Scene, *roles: Role):
    """The proofs of compliance and of a second approver."""
    other = an_actor(session, scene.clock, "boss", *(roles or (Role.ADMIN,)))
    scene.person_refs[other.account_id] = other.person_ref
    return scene.proof(scene.compliance), scene.proof(other)


def replace(session: Session, scene: Scene, proofs, signers=(NEW,), why="the disk burnt"):
    return replace_lost_key(session, signers, proofs, why, scene.compliance, scene.clock)


def test_two_people_name_a_new_key_and_the_log_goes_on(session: Session, scene: Scene) -> None:
    with pytest.raises(Conflict, match="log_key_not_handed_over"):
        publish_checkpoint(session, [NEW], HOURLY, scene.clock)
    row = replace(session, scene, two(session, scene))
    assert publish_checkpoint(session, [NEW], HOURLY, scene.clock) == 2
    before, after = queries.checkpoints(session)
    assert Note.read(before.note).signed_by([LOG.verifier])
    assert Note.read(after.note).signed_by([NEW.verifier])
    assert str(scene.compliance.account_id) in row.hand_over
    proof = queries.prove_consistency(session, before.size, after.size)
    assert (proof.old_root, proof.new_root) == (before.root_hash, after.root_hash)


def test_a_bundle_says_that_the_key_was_lost_and_is_sound(session: Session, scene: Scene) -> None:
    replace(session, scene, two(session, scene))
    publish_checkpoint(session, [NEW], HOURLY, scene.clock)
    files = a_bundle(session, scene.clock.now())
    assert faults(files) == []
    assert any("declared lost" in line for line in account_of(Bundle.read(files)))
    # Whoever knows the old key only is not content with a checkpoint of the new one.
    assert "a key that you named" in said(files, keys=[str(LOG.verifier)])
    assert faults(files, keys=[str(NEW.verifier)]) == []


@pytest.mark.parametrize(
    "forged",
    [
        lambda note: note.replace("key lost/v1", "key hand-over/v1"),
        lambda note: note.replace(str(LOG.verifier), str(OTHER_LOG.verifier)),
        lambda note: note[:-10] + "AAAAAAAA=\n",
    ],
)
def test_a_forged_declaration_is_named(session: Session, scene: Scene, forged) -> None:
    replace(session, scene, two(session, scene))
    publish_checkpoint(session, [NEW], HOURLY, scene.clock)
    files = a_bundle(session, scene.clock.now())

    def forge(row):
        return row | {"hand_over": forged(row["hand_over"])} if row["hand_over"] else row

    assert "key 2: " in said(altered(files, "custody_log_key", forge))


def test_a_key_that_is_still_there_is_not_lost(session: Session, scene: Scene) -> None:
    with pytest.raises(Conflict, match="log_key_not_lost"):
        replace(session, scene, two(session, scene), signers=(LOG, NEW))


def test_a_key_of_another_log_is_refused(session: Session, scene: Scene) -> None:
    with pytest.raises(Conflict, match="log_key_of_another_log"):
        replace(session, scene, two(session, scene), signers=(OTHER_LOG,))


def test_a_key_that_was_replaced_does_not_come_back(session: Session, scene: Scene) -> None:
    publish_checkpoint(session, [LOG, NEW], HOURLY, scene.clock)
    with pytest.raises(Conflict, match="log_key_was_replaced"):
        replace(session, scene, two(session, scene), signers=(LOG,))


def test_it_is_said_how_the_key_was_lost(session: Session, scene: Scene) -> None:
    with pytest.raises(Conflict, match="reason_missing"):
        replace(session, scene, two(session, scene), why=" ")


@pytest.mark.parametrize(
    ("proofs", "code"),
    [
        (lambda s, own, other: (own, own), "witness_is_actor"),
        (lambda s, own, other: (other, own), "proof_of_another"),
        (lambda s, own, other: (own, s.proof(s.nurse)), "witness_without_authority"),
        (
            lambda s, own, other: (
                s.proof(s.compliance, proved_at=s.clock.now() - timedelta(hours=1)),
                other,
            ),
            "actor_not_fresh",
        ),
    ],
)
def test_two_persons_of_authority_sign_freshly(session: Session, scene: Scene, proofs, code) -> None:
    own, other = two(session, scene)
    with pytest.raises(Forbidden, match=code):
        replace(session, scene, proofs(scene, own, other))
    assert len(queries.keys(session)) == 1

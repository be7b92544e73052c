"""What a witness decides about a checkpoint it is shown (c2sp.org/tlog-witness, add-checkpoint); pure.

A witness is a second party. It keeps, for each log it was told to trust, the last checkpoint it cosigned,
and cosigns another only if that one grew into it. So a log that was cut short or rebuilt finds no second
signature.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from dispatch.custody.log.checkpoint import Checkpoint, read_hash, whole_number
from dispatch.custody.log.note import Malformed, Note, Signer, Untrusted, Verifier, encoded
from dispatch.custody.log.tree import EMPTY_ROOT, consistency_holds

MOST_PROOF_LINES = 63


@dataclass(frozen=True)
class Submission:
    """A checkpoint as it is handed to a witness, with the proof from the one the witness has."""

    old_size: int
    proof: tuple[bytes, ...]
    note: Note

    def __str__(self) -> str:
        lines = (f"old {self.old_size}", *(encoded(each) for each in self.proof))
        return "".join(f"{line}\n" for line in lines) + f"\n{self.note}"

    @classmethod
    def read(cls, body: str) -> "Submission":
        """Read the body of an add-checkpoint request, or raise `Malformed`."""
        head, gap, note = body.partition("\n\n")
        old, *proof = head.split("\n")
        if not gap or not old.startswith("old ") or len(proof) > MOST_PROOF_LINES:
            raise Malformed("write: old SIZE, up to 63 lines of proof, an empty line, the checkpoint")
        return cls(
            whole_number(old.removeprefix("old ")), tuple(read_hash(each) for each in proof), Note.read(note)
        )


@dataclass(frozen=True)
class Verdict:
    """A witness's answer: an HTTP status with what it says, and the checkpoint to keep when it cosigns.

    Attributes
    ----------
    evidence
        True for a checkpoint that the log signed although it is behind or beside the one kept: worth keeping.
    """

    status: int
    says: str
    checkpoint: Checkpoint | None = None
    evidence: bool = False


def judge(
    submission: Submission, trusted: Mapping[str, Sequence[Verifier]], kept: Mapping[str, Checkpoint]
) -> Verdict:
    """Decide whether to cosign.

    Parameters
    ----------
    trusted
        The keys of each log, by origin.
    kept
        The checkpoint last cosigned of each log, by origin.

    Returns
    -------
    Verdict
        200; 404 for a log nobody told us of; 403 without its signature; 400 for an impossible size; 409 with
        the size we have when the proof begins elsewhere, which is how a log that was cut short shows; 422
        when the proof does not hold, which is how a rebuilt one shows.
    """
    try:
        found = Checkpoint.read(submission.note.text)
    except Malformed as wrong:
        return Verdict(400, str(wrong))
    keys = trusted.get(found.origin)
    if not keys:
        return Verdict(404, "this log is not known here")
    try:
        submission.note.signed_by(keys)
    except Untrusted as wrong:
        return Verdict(403, str(wrong))
    return _judge_growth(submission, found, kept.get(found.origin, Checkpoint(found.origin, 0, EMPTY_ROOT)))


def _judge_growth(submission: Submission, found: Checkpoint, last: Checkpoint) -> Verdict:
    if submission.old_size > found.size:
        return Verdict(400, "the old size is above the checkpoint's", evidence=found.size < last.size)
    if submission.old_size != last.size:
        differs = found.size == last.size and found.root != last.root
        return Verdict(409, f"{last.size}", evidence=differs or found.size < last.size)
    if found.size == 0 and found.root != EMPTY_ROOT:
        return Verdict(422, "an empty log has another root", evidence=True)
    if not consistency_holds(last.size, found.size, submission.proof, last.root, found.root):
        return Verdict(422, "the checkpoint does not continue the one kept here", evidence=True)
    return Verdict(200, "", checkpoint=found)


def cosigned(note: Note, signer: Signer, at: datetime) -> Note:
    """Return the note with the witness's cosignature alone under it."""
    return Note(note.text, (signer.cosign(note.text, at),))

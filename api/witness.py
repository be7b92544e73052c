"""The witness of a custody log: a small HTTP service that a second party runs, apart from Housecall's server.

``POST /add-checkpoint`` and ``GET /<origin hash>/checkpoint`` of c2sp.org/tlog-witness. Its folder holds all
it knows: ``witness.key``, ``logs`` (a trusted verifier key a line), a file for the checkpoint last cosigned
of each log, and in ``refused/`` every signed checkpoint that does not continue the one kept: what a log did
that was cut short or rebuilt. It asks nobody and needs no database.
"""

import fcntl
import os
import threading
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from dispatch.custody.log.checkpoint import Checkpoint
from dispatch.custody.log.note import COSIGNATURE, ED25519, Malformed, Note, Signer, Verifier
from dispatch.custody.log.witness import Submission, judge
from dispatch.kernel.clock import Clock

MOST_BYTES = 100_000
READ_WITHIN_S = 10.0
SIZE_TYPE = "text/x.tlog.size"
TEXT_TYPE = "text/plain; charset=utf-8"


def write_whole(path: Path, text: str, mode: int = 0o644) -> None:
    """Replace a file so that a power cut leaves the old one or the new one, and return when it is on disk."""
    fresh = path.with_name(path.name + ".new")
    with os.fdopen(
        os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w", encoding="utf-8"
    ) as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def make_folder(folder: Path, name: str) -> None:
    """Make a witness's folder with a fresh key.

    Raises
    ------
    FileExistsError
        When it has a key, which is never replaced: others were told of it.
    """
    key = Signer(name, COSIGNATURE, os.urandom(32))
    written = key.written()  # refuses a bad name before anything is there
    folder.mkdir(parents=True, exist_ok=True)
    if (folder / "witness.key").exists():
        raise FileExistsError
    write_whole(folder / "witness.key", written + "\n", 0o600)


class Witness:
    """A witness's folder; one thread at a time judges, so that no request passes another.

    Raises
    ------
    OSError, Malformed
        When it has no key, or none of a witness.
    """

    def __init__(self, folder: Path, clock: Clock) -> None:
        self.folder, self.clock = folder, clock
        self.signer = Signer.read((folder / "witness.key").read_text("utf-8").strip())
        if self.signer.kind != COSIGNATURE:
            raise Malformed("witness.key is no key of a witness")
        self._one = threading.Lock()

    def hold(self) -> None:
        """Keep other processes from serving the folder as long as this one lives.

        Raises
        ------
        BlockingIOError
            When another process holds it.
        """
        # A bare descriptor: it stays open, and the lock with it, until the process ends.
        held = os.open(self.folder / "lock", os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(held)
            raise

    def trust(self, verifier: Verifier) -> None:
        """Accept checkpoints of a log by this key, besides those it has already."""
        if verifier.kind != ED25519:
            raise Malformed("a log's key is of type 1")
        lines = [*self._trusted_lines(), str(verifier)]
        write_whole(self.folder / "logs", "".join(f"{line}\n" for line in dict.fromkeys(lines)))

    def _trusted_lines(self) -> list[str]:
        path = self.folder / "logs"
        return path.read_text("utf-8").split() if path.exists() else []

    def trusted(self) -> dict[str, list[Verifier]]:
        """Return the keys of each log, by origin."""
        found: dict[str, list[Verifier]] = {}
        for line in self._trusted_lines():
            verifier = Verifier.read(line)
            found.setdefault(verifier.name, []).append(verifier)
        return found

    def kept(self, origin: str) -> Note | None:
        """Return the checkpoint last cosigned of a log, cosignature and all."""
        path = self._path(origin)
        return Note.read(path.read_text("utf-8")) if path.exists() else None

    def _path(self, origin: str) -> Path:
        return self.folder / f"{_hash(origin)}.checkpoint"

    def add_checkpoint(self, body: bytes) -> tuple[int, str, str]:
        """Judge an add-checkpoint request; return status, content type and text.

        What is cosigned is on disk before the answer leaves.
        """
        try:
            submission = Submission.read(body.decode("utf-8"))
        except (Malformed, UnicodeDecodeError):
            return 400, TEXT_TYPE, "write: old SIZE, lines of proof, an empty line, a signed checkpoint\n"
        with self._one:
            trusted = self.trusted()
            kept = {}
            for origin in trusted:
                note = self.kept(origin)
                if note is not None:
                    kept[origin] = Checkpoint.read(note.text)
            verdict = judge(submission, trusted, kept)
            if verdict.evidence:
                self._keep_evidence(submission)
            if verdict.checkpoint is None:
                kind = SIZE_TYPE if verdict.status == 409 else TEXT_TYPE
                return verdict.status, kind, f"{verdict.says}\n"
            line = self.signer.cosign(submission.note.text, self.clock.now())
            logs = tuple(
                each
                for each in submission.note.signatures
                if any(each.is_by(key) for key in trusted[verdict.checkpoint.origin])
            )
            note = Note(submission.note.text, (*logs, line))
            write_whole(self._path(verdict.checkpoint.origin), str(note))
            return 200, TEXT_TYPE, f"{line}\n"

    def _keep_evidence(self, submission: Submission) -> None:
        folder = self.folder / "refused"
        folder.mkdir(exist_ok=True)
        # Named by what the log signed: lines that strangers add below make no further file.
        path = folder / f"{_hash(submission.note.text)}.checkpoint"
        if not path.exists():
            write_whole(path, str(submission.note))


def _hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()


class _Answerer(BaseHTTPRequestHandler):
    """Speaks HTTP for the `witness` of its class."""

    witness: Witness
    protocol_version = "HTTP/1.1"
    timeout = READ_WITHIN_S
    server_version, sys_version = "housecall-witness", ""

    def do_POST(self) -> None:
        """Take a checkpoint."""
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit()) or self.headers.get("Transfer-Encoding"):
            self._say(411, TEXT_TYPE, "say how long it is\n", close=True)
        elif int(length) > MOST_BYTES:
            self._say(413, TEXT_TYPE, "too long\n", close=True)
        else:
            body = self.rfile.read(int(length))
            if self.path != "/add-checkpoint":
                self._say(404, TEXT_TYPE, "there is POST /add-checkpoint\n")
            else:
                self._say(*self.witness.add_checkpoint(body))

    def do_GET(self) -> None:
        """Show the checkpoint last cosigned of a log."""
        for origin in self.witness.trusted():
            note = self.witness.kept(origin)
            if note is not None and self.path == f"/{_hash(origin)}/checkpoint":
                self._say(200, TEXT_TYPE, str(note))
                return
        self._say(404, TEXT_TYPE, "no such checkpoint\n")

    def _say(self, status: int, kind: str, text: str, *, close: bool = False) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if close:
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
        """Keep quiet: who asked is in no log."""


def server(witness: Witness, host: str, port: int) -> ThreadingHTTPServer:
    """Return the witness's server, listening; port 0 takes a free one."""
    answerer = type("Answerer", (_Answerer,), {"witness": witness})
    return ThreadingHTTPServer((host, port), answerer)

"""One planning process and the line-by-line talk with it (see `routing.worker`)."""

import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

WORKER = (sys.executable, "-m", "routing.worker")
WARM_WORKER = (*WORKER, "--warm")
# Who is this much over the time hangs: reading, checking and writing take a second or two.
GRACE_S = 60.0
# Compiling everything takes a minute or less; on a slow machine that is busy with more urgent things, many.
BOOT_S = 1800.0


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How what was asked ended.

    Attributes
    ----------
    kind
        ``done`` (with an answer), ``failed`` (with a reason: trying again would not help), ``died`` (it may
        be tried again), ``stopped`` (a dispatcher asked for it, and it handed in nothing) or ``lost`` (the
        run is another worker's).
    answer
        What the process said with "done": for a day ``{"plan": ...}``.
    """

    kind: Literal["done", "failed", "died", "stopped", "lost"]
    answer: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class News:
    """What a worker told within a while: its newest progress, and how it ended if it did."""

    progress: Mapping[str, Any] | None
    outcome: Outcome | None


class Worker:
    """A child process that plans: started, asked, heard to the end, asked again or ended."""

    def __init__(self, command: Sequence[str] = WORKER) -> None:
        # The child needs no secret and gets none.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("HOUSECALL_")}
        self.process = subprocess.Popen(  # noqa: S603 - a fixed program
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
        )
        self._started = time.monotonic()
        self._ready_at: float | None = None
        self._until: float | None = None  # counts from when it was asked, or is ready, whichever is later
        self._lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._said: queue.SimpleQueue[Any] = queue.SimpleQueue()
        threading.Thread(target=self._say, daemon=True).start()
        threading.Thread(target=self._read, daemon=True).start()

    @property
    def is_ready(self) -> bool:
        """Whether it has said that it is ready: a warm one has loaded everything by then."""
        return self._ready_at is not None

    @property
    def is_alive(self) -> bool:
        """Whether the process runs."""
        return self.process.poll() is None

    @property
    def is_overdue(self) -> bool:
        """Whether it is not ready long after anybody else would be."""
        return not self.is_ready and time.monotonic() > self._started + BOOT_S

    def ask(self, request: Mapping[str, Any], seconds: float) -> None:
        """Ask for something that takes so many seconds; what it tells comes by `listen`."""
        self._until = time.monotonic() + seconds + GRACE_S
        if not self.is_ready:
            self._until += BOOT_S
        self._said.put(dict(request))

    def hand_in(self) -> None:
        """Ask it to hand in now: it is done soon, with the best so far."""
        self._said.put({"stop": True})

    def _say(self) -> None:
        # In a thread, since a day is longer than a pipe holds and the child reads it when it is ready.
        assert self.process.stdin is not None
        try:
            # Left open: when this process dies, the pipe closes and the child ends by itself.
            while (message := self._said.get()) is not None:
                self.process.stdin.write(json.dumps(message).encode() + b"\n")
                self.process.stdin.flush()
        except (OSError, ValueError):
            return  # it died or was ended; the reader says so

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if self._ready_at is None:
                self._ready_at = time.monotonic()
                if line.startswith(b'{"event": "ready"'):
                    continue
            self._lines.put(line)
        self._lines.put(b"")

    def listen(self, for_s: float) -> News:
        """Hear what it tells for a while, or until what was asked has ended."""
        progress: Mapping[str, Any] | None = None
        until = time.monotonic() + for_s
        while (left_s := until - time.monotonic()) > 0:
            try:
                line = self._lines.get(timeout=left_s)
            except queue.Empty:
                break
            told = self._told(line)
            if isinstance(told, Outcome):
                self._until = None
                return News(progress=progress, outcome=told)
            progress = told
        if self._until is not None and time.monotonic() > self._until:
            reason = "the solver did not end in time"
            return News(progress=progress, outcome=Outcome(kind="failed", reason=reason))
        return News(progress=progress, outcome=None)

    def _told(self, line: bytes) -> Mapping[str, Any] | Outcome:
        if not line:
            return Outcome(kind="died")
        try:
            event: dict[str, Any] = json.loads(line)
        except ValueError:
            return Outcome(kind="died")
        rest = {name: value for name, value in event.items() if name != "event"}
        if event["event"] == "progress":
            return rest
        if event["event"] == "done":
            return Outcome(kind="done", answer=rest)
        faults = event.get("faults") or [{}]
        detail = str(faults[0].get("text", ""))
        return Outcome(kind="failed", reason=f"{event.get('reason', 'unknown')}: {detail}".rstrip(": "))

    def kill(self) -> None:
        """End the process, whatever it is doing."""
        self._said.put(None)
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:
                    continue  # what was still to be written has no reader any more

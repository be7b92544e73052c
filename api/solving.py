"""One solver process and the line-by-line talk with it (see `routing.worker`)."""

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

from dispatch.assignment.runs import Claim

WORKER = (sys.executable, "-m", "routing.worker")
# A solver that is this much over its time hangs: reading, checking and writing take a second or two.
GRACE_S = 60.0


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a solve ended.

    Attributes
    ----------
    kind
        ``done`` (with a plan), ``failed`` (with a reason: trying again would not help), ``died`` (it may be
        tried again), ``stopped`` (a dispatcher asked for it, and it handed in nothing) or ``lost`` (the run
        is another worker's).
    """

    kind: Literal["done", "failed", "died", "stopped", "lost"]
    plan: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class News:
    """What a solver told within a while: its newest progress, and how it ended if it did."""

    progress: Mapping[str, Any] | None
    outcome: Outcome | None


class Solver:
    """A child process that solves one claimed run."""

    def __init__(self, claim: Claim, command: Sequence[str] = WORKER) -> None:
        # The child needs no secret and gets none.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("HOUSECALL_")}
        self.process = subprocess.Popen(  # noqa: S603 - a fixed program
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
        )
        self._until = time.monotonic() + claim.seconds + GRACE_S
        self._lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        request = {
            "day": claim.day_file,
            "seconds": claim.seconds,
            "seed": claim.seed,
            "engine": claim.engine,
        }
        self._said: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._said.put(request)
        threading.Thread(target=self._say, daemon=True).start()
        threading.Thread(target=self._read, daemon=True).start()

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

    def hand_in(self) -> None:
        """Ask it to hand in now: it is done soon, with the best plan so far."""
        self._said.put({"stop": True})

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line)
        self._lines.put(b"")

    def listen(self, for_s: float) -> News:
        """Hear what it tells for a while, or until it ends."""
        progress: Mapping[str, Any] | None = None
        until = time.monotonic() + for_s
        while (left_s := until - time.monotonic()) > 0:
            try:
                line = self._lines.get(timeout=left_s)
            except queue.Empty:
                break
            told = self._told(line)
            if isinstance(told, Outcome):
                return News(progress=progress, outcome=told)
            progress = told
        if time.monotonic() > self._until:
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
        if event["event"] == "progress":
            return {name: value for name, value in event.items() if name != "event"}
        if event["event"] == "done":
            return Outcome(kind="done", plan=event["plan"])
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

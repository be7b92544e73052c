"""A solver in a process of its own: ``python -m routing.worker``.

Reads one line of JSON from its standard input::

    {"day": {...}, "seconds": 30, "seed": 1, "engine": "routing", "iterations": null}

and writes lines of JSON to its standard output: ``{"event": "progress", ...}`` while it works, and at the
end ``{"event": "done", "plan": {...}}`` or ``{"event": "failed", "reason": ..., "faults": [...]}``. It
lowers its own priority, so that whoever serves requests goes first, and it ends at once when its
standard input is closed: then the process that asked has died.
"""

import fcntl
import json
import os
import stat
import sys
import threading
from dataclasses import asdict
from typing import Any

from routing.dayfile import day_from_json
from routing.engine.budget import Progress
from routing.engine.solve import ENGINES, PlanRefused, solve
from routing.faults import Faults, ProblemInvalid
from routing.form import Choice, Field, OrNull, Real, Record, Whole
from routing.planfile import plan_as_json
from routing.strict_json import parse_json

NICENESS = 10
NOBODY_ASKS = 3  # exit status when standard input was closed before the end (or killed by SIGIO)


class _AsIs:
    """A value that somebody else reads."""

    def read(self, value: Any, _path: str, _faults: Faults) -> Any:
        return value

    def schema(self) -> dict[str, Any]:
        return {}


REQUEST = Record(
    {
        "day": Field(_AsIs(), "A day file."),
        "seconds": Field(Real(0, 10**6), "How long to work at most."),
        "seed": Field(Whole(most=2**63 - 1), "Seed of the engine.", 0),
        "engine": Field(Choice(tuple(ENGINES)), "Which engine.", "routing"),
        "iterations": Field(OrNull(Whole(1)), "Rounds of improvement, for repeatable runs.", None),
    }
)


def main() -> int:
    """Read the request, solve it, say how it went; return the exit status."""
    os.nice(NICENESS)
    line = _read_line()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        plan = _solve(line)
    except ProblemInvalid as invalid:
        _say({"event": "failed", "reason": "problem_invalid", "faults": [asdict(f) for f in invalid.faults]})
        return 2
    except PlanRefused as refused:
        faults = [asdict(violation) for violation in refused.violations]
        _say({"event": "failed", "reason": "plan_refused", "faults": faults})
        return 1
    _say({"event": "done", "plan": plan})
    return 0


def _solve(line: bytes) -> dict[str, Any]:
    faults = Faults()
    request = REQUEST.read(parse_json(line), "", faults)
    faults.raise_if_any()
    problem = day_from_json(request.pop("day"))
    return plan_as_json(solve(problem, on_progress=_say_progress, **request))


def _say_progress(progress: Progress) -> None:
    _say({"event": "progress"} | asdict(progress))


def _say(event: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(event, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def _read_line() -> bytes:
    """Read up to the first line feed, unbuffered: what follows belongs to `_end_with_parent`."""
    chunks: list[bytes] = []
    while not (chunks and b"\n" in chunks[-1]):
        chunk = os.read(0, 1 << 16)
        if not chunk:
            break
        chunks.append(chunk)
    return b"".join(chunks).partition(b"\n")[0]


def _end_with_parent() -> None:
    # The library keeps Python's lock for long stretches, so this thread may be late to notice. On a pipe
    # the kernel itself tells: SIGIO, whose default is to end the process.
    if stat.S_ISFIFO(os.fstat(0).st_mode):
        fcntl.fcntl(0, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(0, fcntl.F_SETFL, fcntl.fcntl(0, fcntl.F_GETFL) | os.O_ASYNC)
    while os.read(0, 1 << 16):
        pass
    os._exit(NOBODY_ASKS)


if __name__ == "__main__":
    sys.exit(main())

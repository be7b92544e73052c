"""A solver in a process of its own: ``python -m routing.worker``.

Reads one line of JSON from its standard input::

    {"day": {...}, "seconds": 30, "seed": 1, "engine": "routing", "iterations": null}

and writes lines of JSON to its standard output: ``{"event": "progress", ...}`` while it works, and at the
end ``{"event": "done", "plan": {...}}`` or ``{"event": "failed", "reason": ..., "faults": [...]}``. A
second line, ``{"stop": true}``, asks it to hand in now: it is done within a second or two, with the best
plan so far. It lowers its own priority, so that whoever serves requests goes first, and it ends at its next
chance when its standard input is closed: then the process that asked has died.
"""

import json
import os
import sys
import threading
from collections.abc import Iterator
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
NOBODY_ASKS = 3  # exit status when standard input was closed before the end


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
    lines, hand_in = _lines(), threading.Event()
    request = next(lines, b"")
    threading.Thread(target=_listen, args=(lines, hand_in), daemon=True).start()
    try:
        plan = _solve(request, hand_in)
    except ProblemInvalid as invalid:
        _say({"event": "failed", "reason": "problem_invalid", "faults": [asdict(f) for f in invalid.faults]})
        return 2
    except PlanRefused as refused:
        faults = [asdict(violation) for violation in refused.violations]
        _say({"event": "failed", "reason": "plan_refused", "faults": faults})
        return 1
    _say({"event": "done", "plan": plan})
    return 0


def _solve(line: bytes, hand_in: threading.Event) -> dict[str, Any]:
    faults = Faults()
    request = REQUEST.read(parse_json(line), "", faults)
    faults.raise_if_any()
    problem = day_from_json(request.pop("day"))
    return plan_as_json(solve(problem, on_progress=_say_progress, hand_in=hand_in, **request))


def _say_progress(progress: Progress) -> None:
    _say({"event": "progress"} | asdict(progress))


def _say(event: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(event, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def _lines() -> Iterator[bytes]:
    """Yield the lines of standard input as they come, until it is closed."""
    rest = b""
    while chunk := os.read(0, 1 << 16):
        *lines, rest = (rest + chunk).split(b"\n")
        yield from lines
    if rest:
        yield rest


def _listen(lines: Iterator[bytes], hand_in: threading.Event) -> None:
    # An engine that keeps Python's lock lets go of it several times a second (`routing.engine.library`).
    for line in lines:
        if _asks_to_stop(line):
            hand_in.set()
    os._exit(NOBODY_ASKS)


def _asks_to_stop(line: bytes) -> bool:
    try:
        return bool(json.loads(line) == {"stop": True})
    except ValueError:
        return False  # nothing else is asked of a worker at work


if __name__ == "__main__":
    sys.exit(main())

"""Planning in a process of its own: ``python -m routing.worker``, a line of JSON for each thing said.

It says ``{"event": "ready"}`` once, when it may be asked. With ``--warm`` it has loaded the compiled loops
by then (the first time after an upgrade: compiled them), so that what is asked begins at once. It reads
requests from its standard input and answers one after the other; a key says which kind it is (`KINDS`)::

    {"day": {...}, "seconds": 30, "seed": 1, "engine": "columns", "iterations": null}

Each is answered by any number of ``{"event": "progress", ...}`` and then by ``{"event": "done", ...}`` (of
a day: ``"plan"``) or ``{"event": "failed", "reason": ..., "faults": [...]}``. ``{"stop": true}`` asks it to
hand in what was asked last: it is done within a second or two, with the best plan so far. It lowers its own
priority, so that whoever serves requests goes first, and it ends at its next chance when its standard input
is closed: then the process that asked has died, or wants no more.
"""

import json
import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from queue import SimpleQueue
from threading import Event
from typing import Any, NoReturn

from routing.dayfile import day_from_json
from routing.engine.budget import Progress
from routing.engine.solve import ENGINES, PlanRefused, solve
from routing.faults import Faults, ProblemInvalid
from routing.form import Choice, Field, OrNull, Real, Record, Whole
from routing.plan import gap_of
from routing.planfile import plan_as_json
from routing.strict_json import parse_json

NICENESS = 10
NOBODY_ASKS = 3  # exit status: standard input was closed
WARM = "--warm"
EXACT = "columns"  # the engine whose loops are compiled


class _AsIs:
    """A value that somebody else reads."""

    def read(self, value: Any, _path: str, _faults: Faults) -> Any:
        return value

    def schema(self) -> dict[str, Any]:
        return {}


PLAN_REQUEST = Record(
    {
        "day": Field(_AsIs(), "A day file."),
        "seconds": Field(Real(0, 10**6), "How long to work at most; getting ready does not count."),
        "seed": Field(Whole(most=2**63 - 1), "Seed of the engine.", 0),
        "engine": Field(Choice(tuple(ENGINES)), "Which engine.", EXACT),
        "iterations": Field(OrNull(Whole(1)), "Rounds of improvement, for repeatable runs.", None),
    }
)


def _plan(asked: Any, hand_in: Event) -> dict[str, Any]:
    """Plan a day: the answer is ``{"plan": ...}``."""
    faults = Faults()
    request = PLAN_REQUEST.read(asked, "", faults)
    faults.raise_if_any()
    problem = day_from_json(request.pop("day"))
    if request.setdefault("engine", EXACT) == EXACT:
        _warm_up()
    return {"plan": plan_as_json(solve(problem, on_progress=_say_progress, hand_in=hand_in, **request))}


def _replan(asked: Any, hand_in: Event) -> dict[str, Any]:
    """Re-plan a running day around what happened (`routing.replan.asked`)."""
    from routing.replan.asked import answer_in_full

    _warm_up()
    return answer_in_full(asked, hand_in)


# A request is of the first kind whose name is one of its keys. Each takes the whole request and an event that
# is set when the asker wants it handed in; it answers the values of "done", or raises.
KINDS: Mapping[str, Callable[[Any, Event], dict[str, Any]]] = {"day": _plan, "replan": _replan}


def main(arguments: Sequence[str]) -> NoReturn:
    """Serve requests until standard input is closed."""
    os.nice(NICENESS)
    inbox: SimpleQueue[tuple[bytes, Event]] = SimpleQueue()
    threading.Thread(target=_listen, args=(inbox,), daemon=True).start()
    if WARM in arguments:
        _warm_up()
    _say({"event": "ready"})
    while True:
        _say(_answer(*inbox.get()))


def _answer(line: bytes, hand_in: Event) -> dict[str, Any]:
    try:
        asked = parse_json(line)
        known = asked if isinstance(asked, dict) else {}
        kind = next((kind for kind in KINDS if kind in known), "day")
        return {"event": "done"} | KINDS[kind](asked, hand_in)
    except ProblemInvalid as invalid:
        faults = [asdict(fault) for fault in invalid.faults]
        return {"event": "failed", "reason": "problem_invalid", "faults": faults}
    except PlanRefused as refused:
        faults = [asdict(violation) for violation in refused.violations]
        return {"event": "failed", "reason": "plan_refused", "faults": faults}


def _warm_up() -> None:
    # Numba takes seconds to import: only a process that plans with it may pay for it, and pays once.
    from routing.engine.exact import warming

    if not _warmed:
        warming.warm_up()
        _warmed.append(True)


_warmed: list[bool] = []


def _say_progress(progress: Progress) -> None:
    gap = None if progress.bound_mc is None else gap_of(progress.cost_mc, progress.bound_mc)
    _say({"event": "progress"} | asdict(progress) | {"gap": gap})


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


def _listen(inbox: SimpleQueue[tuple[bytes, Event]]) -> None:
    # An engine that keeps Python's lock lets go of it several times a second (`engine.baseline.library`).
    newest = Event()
    for line in _lines():
        if _asks_to_stop(line):
            newest.set()
        else:
            newest = Event()
            inbox.put((line, newest))
    os._exit(NOBODY_ASKS)


def _asks_to_stop(line: bytes) -> bool:
    try:
        return bool(json.loads(line) == {"stop": True})
    except ValueError:
        return False  # a request that is answered with its faults


if __name__ == "__main__":
    main(sys.argv[1:])

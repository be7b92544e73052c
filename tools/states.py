"""Draw docs/states.md from the code's own tables: ``python -m tools.states > docs/states.md``."""

import sys
from collections.abc import Iterable, Mapping

from dispatch.appointments.model import APPOINTMENT_STEPS
from dispatch.assignment.plan_model import RUN_MEANINGS, RUN_STEPS, RunState
from dispatch.custody.model import State
from dispatch.custody.states import TRANSITIONS, Transition
from dispatch.intake.model import CASE_STEPS, TERMINAL, CaseState
from dispatch.messages.model import ENDS as MESSAGE_ENDS
from dispatch.messages.model import MESSAGE_STEPS, MessageState
from dispatch.series.states import ENDS as SERIES_ENDS
from dispatch.series.states import STEPS as SERIES_STEPS
from dispatch.series.states import SeriesState
from dispatch.visits.model import VisitState
from dispatch.visits.rules import CLOSED, FLAGS, STEPS
from dispatch.visits.safety.model import AlarmState
from dispatch.visits.safety.rules.states import ALARM_STEPS, ENDS, MEANINGS

Arrows = Mapping[tuple[str, str], list[str]]  # from, to -> what leads there

ABOUT = """\
# States

Written by `python -m tools.states > docs/states.md` from the tables that the code itself obeys; a test fails
when they differ. Change the table, then write this file anew.
"""
CASE = """\
A person's way from the enquiry to treatment and beyond. The table is `CASE_STEPS` in
`dispatch/intake/model.py`; a
release leads back to where the case was held and nowhere else.
"""
BOOKING = """\
Whether an appointment stands. The table is `APPOINTMENT_STEPS` in `dispatch/appointments/model.py`. What is
only requested is an enquiry or a patient's wish, what is only offered holds no place: neither is one yet.
"""
MESSAGE = """\
A message to a patient or to staff. The table is `MESSAGE_STEPS` in `dispatch/messages/model.py`.
"""
VISIT = """\
What a nurse reports is kept whatever the state; a deed that is not in the table is flagged. The table is
`STEPS` in `dispatch/visits/rules.py`.
"""
ODD = "What may be odd about a fact (it is kept and flagged, never refused):\n"
ALARM = """\
An alarm of the safety clocks. The table is `ALARM_STEPS` in `dispatch/visits/safety/rules/states.py`. Once it
has come to emergency services, a sign of life clears it no more: a person ends it.
"""
SERIES = """\
A series of infusions; what was given is kept whatever the state. The table is `STEPS` in
`dispatch/series/states.py`.
"""
RUN = "An order to plan a day. The table is `RUN_STEPS` in `dispatch/assignment/plan_model.py`.\n"
CONTAINER = """\
A vial in the custody ledger. The table is `TRANSITIONS` in `dispatch/custody/states.py`; where an event may
lead to several states, the amounts or the basis of the stock decide. A fact physically happened: it is kept
in any state, as an exception where the table does not allow it. Without its second signature, an event that
needs two is kept as an exception only; a reversing entry is not kept without it. A hand-off that nobody
accepts expires by the clock, without an event.
"""


def document() -> str:
    """Return the whole of docs/states.md."""
    parts = [
        ABOUT,
        f"## Case\n\n{CASE}",
        _diagram(
            _gathered((step.source, step.target, step.deed) for step in CASE_STEPS), CaseState.LEAD, TERMINAL
        ),
        _table(
            ("state", "deed", "leads to", "by", "meaning"),
            ((s.source, s.deed, s.target, ", ".join(sorted(s.by)), s.meaning) for s in CASE_STEPS),
        ),
        f"## Booking\n\n{BOOKING}",
        _table(
            ("state", "deed", "leads to", "by", "meaning"),
            ((s.source or "none yet", s.deed, s.target, s.by, s.meaning) for s in APPOINTMENT_STEPS),
        ),
        f"## Message\n\n{MESSAGE}",
        _diagram(
            _gathered((step.source, step.target, step.deed) for step in MESSAGE_STEPS),
            MessageState.QUEUED,
            MESSAGE_ENDS,
        ),
        _table(
            ("state", "deed", "leads to", "meaning"),
            ((s.source, s.deed, s.target, s.meaning) for s in MESSAGE_STEPS),
        ),
        f"## Visit\n\n{VISIT}",
        _diagram(_visit_arrows(), VisitState.ASSIGNED, CLOSED),
        _table(
            ("state", "deed", "leads to", "by", "meaning"),
            ((step.source, step.deed, step.target, step.by, step.meaning) for step in STEPS),
        ),
        ODD,
        _table(("flag", "meaning"), FLAGS.items()),
        f"## Alarm\n\n{ALARM}",
        _diagram(
            _gathered((step.source, step.target, step.deed) for step in ALARM_STEPS), AlarmState.RAISED, ENDS
        ),
        _table(
            ("state", "deed", "leads to", "by", "meaning"),
            ((step.source, step.deed, step.target, step.by, step.meaning) for step in ALARM_STEPS),
        ),
        _table(("alarm", "what it says"), MEANINGS.items()),
        f"## Series\n\n{SERIES}",
        _diagram(
            _gathered((step.source, step.target, step.deed) for step in SERIES_STEPS),
            SeriesState.PROPOSED,
            SERIES_ENDS,
        ),
        _table(
            ("state", "deed", "leads to", "by", "when", "meaning"),
            (
                (step.source, step.deed, step.target, step.by, step.when, step.meaning)
                for step in SERIES_STEPS
            ),
        ),
        f"## Plan run\n\n{RUN}",
        _diagram(_run_arrows(), RunState.QUEUED, [state for state, after in RUN_STEPS.items() if not after]),
        _table(
            ("state", "meaning", "may become"),
            ((state, RUN_MEANINGS[state], _names(RUN_STEPS[state])) for state in RunState),
        ),
        f"## Container\n\n{CONTAINER}",
        _diagram(_container_arrows(), State.ORDERED, _ends_of_containers()),
        _table(
            ("event", "from", "leads to", "two signatures", "fact"),
            (_container_line(transition) for transition in TRANSITIONS.values()),
        ),
    ]
    return "\n".join(parts)


def _visit_arrows() -> Arrows:
    return _gathered((step.source, step.target, step.deed) for step in STEPS)


def _run_arrows() -> Arrows:
    return {(state, after): [] for state in RunState for after in RunState if after in RUN_STEPS[state]}


def _container_arrows() -> Arrows:
    return _gathered(
        (begin, end, transition.kind)
        for transition in TRANSITIONS.values()
        for begin in State
        for end in State
        if begin in transition.begins and end in transition.ends
    )


def _ends_of_containers() -> list[State]:
    onward = [transition for transition in TRANSITIONS.values() if not transition.restores]
    left = {begin for transition in onward for begin in transition.begins}
    return [state for state in State if state not in left]


def _container_line(transition: Transition) -> tuple[str, str, str, str, str]:
    nowhere = "where the reversed entry took it up" if transition.restores else "no other state"
    return (
        transition.kind,
        _names(transition.begins),
        _names(transition.ends) or nowhere,
        "yes" if transition.two_signatures else "",
        "yes" if transition.fact else "",
    )


def _names(states: Iterable[State | RunState]) -> str:
    """List states in the order of their life, not of a set."""
    return ", ".join(sorted(states, key=lambda state: list(type(state)).index(state)))


def _gathered(steps: Iterable[tuple[str, str, str]]) -> Arrows:
    found: dict[tuple[str, str], list[str]] = {}
    for source, target, by in steps:
        found.setdefault((source, target), []).append(by)
    return found


def _diagram(arrows: Arrows, first: str, ends: Iterable[str]) -> str:
    lines = ["```mermaid", "stateDiagram-v2", f"    [*] --> {first}"]
    for (source, target), by in arrows.items():
        lines.append(f"    {source} --> {target}" + (f": {', '.join(by)}" if by else ""))
    lines += [f"    {state} --> [*]" for state in sorted(ends)]
    return "\n".join([*lines, "```", ""])


def _table(heads: tuple[str, ...], rows: Iterable[Iterable[str]]) -> str:
    lines = [heads, ("---",) * len(heads), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


if __name__ == "__main__":
    sys.stdout.write(document())

"""Where a visit stands and what is odd about it, decided from plain values.

Facts are kept whatever they say; the verdicts about them are made here. The state is folded from all facts
in an order that does not depend on the order of their arrival (reliability.md).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from dispatch.visits.model import Deed, Fact, Story, Verdict, Visit, VisitState


@dataclass(frozen=True)
class Step:
    """One line of the state machine: in `source`, `deed` leads to `target`.

    `where` names the visits that have the line: all, those with the bedside checklist, or those without it.
    """

    source: VisitState
    deed: Deed
    target: VisitState
    by: str
    meaning: str
    where: str = "all"


S, D = VisitState, Deed
CHECKLIST, PLAIN = "checklist", "plain"
# Where the nurse is with the patient: from here on a visit ends by discharge, transfer or giving up only.
AT_THE_BEDSIDE = (S.ARRIVED, S.SCREENING, S.HELD, S.READY, S.INFUSING, S.PAUSED, S.RECOVERY)
# The visit's life (care-rules.md section 6). The code, docs/states.md and the tests all read this table.
# The first deed of a state is the one its screen offers large.
STEPS = (
    Step(S.ASSIGNED, D.EN_ROUTE, S.EN_ROUTE, "nurse", "drives to the patient"),
    Step(S.ASSIGNED, D.CHECK_IN, S.ARRIVED, "nurse", "is there without a drive"),
    Step(S.ASSIGNED, D.CANCEL, S.CANCELLED, "dispatcher", "the appointment is cancelled"),
    Step(S.EN_ROUTE, D.CHECK_IN, S.ARRIVED, "nurse", "arrives; the place is taken"),
    Step(S.EN_ROUTE, D.CANCEL, S.CANCELLED, "dispatcher", "the appointment is cancelled"),
    Step(S.ARRIVED, D.SCREEN, S.SCREENING, "nurse", "begins the questions of the day", CHECKLIST),
    Step(S.SCREENING, D.READY, S.READY, "nurse", "everything before the start is done", CHECKLIST),
    Step(S.SCREENING, D.HOLD, S.HELD, "nurse", "something keeps the start until a prescriber", CHECKLIST),
    Step(S.HELD, D.RELEASE, S.SCREENING, "prescriber", "signs that it may go on", CHECKLIST),
    Step(S.READY, D.START, S.INFUSING, "nurse", "starts the infusion", CHECKLIST),
    Step(S.READY, D.LAPSE, S.SCREENING, "clock", "the baseline is older than the policy allows", CHECKLIST),
    Step(S.READY, D.SCREEN, S.SCREENING, "nurse", "screens anew", CHECKLIST),
    Step(S.READY, D.HOLD, S.HELD, "nurse", "something keeps the start until a prescriber", CHECKLIST),
    Step(S.ARRIVED, D.START, S.INFUSING, "nurse", "starts an infusion that needs no checklist", PLAIN),
    Step(S.ARRIVED, D.NO_SHOW, S.NO_SHOW, "nurse", "nobody there after waiting and calling"),
    Step(S.INFUSING, D.STOP, S.RECOVERY, "nurse", "stops the infusion; the patient is watched"),
    Step(S.INFUSING, D.PAUSE, S.PAUSED, "nurse", "stops the pump for a while"),
    Step(S.PAUSED, D.RESUME, S.INFUSING, "nurse", "lets the pump go on"),
    Step(S.PAUSED, D.STOP, S.RECOVERY, "nurse", "ends the infusion"),
    Step(S.RECOVERY, D.DISCHARGE, S.DISCHARGED, "nurse", "gives the patient to the adult's care", CHECKLIST),
    Step(S.DISCHARGED, D.CHECK_OUT, S.COMPLETED, "nurse", "leaves; the place is taken", CHECKLIST),
    Step(S.RECOVERY, D.CHECK_OUT, S.COMPLETED, "nurse", "leaves; the place is taken", PLAIN),
    *(Step(S(at), D.ABORT, S.ABORTED, "nurse", "the visit cannot go on") for at in AT_THE_BEDSIDE),
    *(
        Step(S(at), D.EMERGENCY, S.EMERGENCY, "nurse", "calls the emergency services")
        for at in (*AT_THE_BEDSIDE, S.DISCHARGED)
    ),
    Step(S.EMERGENCY, D.TRANSFER, S.TRANSFERRED, "nurse", "gives the patient to the crew"),
    Step(S.EMERGENCY, D.ABORT, S.ABORTED, "nurse", "the crew leaves the patient at home"),
    Step(S.NO_SHOW, D.CHECK_OUT, S.NO_SHOW, "nurse", "leaves; the place is taken"),
    Step(S.ABORTED, D.CHECK_OUT, S.ABORTED, "nurse", "leaves; the place is taken"),
    Step(S.TRANSFERRED, D.CHECK_OUT, S.TRANSFERRED, "nurse", "leaves; the place is taken"),
)
NEXT = {(step.source, step.deed): step.target for step in STEPS}
NEXT_OF = {
    kept: {(s.source, s.deed): s.target for s in STEPS if s.where != (PLAIN if kept else CHECKLIST)}
    for kept in (True, False)
}
# Where a deed puts a visit even when a step before it was not reported: she who starts is there.
LEADS_TO = {step.deed: step.target for step in reversed(STEPS)}
RANK = {state: rank for rank, state in enumerate(VisitState)}
EXITS = frozenset({S.NO_SHOW, S.ABORTED, S.CANCELLED, S.TRANSFERRED})
CLOSED = EXITS | {S.COMPLETED}
# What a visit may go through more than once.
REPEATED = frozenset({D.SCREEN, D.HOLD, D.RELEASE, D.READY, D.LAPSE, D.PAUSE, D.RESUME, D.STOP, D.DISCHARGE})
# Drug is or was running in: whoever leaves now leaves a patient behind.
UNSAFE_TO_LEAVE = frozenset({S.INFUSING, S.PAUSED, S.RECOVERY, S.EMERGENCY})

# Everything that may be odd about a fact: it is kept, and this is what compliance reads.
FLAGS = {
    "out_of_range": "The place lies outside the fence around the patient's verified point.",
    "no_position": "The phone gave no position.",
    "position_inaccurate": "The phone's position is less accurate than the fence is wide.",
    "place_not_verified": "The patient's point has not been confirmed by a dispatcher.",
    "reason_missing": "A reason was due and none was given.",
    "clock_skewed": "The phone's clock differs from the server's by more than two minutes.",
    "late_entry": "It was sent more than 15 minutes after it happened.",
    "other_day": "It happened on another day than the appointment's.",
    "not_on_route_now": "The plan in force gives the visit to somebody else.",
    "visit_cancelled": "The appointment had been cancelled.",
    "no_show_too_early": "The wait for the patient was shorter than the policy asks.",
    "no_show_calls_missing": "Fewer telephone calls were made than the policy asks.",
    "residual_open": "Opened drug was neither given nor wasted before a witness.",
    "start_unmet": "It was started although something stood against it.",
    "resume_unmet": "It was resumed although something stood against it.",
    "ready_unmet": "It was called ready although something was missing.",
    "discharge_unmet": "The patient was discharged although something was missing.",
    "rate_out_of_range": "The pump was set to a rate outside the order's range.",
    "left_without_discharge": "The nurse left a patient who was neither discharged nor handed over.",
    "step_missing": "A step before it was not reported.",
    "deed_repeated": "The same deed had been reported before.",
    "out_of_order": "It belongs before what had been reported already.",
    "visit_closed": "The visit was over already.",
    "time_runs_backwards": "Its time lies before that of the deed reported before it.",
}
# Those that the order of the deeds decides; a fact that arrives later may settle them.
ORDER_FLAGS = frozenset(
    {
        "step_missing", "deed_repeated", "out_of_order", "visit_closed", "time_runs_backwards",
        "left_without_discharge",
    }
)  # fmt: skip


def deeds_open(state: VisitState, *, checklist: bool = False) -> tuple[Deed, ...]:
    """Return what the nurse may do next, the usual deed first."""
    mine = NEXT_OF[checklist]
    return tuple(
        step.deed
        for step in STEPS
        if step.source is state and step.by == "nurse" and mine.get((state, step.deed)) is step.target
    )


def in_order(facts: Iterable[Fact]) -> list[Fact]:
    """Sort facts the same way whatever the order of their delivery.

    One device's facts keep the order of its own counter, even when its clock was set back; the devices
    are merged by time. Event ids only break ties: a UUIDv7 made after the clock was set back sorts early.
    """
    queues: dict[str, list[Fact]] = {}
    for fact in facts:
        queues.setdefault(fact.device, []).append(fact)
    for queue in queues.values():
        queue.sort(key=lambda f: (f.device_seq or 0, f.happened_at, f.event_id), reverse=True)
    merged = []
    while queues:
        device = min(queues, key=lambda name: (queues[name][-1].happened_at, queues[name][-1].event_id))
        merged.append(queues[device].pop())
        if not queues[device]:
            del queues[device]
    return merged


def fold(facts: Iterable[Fact], *, cancelled: bool = False) -> Story:
    """Tell where a visit stands after its facts, and what their order leaves odd.

    A deed that fits the table takes its step. One that does not is kept with a verdict and moves the visit
    only forwards, because what physically happened is true although a step before it went unreported. One
    thing does not move it: leaving a patient whom a checklist guards before discharge or hand-over.
    """
    told = in_order(facts)
    checklist = any(fact.checklist for fact in told)
    mine = NEXT_OF[checklist]
    state, times, verdicts = S.ASSIGNED, dict[Deed, datetime](), list[Verdict]()
    latest = since = None
    for fact in told:
        if latest is not None and fact.happened_at < latest:
            verdicts.append(Verdict(event_id=fact.event_id, code="time_runs_backwards"))
        latest = max(latest or fact.happened_at, fact.happened_at)
        odd = _oddity(state, fact.deed, fact.deed in times, checklist)
        if odd:
            verdicts.append(Verdict(event_id=fact.event_id, code=odd))
        before = state
        if not odd:
            state = mine[state, fact.deed]
        elif odd == "step_missing" or (checklist and _opens_again(state, fact.deed, odd)):
            state = LEADS_TO[fact.deed]
        since = since if before is state and since else fact.happened_at
        times.setdefault(fact.deed, fact.happened_at)
    if state is S.DISCHARGED and D.CHECK_OUT in times:
        state = S.COMPLETED  # the discharge was reported after the leaving
    if cancelled and (state, D.CANCEL) in NEXT:
        state = S.CANCELLED
    return Story(state=state, times=times, verdicts=tuple(verdicts), since=since, checklist=checklist)


def _opens_again(state: VisitState, deed: Deed, odd: str) -> bool:
    """Tell whether a deed shows that drug runs in although the visit was called over."""
    return deed is D.START and odd != "deed_repeated" and (state in CLOSED or state is S.DISCHARGED)


def _oddity(state: VisitState, deed: Deed, done_before: bool, checklist: bool) -> str:
    fits = (state, deed) in NEXT_OF[checklist]
    if done_before and (deed not in REPEATED or (not fits and LEADS_TO[deed] is state)):
        return "deed_repeated"
    if fits:
        return ""
    if state in CLOSED:
        return "visit_closed"
    if deed is D.CHECK_OUT and checklist and state in UNSAFE_TO_LEAVE:
        return "left_without_discharge"
    if deed is D.NO_SHOW and state in UNSAFE_TO_LEAVE:
        return "out_of_order"  # whoever is infused was there
    return "step_missing" if RANK[LEADS_TO[deed]] > RANK[state] else "out_of_order"


def is_over(visit: Visit) -> bool:
    """Tell whether the nurse has nothing left to do at a visit; a given-up one ends when she leaves."""
    return visit.state in {S.COMPLETED, S.CANCELLED} or D.CHECK_OUT in visit.times


def current_visit(visits: Iterable[Visit]) -> Visit | None:
    """Return the visit under way, else the first that is not over."""
    left = [visit for visit in visits if not is_over(visit)]
    return next((visit for visit in left if visit.state is not S.ASSIGNED), left[0] if left else None)

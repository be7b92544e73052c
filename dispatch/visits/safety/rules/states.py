"""The life of an alarm as data, and how its rows fold into it."""

from collections.abc import Iterable
from dataclasses import dataclass

from dispatch.visits.safety.model import AlarmDeed, AlarmKind, AlarmState, AlarmStep

S, D = AlarmState, AlarmDeed


@dataclass(frozen=True)
class Step:
    """One line of the state machine: in `source`, `deed` leads to `target`."""

    source: AlarmState
    deed: AlarmDeed
    target: AlarmState
    by: str
    meaning: str


# The code, docs/states.md and the tests all read this table.
ALARM_STEPS = (
    Step(S.RAISED, D.TELL, S.RAISED, "the watch", "the next stage of the ladder is due and is told"),
    Step(S.RAISED, D.AGAIN, S.RAISED, "nurse or patient", "she called for help once more"),
    Step(S.RAISED, D.ACKNOWLEDGE, S.ACKNOWLEDGED, "a person", "somebody has it in hand: the ladder ends"),
    Step(S.RAISED, D.RESOLVE, S.RESOLVED, "a person", "it is over, in words"),
    Step(S.RAISED, D.CLEAR, S.CLEARED, "the watch", "what was missed has come"),
    Step(
        S.ACKNOWLEDGED, D.AGAIN, S.RAISED, "nurse or patient",
        "she calls for help once more: the ladder goes on",
    ),
    Step(S.ACKNOWLEDGED, D.RESOLVE, S.RESOLVED, "a person", "it is over, in words"),
    Step(S.ACKNOWLEDGED, D.CLEAR, S.CLEARED, "the watch", "what was missed has come"),
)  # fmt: skip
NEXT = {(step.source, step.deed): step.target for step in ALARM_STEPS}
ENDS = frozenset({S.RESOLVED, S.CLEARED})
# What a person alone ends: a voice on the phone, not a tap on it, says that all is well.
BY_A_PERSON_ONLY = frozenset({AlarmKind.PANIC, AlarmKind.PATIENT_UNWELL})
MEANINGS = {
    AlarmKind.MISSED_ARRIVAL: "She set off and has not arrived.",
    AlarmKind.MISSED_CHECK_IN: "She is at a patient's home and has not been heard of.",
    AlarmKind.LONE_WORKER: "Her visit lasts longer than planned, and she has not left.",
    AlarmKind.MISSED_READING: "No set of readings was taken in time.",
    AlarmKind.NOT_ALERT: "The patient is less alert than the policy allows (MOAA/S).",
    AlarmKind.LONG_RECOVERY: "The infusion ended long ago, and the patient is not discharged.",
    AlarmKind.PATIENT_UNANSWERED: "The patient did not answer how she is after the visit.",
    AlarmKind.PATIENT_UNWELL: "The patient answered that something is not as it should be.",
    AlarmKind.SUPERVISED_RETURN: "She may not practise and holds drug: it comes back before a witness.",
    AlarmKind.STILL_ASSIGNED: "She may not practise there any more, and a visit is still hers.",
    AlarmKind.PANIC: "The nurse calls for help. Do not ring her without thinking: somebody may listen.",
}


def state_after(steps: Iterable[AlarmStep]) -> AlarmState:
    """Fold an alarm's steps by their numbers; what does not fit the table changes nothing."""
    state = S.RAISED
    for step in sorted(steps, key=lambda step: step.sequence):
        state = NEXT.get((state, step.deed), state)
    return state


def deeds_open(state: AlarmState) -> tuple[AlarmDeed, ...]:
    """Return what a person may do with an alarm."""
    return tuple(step.deed for step in ALARM_STEPS if step.source is state and step.by == "a person")

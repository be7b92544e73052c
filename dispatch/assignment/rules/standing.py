"""The law apart from the clock: one rule a function, each yielding what stands against the nurse.

These depend on what the patient needs, where, and on which days, but on no hour and no name; so they are
judged once for all visits that ask for the same (`Demand`).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from dispatch.assignment.model import AppointmentFacts, LawFacts, NurseFacts
from dispatch.kernel.refusals import Reason
from dispatch.workforce.model import LicenceKind, StateRule
from dispatch.workforce.rules.licences import Coverage, PracticeSpan, licence_covers_state

AT_HOME = "home"
# On-call supervision is the prescriber's side; whoever must be on site would have to travel as well.
SUPERVISION_WITHOUT_TRAVEL = frozenset({"none", "on_call_phone", "on_call_video"})
# The software never sends a practical nurse to an infusion, whatever a state's row says.
NEVER = frozenset({LicenceKind.LPN})


@dataclass(frozen=True, kw_only=True)
class Demand:
    """What an appointment asks of any nurse."""

    state: str
    controlled: bool
    units: int
    competencies: tuple[str, ...]
    required_language: str | None
    required_gender: str | None
    pets: tuple[str, ...]


def demand_of(appointment: AppointmentFacts) -> Demand:
    """Return what the appointment asks of any nurse."""
    return Demand(
        state=appointment.state,
        controlled=appointment.controlled,
        units=appointment.units,
        competencies=tuple(sorted(appointment.competencies)),
        required_language=appointment.required_language,
        required_gender=appointment.required_gender,
        pets=tuple(sorted(appointment.pets)),
    )


@dataclass(frozen=True, kw_only=True)
class Case:
    """A nurse before a demand: what each rule looks at."""

    nurse: NurseFacts
    demand: Demand
    span: PracticeSpan
    law: LawFacts
    coverage: Coverage


def standing_reasons(
    nurse: NurseFacts, demand: Demand, span: PracticeSpan, law: LawFacts
) -> tuple[Reason, ...]:
    """Return everything that stands against the nurse whatever the hour."""
    coverage = licence_covers_state(nurse.licences, nurse.residences, demand.state, span, law.compact)
    case = Case(nurse=nurse, demand=demand, span=span, law=law, coverage=coverage)
    return tuple(reason for rule in STANDING_RULES for reason in rule(case))


def nurse_is_active(case: Case) -> Iterator[Reason]:
    """Only nurses who work here are sent."""
    if not case.nurse.active:
        text = f"{case.nurse.code} does not work here at present."
        yield Reason(code="nurse_not_active", text=text, way_out="Set her active again.")


def licence_is_valid_in_state(case: Case) -> Iterator[Reason]:
    """A licence, her own or through the compact, covers the patient's state to the visit's end."""
    yield from case.coverage.reasons


def role_is_allowed(case: Case) -> Iterator[Reason]:
    """The capacity in which she may practise there gives infusions; practical nurses never do.

    An advanced-practice licence counts like a registered nurse's for what is not controlled; for
    ketamine only where the state's row names it.
    """
    held = case.coverage.kinds or frozenset(licence.kind for licence in case.nurse.licences)
    able = held - NEVER
    state = case.demand.state
    if held and not able:
        yield Reason(
            code="role_not_allowed_in_state",
            text=f"Practical nurses (LPN) give no infusions at home, in {state} or anywhere.",
            way_out="Send a registered nurse.",
        )
    rule = case.law.state_rules.get(state)
    if case.demand.controlled and rule is not None and able and not {k.value for k in able} & rule.roles:
        wanted = ", ".join(sorted(rule.roles)) or "nobody"
        yield Reason(
            code="role_not_allowed_in_state",
            text=f"In {state} ketamine at home may be given by: {wanted}.",
            way_out="Send a nurse in one of these roles.",
        )


def state_allows_ketamine_at_home(case: Case) -> Iterator[Reason]:
    """A checked row of the state's rule exists, and home and distance are allowed. No row blocks."""
    if not case.demand.controlled:
        return
    state, rule = case.demand.state, case.law.state_rules.get(case.demand.state)
    if rule is None:
        yield Reason(
            code="no_state_rule",
            text=f"No rule says who may give ketamine at home in {state}; without one nobody may.",
            way_out="Compliance enters the state's rule once it is checked against the law.",
        )
        return
    yield from _rule_faults(rule)


def _rule_faults(rule: StateRule) -> Iterator[Reason]:
    if rule.verified_on is None:
        yield Reason(
            code="state_rule_not_verified",
            text=f"The rule of {rule.state} is a sample: nobody has verified it against the law.",
            way_out="Compliance verifies the row and enters the day.",
        )
    if rule.setting != AT_HOME:
        yield Reason(
            code="home_not_allowed_in_state",
            text=f"{rule.state} allows it in this setting only: {rule.setting}.",
            way_out="Refer the patient to a clinic.",
        )
    if rule.supervision not in SUPERVISION_WITHOUT_TRAVEL:
        yield Reason(
            code="prescriber_on_site_required",
            text=f"{rule.state} asks for supervision that no nurse can bring along: {rule.supervision}.",
            way_out="Refer the patient to a clinic.",
        )


def _valid(valid_from: date, expires_on: date, span: PracticeSpan) -> bool:
    return valid_from <= span.first_day and span.last_day <= expires_on


def competencies_are_valid(case: Case) -> Iterator[Reason]:
    """Each competency of the service is proven, from the begin to the end of the visit."""
    proven = {competency.code: competency for competency in case.nurse.competencies}
    for code in case.demand.competencies:
        competency = proven.get(code)
        if competency is None:
            text = f"She has not proven {code}."
            yield Reason(code="competency_missing", text=text, way_out=f"Enter her proof of {code}.")
        elif competency.expires_on < case.span.last_day:
            text = f"Her {code} expired on {competency.expires_on}."
            if competency.expires_on >= case.span.first_day:
                text = f"Her {code} expires on {competency.expires_on}, before the visit's end."
            yield Reason(code="competency_expired", text=text, way_out=f"Enter her renewed {code}.")
        elif competency.valid_from > case.span.first_day:
            text = f"Her {code} is valid from {competency.valid_from} only."
            yield Reason(code="competency_not_yet_valid", text=text)


def agent_of_registrant(case: Case) -> Iterator[Reason]:
    """Who carries controlled drug is authorised by the registrant for that state (21 CFR 1301.22)."""
    if not case.demand.controlled:
        return
    for_state = [row for row in case.nurse.authorisations if row.state == case.demand.state]
    ours = [row for row in for_state if not case.law.registrants or row.registrant in case.law.registrants]
    if any(_valid(row.valid_from, row.expires_on, case.span) for row in ours):
        return
    if ours:
        spans = ", ".join(f"{row.valid_from} to {row.expires_on}" for row in ours)
        text = f"Her authorisation to carry controlled drug in {case.demand.state} is valid {spans} only."
        yield Reason(code="authorisation_not_valid", text=text, way_out="The registrant renews it.")
        return
    yield Reason(
        code="authorisation_missing",
        text=f"No registrant has authorised her to carry controlled drug in {case.demand.state}.",
        way_out="The DEA registrant authorises her as its agent for that state.",
    )


def lock_box_holds(case: Case) -> Iterator[Reason]:
    """Controlled drug travels in her locked box (21 CFR 1301.75(b))."""
    if case.demand.controlled and case.demand.units > case.nurse.lock_box_units:
        yield Reason(
            code="lock_box_too_small",
            text=f"It takes {case.demand.units} vials; her lock-box holds {case.nurse.lock_box_units}.",
            way_out="Give her a larger box.",
        )


def speaks_required_language(case: Case) -> Iterator[Reason]:
    """A required language, unlike a preferred one, is a law."""
    wanted = case.demand.required_language
    if wanted is not None and wanted not in case.nurse.languages:
        yield Reason(code="language_required", text=f"The patient needs a nurse who speaks {wanted}.")


def is_of_required_gender(case: Case) -> Iterator[Reason]:
    """A required gender is a law; one that is not known does not meet it."""
    wanted = case.demand.required_gender
    if wanted is not None and wanted != case.nurse.gender:
        yield Reason(code="gender_required", text=f"The patient needs a nurse of this gender: {wanted}.")


def bears_the_pets(case: Case) -> Iterator[Reason]:
    """Nobody is sent where an animal makes her ill."""
    for pet in case.demand.pets:
        if pet in case.nurse.pet_allergies:
            yield Reason(code="pet_allergy", text=f"She is allergic to an animal of that home: {pet}.")


STANDING_RULES: tuple[Callable[[Case], Iterator[Reason]], ...] = (
    nurse_is_active,
    licence_is_valid_in_state,
    role_is_allowed,
    state_allows_ketamine_at_home,
    competencies_are_valid,
    agent_of_registrant,
    lock_box_holds,
    speaks_required_language,
    is_of_required_gender,
    bears_the_pets,
)

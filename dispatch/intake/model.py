"""A case from the first enquiry on: its states, what may move it and who, and what intake gathers for it."""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import NewType
from uuid import UUID

from dispatch.kernel.actor import Actor, Role

CaseId = NewType("CaseId", UUID)
# Who came through a one-time link has no account; the session says so (see `party_of`).
LINK_SESSION = "link:"


class CaseState(StrEnum):
    """Where a case stands (care-rules.md, section 6)."""

    LEAD = "lead"
    INTAKE_OPEN = "intake_open"
    INTAKE_COMPLETE = "intake_complete"
    CONSULT_BOOKED = "consult_booked"
    CONSULT_DONE = "consult_done"
    CLEARED = "cleared"
    NEEDS_PRIOR_TREATMENT = "needs_prior_treatment"
    MORE_INFO = "more_info"
    DECLINED = "declined"
    IN_TREATMENT = "in_treatment"
    MAINTENANCE = "maintenance"
    ON_HOLD = "on_hold"
    CLOSED = "closed"


class CaseDeed(StrEnum):
    """What moves a case."""

    OPEN_INTAKE = "open_intake"
    COMPLETE_INTAKE = "complete_intake"
    REOPEN_INTAKE = "reopen_intake"
    BOOK_CONSULTATION = "book_consultation"
    CANCEL_CONSULTATION = "cancel_consultation"
    FINISH_CONSULTATION = "finish_consultation"
    CLEAR = "clear"
    REQUIRE_TREATMENT = "require_treatment"
    ASK_FOR_MORE = "ask_for_more"
    DECLINE = "decline"
    BEGIN_TREATMENT = "begin_treatment"
    ENTER_MAINTENANCE = "enter_maintenance"
    BEGIN_NEXT_SERIES = "begin_next_series"
    HOLD = "hold"
    RELEASE = "release"
    CLOSE = "close"


class Party(StrEnum):
    """Whose deed it may be."""

    SYSTEM = "system"
    PATIENT = "patient"
    DISPATCHER = "dispatcher"
    NURSE = "nurse"
    PRESCRIBER = "prescriber"


def party_of(actor: Actor) -> frozenset[Party]:
    """Return as whom `actor` may move a case: by the roles, as a patient by link, or as Housecall itself."""
    if actor.session_ref.startswith(LINK_SESSION):
        return frozenset({Party.PATIENT})
    if actor.account_id is None:
        return frozenset({Party.SYSTEM})
    held = {
        Role.DISPATCHER: Party.DISPATCHER,
        Role.NURSE: Party.NURSE,
        Role.PRESCRIBER: Party.PRESCRIBER,
    }
    return frozenset(party for role, party in held.items() if actor.has(role))


@dataclass(frozen=True, kw_only=True)
class CaseStep:
    """One arrow of a case's life."""

    source: CaseState
    deed: CaseDeed
    target: CaseState
    by: frozenset[Party]
    meaning: str


S, D, P = CaseState, CaseDeed, Party
TERMINAL = frozenset({S.CLOSED})
HOLDABLE = tuple(state for state in S if state not in (S.DECLINED, S.ON_HOLD, S.CLOSED))
_OFFICE = frozenset({P.SYSTEM, P.DISPATCHER, P.PRESCRIBER})
_BOOKERS = _OFFICE | {P.PATIENT}
_PRESCRIBER = frozenset({P.PRESCRIBER})
_TREATED = (S.CLEARED, S.IN_TREATMENT, S.MAINTENANCE)
_UNDECIDED = (S.CONSULT_DONE, S.NEEDS_PRIOR_TREATMENT, S.MORE_INFO)


def _step(
    source: CaseState, deed: CaseDeed, target: CaseState, by: frozenset[Party], meaning: str
) -> CaseStep:
    return CaseStep(source=source, deed=deed, target=target, by=by, meaning=meaning)


CASE_STEPS: tuple[CaseStep, ...] = (
    _step(S.LEAD, D.OPEN_INTAKE, S.INTAKE_OPEN, _BOOKERS, "a link was sent, or intake began by phone"),
    _step(S.INTAKE_OPEN, D.COMPLETE_INTAKE, S.INTAKE_COMPLETE, frozenset({P.SYSTEM}), "nothing is missing"),
    _step(
        S.INTAKE_COMPLETE, D.REOPEN_INTAKE, S.INTAKE_OPEN, frozenset({P.SYSTEM}), "something is missing again"
    ),
    *(
        _step(state, D.BOOK_CONSULTATION, S.CONSULT_BOOKED, _BOOKERS, "a consultation has its time")
        for state in (S.INTAKE_COMPLETE, S.NEEDS_PRIOR_TREATMENT, S.MORE_INFO)
    ),
    _step(S.CONSULT_BOOKED, D.CANCEL_CONSULTATION, S.INTAKE_COMPLETE, _BOOKERS, "it does not take place"),
    _step(S.CONSULT_BOOKED, D.FINISH_CONSULTATION, S.CONSULT_DONE, _PRESCRIBER, "it took place"),
    *(_step(state, D.CLEAR, S.CLEARED, _PRESCRIBER, "may be treated at home") for state in _UNDECIDED),
    *(
        _step(state, D.REQUIRE_TREATMENT, S.NEEDS_PRIOR_TREATMENT, _PRESCRIBER, "something is treated first")
        for state in (S.CONSULT_DONE, S.MORE_INFO, *_TREATED)
    ),
    *(
        _step(state, D.ASK_FOR_MORE, S.MORE_INFO, _PRESCRIBER, "the prescriber needs to know more")
        for state in (S.CONSULT_DONE, S.NEEDS_PRIOR_TREATMENT, *_TREATED)
    ),
    *(
        _step(state, D.DECLINE, S.DECLINED, _PRESCRIBER, "not to be treated at home")
        for state in (*_UNDECIDED, *_TREATED)
    ),
    _step(
        S.CLEARED, D.BEGIN_TREATMENT, S.IN_TREATMENT, frozenset({P.SYSTEM, P.NURSE, P.PRESCRIBER}),
        "the first infusion began",
    ),
    _step(
        S.IN_TREATMENT, D.ENTER_MAINTENANCE, S.MAINTENANCE, frozenset({P.SYSTEM, P.PRESCRIBER}),
        "the series is over",
    ),
    _step(
        S.MAINTENANCE, D.BEGIN_NEXT_SERIES, S.IN_TREATMENT, frozenset({P.SYSTEM, P.PRESCRIBER}),
        "another series was ordered",
    ),
    *(
        _step(
            state, D.HOLD, S.ON_HOLD, frozenset({P.SYSTEM, P.NURSE, P.PRESCRIBER}),
            "nothing goes on until a prescriber has looked",
        )
        for state in HOLDABLE
    ),
    *(_step(S.ON_HOLD, D.RELEASE, state, _PRESCRIBER, "back to where it was held") for state in HOLDABLE),
    *(
        _step(state, D.CLOSE, S.CLOSED, frozenset({P.DISPATCHER, P.PRESCRIBER}), "the case is over")
        for state in S
        if state is not S.CLOSED
    ),
)  # fmt: skip


class Channel(StrEnum):
    """How somebody came to us; the rules are the same (care-rules C02)."""

    WEB = "web"
    PHONE = "phone"


@dataclass(frozen=True, kw_only=True)
class Contact:
    """Who a case is about, and how to reach her."""

    name: str = field(repr=False)
    phone: str = field(default="", repr=False)
    email: str = field(default="", repr=False)
    born_on: date | None = field(default=None, repr=False)
    address: str = field(default="", repr=False)
    state: str = ""


@dataclass(frozen=True, kw_only=True)
class CaseView:
    """A case as other chapters read it.

    Attributes
    ----------
    held_from
        Where a case on hold returns to; None while it is not on hold.
    answer_due_at
        By when somebody of the office speaks with who enquired (care-rules B30).
    self_pay
        None until it was said; nothing is claimed from an insurer for her (D13).
    """

    case_id: UUID
    area_id: UUID
    patient_id: UUID | None
    state: CaseState
    held_from: CaseState | None
    channel: Channel
    opened_at: datetime
    answer_due_at: datetime
    contacted_at: datetime | None
    self_pay: bool | None
    contact: Contact = field(repr=False)
    reason: str = field(repr=False)

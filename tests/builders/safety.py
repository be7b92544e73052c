"""Visits as the safety clocks see them, and a town whose nurse is at a bedside."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from dispatch.areas.model import DEFAULT_POLICIES
from dispatch.identity.records import AccountRow
from dispatch.identity.service import ensure_roles
from dispatch.kernel.actor import AccountId, Actor, Role
from dispatch.kernel.clock import Clock, SetClock
from dispatch.kernel.ids import new_id
from dispatch.kernel.storage import transaction
from dispatch.visits.bedside.records import ReadingRow
from dispatch.visits.model import Deed
from dispatch.visits.records import VisitFactRow
from dispatch.visits.safety.model import Watched
from dispatch.visits.safety.records import SignRow
from dispatch.visits.safety.rules.clocks import POLICIES
from dispatch.visits.safety.service import act_on, due_checks
from dispatch.visits.service import record_fact
from tests.builders.visits import AT_HOME, DAY, a_deed

TEN = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)  # 10:00 in Columbus
VALUES: Mapping[str, Mapping[str, Any]] = {key: DEFAULT_POLICIES[key] for key in POLICIES}
VISIT, NURSE, AREA = UUID(int=1), UUID(int=2), UUID(int=3)


def at(minutes: float) -> datetime:
    """So many minutes after ten."""
    return TEN + timedelta(minutes=minutes)


def watched(*signs: float, readings: tuple[tuple[float, int], ...] = (), **more: Any) -> Watched:
    """A controlled visit of two hours; deeds by name and minute after ten, e.g. ``check_in=0``."""
    deeds = {deed: at(more.pop(deed.value)) for deed in Deed if deed.value in more}
    taken = tuple((at(minute), moaas) for minute, moaas in readings)
    facts = {
        "appointment_id": VISIT, "nurse_id": NURSE, "area_id": AREA, "day": DAY, "minutes": 120,
        "controlled": True, "times": deeds, "readings": taken,
        "signs": (*deeds.values(), *(each for each, _ in taken), *map(at, signs)),
    }  # fmt: skip
    return Watched(**(facts | more))


def a_staff_member(session: Session, role: Role, email: str, nurse_id: UUID | None = None) -> Actor:
    """An account in one role, and its actor."""
    roles = ensure_roles(session)
    row = AccountRow(
        id=new_id(), email=email, name=email.partition("@")[0], person_ref=email, active=True,
        fs_uniquifier=new_id().hex, nurse_id=nurse_id, roles=[roles[role.value]],
    )  # fmt: skip
    session.add(row)
    session.flush()
    return Actor(
        account_id=AccountId(row.id), name=row.name, roles=frozenset({role}), person_ref=email,
        nurse_id=nurse_id, session_ref=email,
    )  # fmt: skip


def deed(session: Session, visit_id: UUID, what: Deed, when: datetime, actor: Actor, clock: Clock) -> None:
    """A deed of the nurse at the patient's door, reported at once."""
    record_fact(session, a_deed(visit_id, what, when, position=AT_HOME, reason="as told"), actor, clock)


def tick(engine: Any, keyring: Any, clock: SetClock) -> int:
    """One look of the watch, each piece in its own transaction; how many there were to do."""
    with transaction(engine, keyring) as session:
        pieces = due_checks(session, clock)
    done = 0
    for piece in pieces:
        with transaction(engine, keyring) as session:
            done += act_on(session, piece, clock)
    return done


def a_fact_row(visit_id: UUID, nurse_id: UUID, what: Deed, when: datetime) -> VisitFactRow:
    """A deed as it is stored, without judging it."""
    return VisitFactRow(
        id=new_id(), appointment_id=visit_id, nurse_id=nurse_id, deed=what.value, device_at=when,
        device_utc_offset_s=0, received_at=when, happened_at=when, body_digest=b"d" * 32,
        verdict={"state": "arrived", "flags": [], "distance_m": None, "fence_m": 100},
    )  # fmt: skip


def a_sign_row(visit_id: UUID, nurse_id: UUID, when: datetime) -> SignRow:
    """A check-in as it is stored."""
    return SignRow(
        id=new_id(), appointment_id=visit_id, nurse_id=nurse_id, kind="well", longer_minutes=0,
        happened_at=when, received_at=when,
    )  # fmt: skip


def a_reading_row(visit_id: UUID, nurse_id: UUID, when: datetime, moaas: int = 5) -> ReadingRow:
    """A set of readings as it is stored."""
    return ReadingRow(
        id=new_id(), appointment_id=visit_id, nurse_id=nurse_id, device_at=when, received_at=when,
        happened_at=when, body_digest=b"d" * 32, verdict={}, phase="during", sbp=120, dbp=70, hr=70, rr=14,
        spo2=98, rhythm="sinus", moaas=moaas, agitation=0, symptoms=[],
    )  # fmt: skip

"""Streams of drug for the signals: twelve nurses like each other, until a test makes one unlike."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from dispatch.appointments.queries import ordered_doses
from dispatch.areas.model import DEFAULT_POLICIES
from dispatch.areas.records import PolicyRow
from dispatch.custody import service as custody
from dispatch.custody.infusion_commands import ReturnResidual, SealResidual
from dispatch.custody.model import Verdict
from dispatch.custody.signals import service
from dispatch.custody.signals.model import Access, Books, Counted, Duty, Limits, Taken, VialUse
from dispatch.kernel.actor import SYSTEM
from dispatch.kernel.clock import Clock
from dispatch.kernel.ids import new_id
from tests.builders.custody import FIT, LABEL_UG, OFF_SHIFT, Scene, a_pickup, a_scene, an_opening, given

MG = 1000
BEGIN = datetime(2026, 9, 7, 12, tzinfo=UTC)
NURSES = tuple(UUID(int=number) for number in range(1, 13))
ODD, FRIEND = NURSES[0], NURSES[1]
EACH = 40
FEW = {"least_observations": 4, "least_hits": 3, "least_peers": 1, "false_discovery_permille": 200}
LEFT_UG = LABEL_UG - 31 * MG
LABEL_UG_PER_ML = 50_000
LEFT_UL = LEFT_UG * 1000 // LABEL_UG_PER_ML
LIMITS = Limits(
    period_days=90, quiet_days=90, least_observations=30, least_hits=5, least_peers=5,
    false_discovery_permille=50, least_percent_of_expected=250, unusual_permille=50, tolerance_percent=10,
    pair_least_percent_of_expected=250, distance_tenths=25,
)  # fmt: skip


def a_use(nurse: UUID, number: int) -> VialUse:
    """One of a nurse's vials: 100 mg, 40 ordered, drawn and given after ten minutes, 60 wasted."""
    at = BEGIN + timedelta(days=number, minutes=nurse.int)
    others = [each for each in NURSES if each != nurse]
    return VialUse(
        nurse=nurse, product="Ketamine", opened_at=at, given_at=at + timedelta(minutes=10),
        wasted_at=at + timedelta(minutes=80), ordered_ug=40 * MG, drawn_ug=40 * MG, given_ug=40 * MG,
        wasted_ug=60 * MG, witness=others[(number * 5 + nurse.int) % len(others)], weak=False,
        events=(UUID(int=nurse.int * 10**6 + number * 10 + 1), UUID(int=nurse.int * 10**6 + number * 10 + 2)),
    )  # fmt: skip


def calm_books() -> Books:
    """Nobody's figures are unlike the others'."""
    pairs = [(nurse, number) for number in range(EACH) for nurse in NURSES]
    days = [BEGIN + timedelta(days=number) for number in range(EACH)]
    return Books(
        uses=tuple(a_use(nurse, number) for nurse, number in pairs),
        accesses=tuple(
            Access(nurse=nurse, at=days[number], on_shift=True, late=False, event_id=an_id(nurse, number, 3))
            for nurse, number in pairs
        ),
        taken=tuple(
            Taken(nurse=nurse, at=days[number], spoilt=False, event_id=an_id(nurse, number, 4))
            for nurse, number in pairs
        ),
        counts=tuple(
            Counted(nurse=nurse, at=days[number], variance_units=0, count_id=an_id(nurse, number, 5))
            for nurse, number in pairs
        ),
        duties=tuple(
            Duty(person=nurse, begins_at=at - timedelta(hours=2), ends_at=at + timedelta(hours=8))
            for at in days
            for nurse in NURSES
        ),
        names={nurse: f"N-{nurse.int:02}" for nurse in NURSES},
    )


def an_id(nurse: UUID, number: int, kind: int) -> UUID:
    """An id of an event or count."""
    return UUID(int=nurse.int * 10**6 + number * 10 + kind)


def with_odd_uses(books: Books, twist: Callable[[VialUse], VialUse], share: int = 2) -> Books:
    """Let every `share`-th vial of one nurse be otherwise."""
    uses = [
        twist(use) if use.nurse == ODD and (use.opened_at - BEGIN).days % share == 0 else use
        for use in books.uses
    ]
    return replace(books, uses=tuple(uses))


def sign_limits(session: Session, area_id: UUID, clock: Clock, key: str, **value: int) -> None:
    """Sign other limits than the default ones for an area."""
    signed = PolicyRow(id=new_id(), area_id=area_id, key=key, value=DEFAULT_POLICIES[key] | value, version=1)
    signed.signed_by, signed.signed_at, signed.reason = "cora", clock.now(), "a test"
    session.add(signed)
    session.flush()


def questions_of_a_morning(session: Session, area_id: UUID, clock: Clock) -> list[UUID]:
    """Ask by limits under which a single vial may be asked about; return the questions."""
    sign_limits(
        session, area_id, clock, "custody.signals", least_observations=1, least_hits=1, least_peers=1,
        false_discovery_permille=1000, least_percent_of_expected=100, pair_least_percent_of_expected=100,
        distance_tenths=10,
    )  # fmt: skip
    return service.ask(session, area_id, ordered_doses, SYSTEM, clock)


def off_shift_scene(session: Session) -> Scene:
    """One nurse opens six vials while not on shift, the other six on shift."""
    scene = a_scene(session, vials=12)
    sign_limits(session, scene.area_id, scene.clock, "custody.signals", **FEW)
    mine, others = scene.vials[:6], scene.vials[6:]
    custody.pick_up(session, a_pickup(session, scene, *mine), scene.nurse, scene.clock)
    theirs = a_pickup(session, scene, *others, proof=scene.proof(scene.other_nurse))
    custody.pick_up(session, theirs, scene.other_nurse, scene.clock)
    for place, vial in enumerate(scene.vials):
        scene.clock.advance(timedelta(minutes=5))
        hers = place < 6
        command = an_opening(scene, container_id=vial, seal=f"S-{place}", standing=OFF_SHIFT if hers else FIT)
        custody.open_container(session, command, scene.nurse if hers else scene.other_nurse, scene.clock)
    scene.clock.advance(timedelta(minutes=5))
    return scene


def carried_back(session: Session, rate_permille: int = 1000) -> Scene:
    """The nurse seals what is left, brings it back, and the pharmacist signs for it."""
    scene = given(session)
    sign_limits(session, scene.area_id, scene.clock, "custody.assay", rate_permille=rate_permille)
    service.tend_assays(session, scene.area_id, SYSTEM, scene.clock)
    scene.clock.advance(timedelta(minutes=1))
    sealing = SealResidual(
        event_id=new_id(), container_id=scene.vial, standing=FIT, measured_ug=LEFT_UG, seal="R-1"
    )
    custody.seal_residual(session, sealing, scene.nurse, scene.clock)
    handing_in = ReturnResidual(
        event_id=new_id(),
        container_id=scene.vial,
        standing=FIT,
        pharmacy_id=scene.pharmacy_id,
        measured_ug=LEFT_UG,
        seal="R-1",
        proof=scene.proof(scene.nurse),
        witness=scene.proof(scene.pharmacist),
    )
    receipt = custody.return_residual(session, handing_in, scene.nurse, scene.clock)
    assert receipt.verdict is Verdict.STORED, receipt.reasons
    return scene

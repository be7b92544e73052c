"""Whatever is done to vials in whatever order, no microgram appears or vanishes.

The model is plain arithmetic that knows nothing of the ledger: what is sealed, open, drawn, given,
wasted ... of each vial. It says which deeds move drug; the ledger must agree after every step.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, func, select, text
from sqlalchemy.orm import Session

from dispatch.custody import queries, service
from dispatch.custody.commands import (
    Administer,
    Draw,
    OpenContainer,
    ReportException,
    ReturnUnopened,
    WasteResidual,
)
from dispatch.custody.model import EventKind, Receipt, Verdict, WasteMethod
from dispatch.custody.records import EventRow, PostingRow
from dispatch.kernel.clock import SetClock
from dispatch.kernel.ids import new_id
from dispatch.kernel.row import Row
from dispatch.kernel.sealing import Keyring
from dispatch.kernel.storage import open_engine
from tests.builders.custody import FIT, LABEL_UG, MG, MONDAY, Scene, balance, picked_up

OVERFILL_UG = LABEL_UG // 10
KEYRING = Keyring({1: b"k" * 32}, 1, b"i" * 32)


@dataclass
class PlainVial:
    """What a person with a pencil would keep of one vial."""

    sealed: int = LABEL_UG
    open: int = 0
    drawn: int = 0
    spare: int = OVERFILL_UG
    given: int = 0
    wasted: int = 0
    gone: Counter[str] | None = None
    done: bool = False
    shards: bool = False

    def move(self, deed: str, amount: int) -> bool:
        """Do the deed if a pencil allows it; tell whether drug moved (or could have)."""
        in_use = not self.done and not self.sealed
        match deed:
            case "open" if self.sealed and not self.done:
                self.sealed, self.open = 0, LABEL_UG
            case "draw" if in_use and amount <= self.open + self.spare:
                over = max(0, amount - self.open)
                self.open, self.spare, self.drawn = (
                    self.open - amount + over,
                    self.spare - over,
                    self.drawn + amount,
                )
            case "give" if in_use and amount <= self.drawn:
                self.drawn, self.given = self.drawn - amount, self.given + amount
            case "waste" if in_use and amount <= self.open + self.drawn + self.spare:
                rest = amount
                for place in ("drawn", "open", "spare"):
                    taken = min(rest, getattr(self, place))
                    setattr(self, place, getattr(self, place) - taken)
                    rest -= taken
                self.wasted += amount
                self.done = not self.open and not self.drawn
            case "return" if self.sealed and not self.done:
                self.leave("returned")
            case "lost" | "stolen" if not self.done:
                self.leave("lost")
            case "broken" if not self.done:
                self.leave("quarantine")
                self.shards = True
            case "return" if self.shards:
                self.shards = False  # what broke was brought back: a place changes, no amount
            case _:
                return False
        return True

    def leave(self, where: str) -> None:
        """Everything that is left goes to one account, and the vial is out of use."""
        self.gone = Counter({where: self.sealed + self.open + self.drawn})
        self.sealed = self.open = self.drawn = 0
        self.done = True


DEEDS = ("open", "draw", "give", "waste", "return", "lost", "stolen", "broken")
STEPS = st.lists(
    st.tuples(
        st.integers(0, 1),
        st.sampled_from(("open", "draw", "draw", "draw", "give", "give", "waste", "waste", *DEEDS)),
        st.one_of(
            st.integers(1, LABEL_UG + OVERFILL_UG + 2),
            st.sampled_from(
                [1, 35 * MG, LABEL_UG, LABEL_UG + 1, LABEL_UG + OVERFILL_UG, LABEL_UG + OVERFILL_UG + 1]
            ),
        ),
    ),
    min_size=4,
    max_size=14,
)


def do(session: Session, scene: Scene, number: int, deed: str, amount_ug: int) -> Receipt:
    """Send one deed to the ledger."""
    common = {"event_id": new_id(), "container_id": scene.vials[number], "standing": FIT}
    both = {"proof": scene.proof(scene.nurse), "witness": scene.proof(scene.other_nurse)}
    pharmacist = both | {"witness": scene.proof(scene.pharmacist)}
    sent = {
        "open": lambda: service.open_container(
            session, OpenContainer(seal=f"S-{number}", **common), scene.nurse, scene.clock
        ),
        "draw": lambda: service.draw(
            session,
            Draw(visit_id=scene.visit_id, amount_ug=amount_ug, order_ceiling_ug=10**9, **common),
            scene.nurse,
            scene.clock,
        ),
        "give": lambda: service.administer(
            session,
            Administer(visit_id=scene.visit_id, amount_ug=amount_ug, **common),
            scene.nurse,
            scene.clock,
        ),
        "waste": lambda: service.waste_residual(
            session,
            WasteResidual(amount_ug=amount_ug, method=WasteMethod.SOLIDIFYING_CONTAINER, **common, **both),
            scene.nurse,
            scene.clock,
        ),
        "return": lambda: service.return_unopened(
            session,
            ReturnUnopened(pharmacy_id=scene.pharmacy_id, seal=f"S-{number}", **common, **pharmacist),
            scene.nurse,
            scene.clock,
        ),
    }
    report = lambda: service.report_exception(  # noqa: E731
        session, ReportException(kind=EventKind(deed), **common), scene.nurse, scene.clock
    )
    return sent.get(deed, report)()


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Connection, Scene]]:
    """A connection whose outer transaction is rolled back after each example, and two sealed vials."""
    engine = open_engine(f"sqlite:///{tmp_path_factory.mktemp('conservation') / 'ledger.sqlite'}")
    Row.metadata.create_all(engine)
    with Session(engine, info={"keyring": KEYRING}) as session:
        scene = picked_up(session, vials=2, overfill_percent=10)
        session.commit()
    with engine.connect() as connection:
        yield connection, scene
    engine.dispose()


@settings(max_examples=80, deadline=None, derandomize=True)
@example(steps=[(0, "open", 1), (0, "draw", LABEL_UG + 30 * MG), (0, "draw", 20 * MG), (0, "waste", 1)])
@example(steps=[(0, "open", 1), (0, "draw", LABEL_UG + 30 * MG), (0, "draw", 20 * MG + 1), (0, "give", 1)])
@given(steps=STEPS)
def test_no_microgram_appears_or_vanishes(
    ledger: tuple[Connection, Scene], steps: list[tuple[int, str, int]]
) -> None:
    connection, scene = ledger
    scene = replace(scene, clock=SetClock(MONDAY))
    vials = [PlainVial(), PlainVial()]
    outer = connection.begin()
    with Session(connection, info={"keyring": KEYRING}, join_transaction_mode="create_savepoint") as session:
        for number, deed, amount_ug in steps:
            scene.clock.advance(timedelta(seconds=1))
            allowed = vials[number].move(deed, amount_ug)
            receipt = do(session, scene, number, deed, amount_ug)
            session.commit()
            assert (receipt.verdict is not Verdict.CLAIM) == allowed, (deed, amount_ug, receipt.reasons)
        agree(session, scene, vials)
        # What a commit would have checked: every event has its closing.
        assert session.execute(text("PRAGMA foreign_key_check")).all() == []
    outer.rollback()


def agree(session: Session, scene: Scene, vials: list[PlainVial]) -> None:
    """The ledger says what the pencil says, vial by vial and in sum."""
    gone: Counter[str] = Counter()
    for container_id, plain in zip(scene.vials, vials, strict=True):
        line = queries.vial(session, container_id)
        assert line.balance_ug == plain.sealed + plain.open + plain.drawn
        assert line.residual_ug == plain.open + plain.drawn
        assert line.overfill_ug == OVERFILL_UG - plain.spare
        assert (line.given_ug, line.wasted_ug) == (plain.given, plain.wasted)
        gone += plain.gone or Counter()
    for account in ("returned", "lost", "quarantine"):
        assert balance(session, account) == gone[account]
    assert balance(session, "waste") == sum(each.wasted for each in vials)
    assert session.scalar(select(func.sum(PostingRow.amount_ug))) == 0
    events = session.scalars(select(EventRow).order_by(EventRow.container_id, EventRow.sequence)).all()
    for container_id in scene.vials:
        numbers = [row.sequence for row in events if row.container_id == container_id]
        assert numbers == list(range(1, len(numbers) + 1))

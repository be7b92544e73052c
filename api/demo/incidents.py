"""What goes wrong on the demo's morning, so that compliance has something to look at.

A vial changes hands where there is no signal, and the ledger hears of it late; a shelf is counted twice
and is one vial short; a sealed vial breaks; a residual that was carried back is handed in. All of it goes
through the services that phones and screens call.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from api.demo.office import sign
from api.demo.stocking import NotAsPlayed, Shelf, require_stored
from dispatch.custody.commands import AcceptHandOff, BlindCount, OfferHandOff, ReportException
from dispatch.custody.infusion_commands import ReturnResidual
from dispatch.custody.model import DeviceStamp, EventKind, Receipt, pharmacy_holder
from dispatch.custody.queries import vials_at_pharmacy
from dispatch.custody.service import accept_hand_off, count, offer_hand_off, report_exception, return_residual
from dispatch.identity.service import register_device
from dispatch.kernel.actor import Actor
from dispatch.kernel.clock import Clock
from dispatch.kernel.ids import new_id
from dispatch.visits.standing import standing_at_pharmacy, standing_in_area

OFFERED, TAKEN, COUNTED, COUNTED_AGAIN, BROKE, HEARD, HANDED_IN = (
    timedelta(minutes=each) for each in (48, 45, 31, 28, 22, 14, 9)
)


@dataclass(frozen=True, kw_only=True)
class CarriedBack:
    """A residual that was sealed at a visit and travels back."""

    container_id: UUID
    seal: str
    amount_ug: int
    nurse: Actor
    pharmacy_id: UUID


@dataclass(frozen=True, kw_only=True)
class Happening:
    """Something that nobody planned, at an instant."""

    at: datetime
    do: Callable[[], None]


@dataclass(kw_only=True)
class Incidents:
    """The morning's incidents.

    Attributes
    ----------
    nurses, boxes, to_open, carried
        The player's own: who there is, the sealed vials in each box, how many of them will still be opened
        before the demo's present, and the residuals on their way back.
    counted_at
        The stock point that is one vial short.
    spared
        The nurse whose vials nothing happens to: whoever looks at the demo gives them.
    """

    session: Session
    clock: Clock
    now: datetime
    pharmacist: Actor
    nurses: Mapping[UUID, Actor]
    boxes: dict[UUID, list[Shelf]]
    to_open: Mapping[UUID, int]
    carried: list[CarriedBack]
    counted_at: UUID
    spared: UUID | None
    _offered: tuple[Actor, Shelf] | None = None
    _round: UUID | None = None

    def happenings(self) -> list[Happening]:
        """Return them in order of time."""
        return [
            Happening(at=self.now - OFFERED, do=self._offer),
            Happening(at=self.now - COUNTED, do=self._count),
            Happening(at=self.now - COUNTED_AGAIN, do=self._count),
            Happening(at=self.now - BROKE, do=self._break),
            Happening(at=self.now - HEARD, do=self._accept_late),
            Happening(at=self.now - HANDED_IN, do=self._hand_in),
        ]

    def _spare(self) -> tuple[UUID, Shelf] | None:
        """Take a sealed vial out of the fullest box, where it is not needed before the demo's present."""
        surplus = {
            nurse_id: len(box) - self.to_open.get(nurse_id, 0)
            for nurse_id, box in self.boxes.items()
            if len(box) > self.to_open.get(nurse_id, 0) and nurse_id != self.spared
        }
        if not surplus:
            return None
        nurse_id = max(surplus, key=lambda each: (surplus[each], self.nurses[each].name))
        return nurse_id, self.boxes[nurse_id].pop()

    def _offer(self) -> None:
        found = self._spare()
        if found is None or len(self.boxes) < 3:
            return
        giver_id, vial = found
        giver = self.nurses[giver_id]
        others = [each for each in self.boxes if each not in (giver_id, self.spared)]
        receiver_id = min(others, key=lambda each: self.nurses[each].name)
        command = OfferHandOff(
            event_id=new_id(),
            container_id=vial.container_id,
            standing=standing_in_area(self.session, giver, self.clock),
            proof=sign(giver, self.clock.now()),
            place="between visits",
            to_nurse_id=receiver_id,
            seal=vial.seal,
        )
        require_stored(offer_hand_off(self.session, command, giver, self.clock))
        self._offered = self.nurses[receiver_id], vial

    def _accept_late(self) -> None:
        """The receiver signed without signal; her phone tells it half an hour later."""
        if self._offered is None:
            return
        receiver, vial = self._offered
        phone = register_device(self.session, "phone", receiver, self.clock)
        self.session.flush()
        command = AcceptHandOff(
            event_id=new_id(),
            container_id=vial.container_id,
            standing=standing_in_area(self.session, receiver, self.clock),
            stamp=DeviceStamp(device_id=phone.device_id, device_seq=1, device_time=self.now - TAKEN),
            proof=sign(receiver, self.clock.now()),
            place="between visits",
            seal=vial.seal,
        )
        _require(accept_hand_off(self.session, command, receiver, self.clock), "late_entry")
        assert receiver.nurse_id is not None
        self.boxes[receiver.nurse_id].append(vial)

    def _count(self) -> None:
        """Both counts, blind, find one vial less than the ledger has."""
        self._round = self._round or new_id()
        there = len(vials_at_pharmacy(self.session, self.counted_at))
        command = BlindCount(
            count_id=new_id(),
            round_id=self._round,
            holder=pharmacy_holder(self.counted_at),
            counted_units=there - 1,
        )
        count(self.session, command, self.pharmacist, self.clock)

    def _break(self) -> None:
        found = self._spare()
        if found is None:
            return
        nurse, vial = self.nurses[found[0]], found[1]
        command = ReportException(
            event_id=new_id(),
            container_id=vial.container_id,
            standing=standing_in_area(self.session, nurse, self.clock),
            reason="Slipped out of the box onto the pavement; the pieces are bagged.",
            kind=EventKind.BROKEN,
        )
        _require(report_exception(self.session, command, nurse, self.clock), "broken")

    def _hand_in(self) -> None:
        for each in self.carried:
            command = ReturnResidual(
                event_id=new_id(),
                container_id=each.container_id,
                standing=standing_at_pharmacy(self.session, each.pharmacy_id, each.nurse, self.clock),
                proof=sign(each.nurse, self.clock.now()),
                witness=sign(self.pharmacist, self.clock.now()),
                place="pharmacy",
                pharmacy_id=each.pharmacy_id,
                measured_ug=each.amount_ug,
                seal=each.seal,
            )
            require_stored(return_residual(self.session, command, each.nurse, self.clock))


def _require(receipt: Receipt, foreseen: str) -> None:
    if receipt.reasons != (foreseen,):
        raise NotAsPlayed(f"{receipt.kind}: {', '.join(receipt.reasons)} instead of {foreseen}")

"""What the compliance officer looks for among the vials, read from the address."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from flask import request

from api.days import day_from
from dispatch.custody.model import State
from dispatch.custody.queries import VialLine

MOST_DAYS = 92


@dataclass(frozen=True, kw_only=True)
class Sought:
    """What is looked for; what is empty does not narrow the list.

    Sealed stock that rests at a stock point is only summed up, until something is asked for.

    Attributes
    ----------
    person
        An account that signed an event of the vial, as actor or as witness.
    holder
        Code of the nurse or stock point that has it.
    site
        Code of the stock point that received it.
    until
        The last of the days, where more than one is asked for.
    """

    person: UUID | None
    holder: str
    state: str
    product: str
    site: str
    text: str
    resting: bool
    until: date | None

    @property
    def asks(self) -> bool:
        """Tell whether anything is asked for."""
        return bool(
            self.person or self.holder or self.state or self.product or self.site or self.text or self.resting
        )

    def finds(self, line: VialLine, signed: Collection[UUID]) -> bool:
        """Tell whether a vial is sought; `signed` are those that went through the person's hands."""
        if not self.asks and rests(line):
            return False
        return all(
            (
                self.person is None or line.container_id in signed,
                self.holder in ("", line.holder_label),
                self.state in ("", line.state.value),
                self.product in ("", line.product_code),
                self.site in ("", line.site),
                self.text.lower() in f"{line.serial} {line.lot}".lower(),
            )
        )


def sought(day: date) -> Sought:
    """Read the filters of the request; `day` is the first of the days."""
    return Sought(
        person=_person(),
        holder=_text("holder"),
        state=_text("state"),
        product=_text("product"),
        site=_text("site"),
        text=_text("q"),
        resting=request.args.get("resting") == "1",
        until=_until(day),
    )


def rests(line: VialLine) -> bool:
    """Tell whether a vial is sealed stock that lies at a stock point."""
    return line.state is State.DISPENSED and line.holder.startswith("pharmacy:")


def _text(name: str) -> str:
    return request.args.get(name, "").strip()[:60]


def _person() -> UUID | None:
    try:
        return UUID(request.args["person"])
    except (KeyError, ValueError):
        return None


def _until(day: date) -> date | None:
    text = request.args.get("until", "")
    if not text:
        return None
    # A span is cut to what a screen can show; reports have no such limit.
    return max(day, min(day_from(text), day + timedelta(days=MOST_DAYS)))

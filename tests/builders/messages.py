"""Messages to be queued."""

from datetime import timedelta
from typing import Any

from dispatch.kernel.clock import Clock
from dispatch.kernel.ids import new_id
from dispatch.messages.model import Channel, NewMessage, Recipient, ValueKind
from dispatch.messages.templates import TEMPLATES

SENSIBLE = {
    ValueKind.DAY: "Mon 23 Nov",
    ValueKind.TIME: "09:30",
    ValueKind.NUMBER: "24",
    ValueKind.PHONE: "+1 614 555 0100",
    ValueKind.LINK: "https://house.example/p/Ab-9_z",
    ValueKind.REFERENCE: "A-70",
}


def values_for(kind: str) -> dict[str, str]:
    """Something sensible for every place of a template."""
    places = TEMPLATES[kind].places
    return {name: place.words[0] if place.words else SENSIBLE[place.kind] for name, place in places.items()}


def a_message(clock: Clock, kind: str = "prepare", **more: Any) -> NewMessage:
    """A message to some patient, due now."""
    usual: dict[str, Any] = {
        "to": Recipient(patient_id=new_id()), "due_at": clock.now(), "values": values_for(kind),
        "lapses_at": clock.now() + timedelta(days=1),
    }  # fmt: skip
    return NewMessage(kind=kind, **(usual | more))


class Postbox:
    """A provider that keeps what it is given, or fails with the codes it was told."""

    def __init__(self, *failures: str) -> None:
        self.failures = list(failures)
        self.taken: list[tuple[Channel, str, str]] = []

    def send(self, channel: Channel, address: str, title: str, words: str) -> None:
        if self.failures:
            from api.messaging.provider import NotSent

            raise NotSent(self.failures.pop(0))
        self.taken.append((channel, address, words))

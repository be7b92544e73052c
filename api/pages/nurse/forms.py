"""Forms of the screen become commands; what is wrong with a form names its field."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from marshmallow import Schema, ValidationError

from api.v1.visits import fact_from
from api.v1.visits_schemas import FactSchema
from dispatch.kernel.refusals import Invalid, Reasons
from dispatch.visits.model import NewFact

WHOLE_NUMBERS = frozenset({"calls_made", "device_seq"})


def read_form(schema: Schema, form: Mapping[str, str], **defaults: object) -> dict[str, Any]:
    """Load a form, empty fields left out, or refuse with one reason a field.

    Parameters
    ----------
    defaults
        What the page knows when a browser without script could not fill it in.
    """
    sent: dict[str, object] = dict(defaults)
    for name, text in form.items():
        if name in schema.fields and text.strip():
            whole = name in WHOLE_NUMBERS and text.isascii() and text.isdigit()
            sent[name] = int(text) if whole else text
    return load_values(schema, sent)


def load_values(schema: Schema, sent: Mapping[str, object]) -> dict[str, Any]:
    """Load values, or refuse with one reason a field."""
    try:
        loaded: dict[str, Any] = schema.load(sent)
    except ValidationError as error:
        wrong = Reasons()
        messages = error.messages if isinstance(error.messages, dict) else {"": error.messages}
        for name, texts in messages.items():
            wrong.add("field_not_valid", f"{name}: {texts[0]}", field=str(name))
        raise Invalid(wrong.found) from None
    return loaded


def fact_from_form(form: Mapping[str, str], appointment_id: UUID, now: datetime) -> NewFact:
    """Make the command of a deed. Without script the page has no clock of its own: the server's counts."""
    return fact_from(appointment_id, read_form(FactSchema(), form, at=now.isoformat()))

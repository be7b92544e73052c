"""JSON as it comes in, read strictly: what two programs would read differently is refused by name.

A key sent twice, NaN, a text with NUL (which PostgreSQL cannot keep) or half a surrogate pair (which is no
text in any encoding) are refused before a schema sees them (reliability.md, "Bad input").
"""

import json
import re
from collections.abc import Iterable
from typing import Any

import flask
import flask_smorest
from webargs import missing
from webargs.flaskparser import FlaskParser, is_json_request

from dispatch.kernel.refusals import Invalid, Reasons, Refusal, refuse

UNKEPT = re.compile("[\x00\ud800-\udfff]")
LONGEST_FIELD = 60


class NotJson(Refusal):
    """The body is not JSON."""

    status = 400
    title = "The body could not be read"


def read_json(raw: bytes) -> Any:
    """Read a JSON document.

    Raises
    ------
    NotJson
        When it is none, or nested or numbered beyond reason.
    Invalid
        ``key_sent_twice``, ``number_not_finite`` or ``unseen_character``, each with its field.
    """
    wrong = Reasons()

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in pairs:
            if key in found:
                wrong.add("key_sent_twice", "Send each key once.", field=key[:LONGEST_FIELD])
            found[key] = value
        return found

    def no_number(name: str) -> None:
        wrong.add("number_not_finite", f"{name} is no number.", way_out="Leave it out or send null.")

    try:
        document = json.loads(raw.decode(), object_pairs_hook=once, parse_constant=no_number)
    except (ValueError, RecursionError):
        raise refuse(NotJson, "not_json", "The body is no JSON.", way_out="Send JSON in UTF-8.") from None
    refuse_unkept(document, wrong)
    wrong.raise_if_any(Invalid)
    return document


def refuse_unkept(document: Any, wrong: Reasons) -> None:
    """Note every text of a document, keys included, that cannot be kept."""
    waiting: list[tuple[str, Any]] = [("", document)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, str) and UNKEPT.search(value):
            text = "It holds NUL or half a character, which nobody can see and no database keeps."
            wrong.add("unseen_character", text, field=path[:LONGEST_FIELD])
        elif isinstance(value, dict):
            waiting.extend((path, key) for key in value)
            waiting.extend((f"{path}.{key}".lstrip("."), inner) for key, inner in value.items())
        elif isinstance(value, list):
            waiting.extend((f"{path}[{index}]", inner) for index, inner in enumerate(value))


class StrictParser(FlaskParser):
    """Reads bodies by `read_json`, and holds query strings to the same texts."""

    def _raw_load_json(self, req: flask.Request) -> Any:
        raw = req.get_data(cache=True) if is_json_request(req) else b""
        return read_json(raw) if raw else missing

    def load_querystring(self, req: flask.Request, schema: Any) -> Any:
        """Return the query, or refuse texts that cannot be kept."""
        wrong = Reasons()
        pairs: Iterable[tuple[str, str]] = req.args.items(multi=True)
        for name, text in pairs:
            refuse_unkept({name: text}, wrong)
        wrong.raise_if_any(Invalid)
        return super().load_querystring(req, schema)


class Blueprint(flask_smorest.Blueprint):  # type: ignore[misc]
    """A chapter's routes, their arguments read strictly."""

    ARGUMENTS_PARSER = StrictParser()

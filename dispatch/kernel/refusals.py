"""How Housecall says no: one hierarchy, every reason at once, each with its way out.

A refusal undoes the whole transaction (see `api.db`). What physically happened is therefore never
refused by raising: it is recorded as an exception that compliance sees (custody-rules.md, invariant 9).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Reason:
    """One unmet rule.

    Attributes
    ----------
    code
        The rule's name as the trade and `docs/glossary.md` spell it, e.g. ``licence_not_valid_in_state``.
    text
        One sentence for the person who asked. Never holds a patient's data.
    field
        The input that broke the rule, as a path such as ``windows[0].begins_at``; empty where none did.
    way_out
        What can be done about it, or who can release it.
    """

    code: str
    text: str
    field: str = ""
    way_out: str = ""


class Refusal(Exception):
    """Something may not be done. Carries *all* the reasons, never only the first."""

    status = 422
    title = "This cannot be done"

    def __init__(self, reasons: Iterable[Reason], extra: Mapping[str, object] | None = None) -> None:
        self.reasons = tuple(reasons)
        self.extra = dict(extra or {})
        super().__init__("; ".join(reason.code for reason in self.reasons))


class Invalid(Refusal):
    """The input itself is wrong: names the field, the rule and the way out."""

    title = "The input is not valid"


class Forbidden(Refusal):
    """The person may not do this, whatever the state of things."""

    status = 403
    title = "You may not do this"


class NotFound(Refusal):
    """There is no such thing, or not for this person (which must look the same)."""

    status = 404
    title = "Not found"


class Conflict(Refusal):
    """The state of things does not allow it now (a law of the day or of the ledger)."""

    status = 409
    title = "The present state does not allow this"


class Stale(Refusal):
    """Somebody changed it since it was read."""

    status = 412
    title = "It changed since you looked"


class Unavailable(Refusal):
    """A part that is needed does not answer at the moment."""

    status = 503
    title = "Not available right now"


def refuse(
    kind: type[Refusal], code: str, text: str, *, field: str = "", way_out: str = "", **extra: object
) -> Refusal:
    """Make a refusal of `kind` with a single reason; the caller raises it."""
    return kind([Reason(code=code, text=text, field=field, way_out=way_out)], extra)


@dataclass
class Reasons:
    """Collects unmet rules, then refuses once with all of them."""

    found: list[Reason] = field(default_factory=list)

    def add(self, code: str, text: str, *, field: str = "", way_out: str = "") -> None:
        """Note one unmet rule."""
        self.found.append(Reason(code=code, text=text, field=field, way_out=way_out))

    def raise_if_any(self, kind: type[Refusal]) -> None:
        """Raise `kind` with everything noted, if anything was."""
        if self.found:
            raise kind(self.found)

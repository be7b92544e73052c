"""What a person asks of a case: one frozen value a deed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from dispatch.custody.cases.model import StepKind


@dataclass(frozen=True, kw_only=True)
class OpenCase:
    """A person noticed that something is wrong.

    Attributes
    ----------
    kind
        One of `rules.folding.REPORTED_KINDS`.
    serial
        The vial it is about; empty where it is about none.
    discovered_at
        When it was first noticed, which starts every clock; now when left out.
    """

    area_id: UUID
    kind: str
    text: str
    serial: str = ""
    discovered_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class AddStep:
    """A person adds a step.

    Attributes
    ----------
    code
        See `model.Step.code`.
    happened_at
        When a notice or form went out; now when left out.
    person_id
        The account a case is assigned to.
    seen
        The number of the last step the person saw; a decision on an older view is refused.
    """

    case_id: UUID
    kind: StepKind
    code: str = ""
    text: str = ""
    happened_at: datetime | None = None
    person_id: UUID | None = None
    seen: int | None = None


@dataclass(frozen=True, kw_only=True)
class Attach:
    """A document is added to a case. What it is, is seen from its content, never from its name."""

    case_id: UUID
    name: str
    content: bytes
    text: str = ""


@dataclass(frozen=True, kw_only=True)
class FillForm:
    """Fields of a form that the software cannot know; only those that changed become steps."""

    case_id: UUID
    form: str
    values: Mapping[str, str]

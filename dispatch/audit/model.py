"""What the audit log keeps of a deed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID


@dataclass(frozen=True, kw_only=True)
class AuditEntry:
    """A deed, made together with the fact it tells of, so that no fact is without one.

    Attributes
    ----------
    action
        The trade's verb and thing, e.g. ``appointment.book``, ``custody.waste``, ``patient.read``.
    detail
        Ids, codes and numbers only; never a name, an address or a free text about a patient.
    """

    action: str
    subject_kind: str
    subject_id: UUID | None
    patient_id: UUID | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)

"""What is asked of an audit bundle, and what its files are called."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

# As the verifier, which shares no code with this program, spells them.
FORMAT = "housecall custody bundle 1"
HEADER, MANIFEST, PROOFS, ENTRIES = "bundle.json", "MANIFEST", "proofs.jsonl", "entries.jsonl"
VERIFIER, README, CHECKPOINT = "verify.py", "README.txt", "checkpoint.txt"

Files = Mapping[str, bytes]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Which vials a bundle tells of, whole lives of them; without any wish, the whole log.

    Attributes
    ----------
    since, until
        Vials with an event at or after `since` and before `until`.
    container_id, nurse_id, visit_ids
        One vial; vials that a nurse held; vials of a patient's visits. Each None where nobody asked.
    shows_visits
        Whether the salts of all visits are put in, for a reader who may see every patient's records.
        Those of `visit_ids` always are, and no other's (45 CFR 164.502(b), the minimum necessary).
    """

    since: datetime | None = None
    until: datetime | None = None
    container_id: UUID | None = None
    nurse_id: UUID | None = None
    visit_ids: frozenset[UUID] | None = None
    shows_visits: bool = False

    @property
    def everything(self) -> bool:
        """Tell whether nothing limits the bundle."""
        limits = (self.since, self.until, self.container_id, self.nurse_id, self.visit_ids)
        return all(limit is None for limit in limits)

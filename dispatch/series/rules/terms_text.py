"""The terms of an order as they are sealed: JSON, decimals as texts, so that nothing is rounded."""

import json
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from dispatch.series.model import (
    Antiemetic,
    Delivery,
    DrawRounding,
    ExternalOrder,
    Indication,
    Route,
    SignedOver,
    Terms,
)

DECIMALS = ("weight_kg", "mg_per_kg", "final_ml", "rate_low_ml_h", "rate_high_ml_h")
WHOLE = ("concentration_ug_per_ml", "minutes")
ENUMS = {
    "indication": Indication, "route": Route, "delivery": Delivery, "antiemetic": Antiemetic,
    "draw_rounding": DrawRounding,
}  # fmt: skip


def sealed_text(
    terms: Terms,
    signed_over: tuple[SignedOver, ...],
    acknowledged: frozenset[str],
    external: ExternalOrder | None,
    reason: str,
) -> str:
    """Write everything of a version that tells of a patient."""
    written: dict[str, Any] = {name: str(getattr(terms, name)) for name in DECIMALS}
    written |= {name: getattr(terms, name) for name in WHOLE}
    written |= {name: getattr(terms, name).value for name in ENUMS}
    assert terms.weighed_on is not None
    return json.dumps(
        {
            "terms": written | {"weighed_on": terms.weighed_on.isoformat()},
            "signed_over": [
                {"code": each.code, "reason": each.reason, "expires_at": each.expires_at.isoformat()}
                for each in signed_over
            ],
            "acknowledged": sorted(acknowledged),
            "external": external
            and {
                "prescriber_name": external.prescriber_name,
                "licence_number": external.licence_number,
                "licence_state": external.licence_state,
                "signed_on": external.signed_on.isoformat(),
                "outside_id": str(external.outside_id) if external.outside_id else None,
            },
            "reason": reason,
        },
        sort_keys=True,
    )


def read_sealed(
    text: str,
) -> tuple[Terms, tuple[SignedOver, ...], frozenset[str], ExternalOrder | None, str]:
    """Read what `sealed_text` wrote."""
    read = json.loads(text)
    written = read["terms"]
    values: dict[str, Any] = {name: Decimal(written[name]) for name in DECIMALS}
    values |= {name: written[name] for name in WHOLE}
    values |= {name: kind(written[name]) for name, kind in ENUMS.items()}
    terms = Terms(**values, weighed_on=date.fromisoformat(written["weighed_on"]))
    signed_over = tuple(
        SignedOver(
            code=each["code"], reason=each["reason"], expires_at=datetime.fromisoformat(each["expires_at"])
        )
        for each in read["signed_over"]
    )
    said = read["external"]
    external = _external(said) if said else None
    return terms, signed_over, frozenset(read["acknowledged"]), external, read["reason"]


def _external(said: Mapping[str, Any]) -> ExternalOrder:
    scan = said.get("outside_id")
    apart = {
        "signed_on": date.fromisoformat(said["signed_on"]), "outside_id": UUID(scan) if scan else None
    }  # fmt: skip
    return ExternalOrder(**{**said, **apart})

"""Oxygen and breathing are never watched more loosely than the default says, whatever is signed.

One seed document says that ketamine does not suppress breathing, another that it can kill together with
alcohol (care-rules.md section 2, "safety claim"): the claim relaxes nothing here. Stricter may be signed.
"""

from collections.abc import Callable, Mapping
from typing import Any

from dispatch.areas.defaults.bedside import DEFAULTS

# The value of a limit that is the stricter of two.
STRICTER: Mapping[str, Callable[..., int]] = {
    "spo2_percent": max,
    "spo2_below_percent": max,
    "spo2_seconds": min,
    "rr_below": max,
    "rr_above": min,
}


def never_laxer(key: str, signed: Mapping[str, Any]) -> dict[str, Any]:
    """Return the limits of policy `key` with oxygen (%, s) and breaths (a minute) at least at the default."""
    default = DEFAULTS[key]
    return {
        name: STRICTER[name](value, default[name]) if name in STRICTER and name in default else value
        for name, value in signed.items()
    }

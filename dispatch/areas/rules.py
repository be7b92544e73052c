"""Which value of a policy counts, and whether a new one has the shape that the code reads."""

from collections.abc import Mapping
from typing import Any

from dispatch.kernel.refusals import Reason


def precedence(registrant: str | None, area: bool, state: str | None) -> int:
    """Rank the scope of a policy row: a registrant's before an area's before a state's before all."""
    return 4 * (registrant is not None) + 2 * area + (state is not None)


def shape_faults(default: Mapping[str, Any], value: Mapping[str, Any]) -> list[Reason]:
    """Return what keeps `value` from standing in for `default`: parts missing, unknown, of another kind."""
    found = [
        _fault(name, f"There is no {name!r} in this policy.") for name in sorted(set(value) - set(default))
    ]
    for name, usual in default.items():
        if name not in value:
            found.append(_fault(name, f"{name!r} is missing."))
        elif not _alike(usual, value[name]):
            found.append(_fault(name, f"{name!r} has to be {_kind(usual)}."))
    return found


def _alike(usual: Any, value: Any) -> bool:
    if isinstance(usual, bool) or isinstance(value, bool):
        return isinstance(usual, bool) and isinstance(value, bool)
    if isinstance(usual, int):
        return isinstance(value, int) and value >= 0
    if isinstance(usual, list):
        return isinstance(value, list) and all(isinstance(each, str) for each in value)
    return type(usual) is type(value)


def _kind(usual: Any) -> str:
    if isinstance(usual, bool):
        return "true or false"
    if isinstance(usual, int):
        return "a whole number from 0"
    return "a list of words" if isinstance(usual, list) else "a text"


def _fault(name: str, text: str) -> Reason:
    return Reason(
        code="policy_shape", text=text, field=f"value.{name}", way_out="Start from the default and change it."
    )

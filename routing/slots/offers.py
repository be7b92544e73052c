"""Promises of a day for one more visit: windows on a grid, each with its price and who could keep it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from routing.engine.route.roster import NOT_POSSIBLE
from routing.problem import Window
from routing.slots.fits import Fit, ReadyDay, Wanted

Table = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class SlotOffer:
    """A window in which the visit could be promised to begin.

    Attributes
    ----------
    added_mc
        What the cheapest way to keep it adds to the day's cost.
    nurse, position, begin_s
        That way: who, where in her route (0 first), and the begin of least cost.
    detour_s
        Driving that it adds to her route, calls at a pharmacy not counted.
    nurses
        Ids of all who could keep the promise as their routes are now, cheapest first: with several, a later
        change of the day does not break it.
    leeway_s
        How much her begin could still shift inside the window.
    """

    window: Window
    added_mc: int
    nurse: str
    position: int
    begin_s: int
    detour_s: int
    nurses: tuple[str, ...]
    leeway_s: int


def grid(first_s: int, last_s: int, width_s: int, step_s: int) -> tuple[Window, ...]:
    """Return the windows of `width_s` that begin every `step_s` within [`first_s`, `last_s`].

    A span shorter than a window is one window by itself.
    """
    if first_s > last_s:
        return ()
    begins = range(first_s, max(first_s, last_s - width_s) + 1, step_s)
    return tuple(Window(begin_s=begin_s, end_s=min(begin_s + width_s, last_s)) for begin_s in begins)


def offers(ready: ReadyDay, wanted: Wanted, windows: Sequence[Window]) -> tuple[SlotOffer | None, ...]:
    """Return the offer of each window, None where nobody can keep it.

    The price is exact: the cheapest single insertion into the present routes, everything timed again, that
    begins inside the window (the tests compare it with `routing.check.price`).
    """
    row = ready.drives_s(wanted.lat, wanted.lon)
    fits = ready.fits(wanted, row)
    if not fits or not windows:
        return (None,) * len(windows)
    cost_mc, begin_s = _priced(ready, fits, windows)
    found: list[SlotOffer | None] = []
    for column, window in enumerate(windows):
        prices = cost_mc[:, column]
        best = int(prices.argmin())
        if prices[best] >= NOT_POSSIBLE:
            found.append(None)
            continue
        fit, begins_s = fits[best], int(begin_s[best, column])
        same = [
            f for f, price in zip(fits, prices, strict=True) if price < NOT_POSSIBLE and f.nurse == fit.nurse
        ]
        found.append(
            SlotOffer(
                window=window,
                added_mc=int(prices[best]),
                nurse=ready.problem.nurses[fit.nurse].id,
                position=fit.position,
                begin_s=begins_s,
                detour_s=ready.detour_s(fit.nurse, fit.position, row),
                nurses=_able(ready, fits, prices),
                leeway_s=max(min(f.hi_s, window.end_s) - max(f.lo_s, window.begin_s) for f in same),
            )
        )
    return tuple(found)


def _priced(ready: ReadyDay, fits: Sequence[Fit], windows: Sequence[Window]) -> tuple[Table, Table]:
    """Return the least cost in mc and the begin of each fit (rows) in each window (columns)."""
    weights = ready.problem.weights
    lo, hi, k, f, w, o = (column[:, None] for column in np.array([fit[2:] for fit in fits], dtype=np.int64).T)
    opens = np.array([window.begin_s for window in windows], dtype=np.int64)
    closes = np.array([window.end_s for window in windows], dtype=np.int64)
    first, last = np.maximum(lo, opens), np.minimum(hi, closes)
    begin = np.minimum(np.maximum(w, first), last)
    cost: Table = (
        k
        + weights.idle_mc_per_s * (np.maximum(0, begin - f) + np.maximum(0, w - begin))
        + weights.overtime_mc_per_s * np.maximum(0, np.maximum(begin, w) - o)
    )
    return np.where(first <= last, cost, NOT_POSSIBLE), begin


def _able(ready: ReadyDay, fits: Sequence[Fit], prices: Table) -> tuple[str, ...]:
    least: dict[int, int] = {}
    for fit, price in zip(fits, prices.tolist(), strict=True):
        if price < NOT_POSSIBLE:
            least[fit.nurse] = min(price, least.get(fit.nurse, price))
    return tuple(ready.problem.nurses[nurse].id for nurse in sorted(least, key=lambda n: (least[n], n)))

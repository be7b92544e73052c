"""Invented boards: our cost, bound and gap beside what each peer makes of the same board in the same time."""

import os
import platform
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.peers import PEERS
from benchmarks.runs import Board, Run, run

SHORT_MIN = (30, 35, 40, 45)  # service minutes of the short-visit boards


@dataclass(frozen=True, kw_only=True)
class Line:
    """One board at one budget: our run, and every other engine's."""

    board: Board
    budget_s: float
    ours: Run
    others: tuple[Run, ...]

    @property
    def ratios(self) -> dict[str, float | None]:
        """Our cost over each other's; None where theirs is nothing."""
        ours_mc = self.ours.plan.cost_mc
        return {
            other.engine: round(ours_mc / other.plan.cost_mc, 4) if other.plan.cost_mc > 0 else None
            for other in self.others
        }

    @property
    def ratio_to_best_peer(self) -> float | None:
        """Our cost over the cheapest other's: above 1 they win."""
        return max((ratio for ratio in self.ratios.values() if ratio is not None), default=None)

    def as_json(self) -> dict[str, Any]:
        """Return the line as it is printed; costs in mc."""
        plan = self.ours.plan
        return {
            "size": self.board.size,
            "seed": self.board.seed,
            "short_visits": bool(self.board.service_min),
            "seconds": self.budget_s,
            "engine": self.ours.engine,
            "cost_mc": plan.cost_mc,
            "bound_mc": plan.bound_mc,
            "gap": None if plan.gap is None else round(plan.gap, 5),
            "optimal": plan.is_optimal,
            "unassigned": len(plan.unassigned),
            "took_s": self.ours.seconds,
            "cpu_s": self.ours.cpu_s,
            "first_feasible_s": self.ours.first_feasible_s,
            "time_to_optimal_s": self.ours.time_to_optimal_s,
            "peak_rss_mb": self.ours.peak_rss_mb,
            "peers": {other.engine: other.plan.cost_mc for other in self.others},
            "peers_unassigned": {other.engine: len(other.plan.unassigned) for other in self.others},
            "peers_took_s": {other.engine: other.seconds for other in self.others},
            "peers_cpu_s": {other.engine: other.cpu_s for other in self.others},
            "ratio_to_best_peer": self.ratio_to_best_peer,
            "load": self.ours.load,
        }


def measured(
    boards: Sequence[Board],
    budgets: Sequence[float],
    ours: str,
    others: Sequence[str],
    keep: Path | None = None,
) -> Iterator[Line]:
    """Yield a line for each board and budget: ours first, then the others, one after the other."""
    for board in boards:
        for seconds in budgets:
            yield Line(
                board=board,
                budget_s=seconds,
                ours=run(board, ours, seconds, keep=keep),
                others=tuple(run(board, other, seconds, keep=keep) for other in others),
            )


def summary(lines: Sequence[Line]) -> dict[str, Any]:
    """Return the last line. A board without a bound counts as a gap of 1 in the median."""
    gaps = [1.0 if line.ours.plan.gap is None else line.ours.plan.gap for line in lines]
    ratios = [line.ratio_to_best_peer for line in lines if line.ratio_to_best_peer is not None]
    return {
        "boards": len(lines),
        "optimal": sum(line.ours.plan.is_optimal for line in lines),
        "median_gap": round(statistics.median(gaps), 5) if gaps else None,
        "worst_gap": round(max(gaps), 5) if gaps else None,
        "worst_ratio_to_best_peer": max(ratios, default=None),
        "worst_ratio": {
            name: max(found)
            for name in _names(lines)
            if (found := [ratio for line in lines if (ratio := line.ratios.get(name)) is not None])
        },
        "peers_missing": missing_peers(),
        "versions": versions(),
        "cores": os.cpu_count(),
    }


def _names(lines: Sequence[Line]) -> list[str]:
    return list(dict.fromkeys(other.engine for line in lines for other in line.others))


def missing_peers() -> list[str]:
    """Return the peers that are not installed here (dependency group `peers`)."""
    return [name for name, peer in PEERS.items() if not peer.is_installed]


def versions() -> dict[str, str]:
    """Return what was measured, and with what."""
    found = {"python": platform.python_version(), "housecall": version("housecall")}
    for distribution in ("ortools", "numba", "pyvrp", "pyvroom"):
        peer = next((peer for peer in PEERS.values() if peer.distribution == distribution), None)
        found[distribution] = peer.version if peer else version(distribution)
    return {name: stated for name, stated in found.items() if stated}

"""The tables of ``housecall bench diversion``, as Markdown for docs/signals.md."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import fmean, median
from typing import Any

from benchmarks.diversion_patterns import PATTERNS
from dispatch.custody.signals.model import Rule
from dispatch.custody.signals.rules.tails import interval

SIGNALS = (*(rule.value for rule in Rule), "assay")
Measured = Sequence[Mapping[str, Any]]


def read(paths: Iterable[Path]) -> list[dict[str, Any]]:
    """Read what `--out` kept."""
    return [json.loads(line) for path in paths for line in path.read_text().splitlines()]


def tables(measured: Measured) -> str:
    """Return all tables."""
    return "\n\n".join(
        (found_table(measured), by_signal_table(measured), without_table(measured), vain_table(measured))
    )


def _patterns(measured: Measured) -> list[str]:
    return [name for name in PATTERNS if name in measured[0]["found"]]


def _days(measured: Measured, name: str, left_out: str = "") -> list[int]:
    """Return the days to the first question of each seed where there was one."""
    firsts = []
    for seed in measured:
        days = [day for signal, day in seed["found"][name]["days"].items() if signal != left_out]
        if days:
            firsts.append(min(days))
    return firsts


def found_table(measured: Measured) -> str:
    """Return how many plantings of each pattern were asked about, and how soon."""
    lines = [
        "| planted | found | 95 % | within 90 days | median days | slow ones (9 of 10 found sooner) |",
        "|---|---|---|---|---|---|",
    ]
    for name in _patterns(measured):
        days = sorted(_days(measured, name))
        low, high = interval(len(days), len(measured))
        soon = sum(day <= 90 for day in days)
        middle = f"{median(days):.0f}" if days else "-"
        slow = f"{days[int(0.9 * (len(days) - 1))]}" if days else "-"
        lines.append(
            f"| {name} | {len(days)} of {len(measured)} | {100 * low:.0f}-{100 * high:.0f} % | {soon} | "
            f"{middle} | {slow} |"
        )
    return "\n".join(lines)


def by_signal_table(measured: Measured) -> str:
    """Return which signal found which pattern, in how many of the years."""
    used = [
        signal
        for signal in SIGNALS
        if any(signal in seed["found"][name]["days"] for seed in measured for name in _patterns(measured))
    ]
    lines = [
        "| planted | " + " | ".join(signal.replace("_", " ") for signal in used) + " |",
        "|---" * (len(used) + 1) + "|",
    ]
    for name in _patterns(measured):
        counts = [sum(signal in seed["found"][name]["days"] for seed in measured) for signal in used]
        lines.append(f"| {name} | " + " | ".join(str(count or "") for count in counts) + " |")
    return "\n".join(lines)


def without_table(measured: Measured) -> str:
    """Return the ablation: what is found, over all patterns, when one signal is left out."""
    patterns = _patterns(measured)
    total = len(patterns) * len(measured)
    vain = _vain(measured)
    whole = sum(len(_days(measured, name)) for name in patterns)
    asked = sum(vain.values()) / len(measured)
    lines = [
        "| left out | found | median days | in vain a year |",
        "|---|---|---|---|",
        f"| nothing | {whole} of {total} | {_median(measured, '')} | {asked:.1f} |",
    ]
    for signal in SIGNALS:
        found = sum(len(_days(measured, name, signal)) for name in patterns)
        less = asked - vain[signal] / len(measured)
        lines.append(
            f"| {signal.replace('_', ' ')} | {found} ({found - whole:+d}) | {_median(measured, signal)} | "
            f"{less:.1f} |"
        )
    return "\n".join(lines)


def _median(measured: Measured, left_out: str) -> str:
    days = [day for name in _patterns(measured) for day in _days(measured, name, left_out)]
    return f"{median(days):.0f}" if days else "-"


def _vain(measured: Measured) -> Counter[str]:
    vain: Counter[str] = Counter()
    for seed in measured:
        vain.update(seed["vain"])
        vain["assay"] += seed["assays_wrong"]
    return vain


def vain_table(measured: Measured) -> str:
    """Return what an honest year asks in vain."""
    years = [sum(seed["vain"].values()) for seed in measured]
    vain = _vain(measured)
    lines = [
        f"An honest year of 34 nurses asks {fmean(years):.1f} questions in vain (median {median(years):.0f}, "
        f"{min(years)}-{max(years)}), about {fmean(seed['vain_nurses'] for seed in measured):.1f} nurses; "
        f"{fmean(seed['assays'] for seed in measured):.0f} residuals are assayed, "
        f"{fmean(seed['assays_wrong'] for seed in measured):.2f} fail without cause.",
        "",
        "| signal | in vain a year |",
        "|---|---|",
    ]
    lines += [f"| {signal.replace('_', ' ')} | {vain[signal] / len(measured):.2f} |" for signal in SIGNALS]
    return "\n".join(lines)

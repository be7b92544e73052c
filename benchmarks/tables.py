"""``housecall bench tables``: measures lists of boards and writes their rows into `docs/benchmarks.md`.

A table stands between ``<!-- table NAME -->`` and ``<!-- end NAME -->``. A row is written as soon as it is
measured and takes the place of the row of the same board and seconds; so a long table can be made in parts,
and every row says when, and under which load.
"""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from benchmarks.boards import SHORT_MIN, Line, measured, missing_peers, versions
from benchmarks.boards_command import read_size
from benchmarks.peers import PEERS
from benchmarks.runs import ROOT, Board, RunFailed

DOCUMENT = ROOT / "docs" / "benchmarks.md"
Row = tuple[str, float]  # size, seconds


@dataclass(frozen=True, kw_only=True)
class Table:
    """A list of measurements, and how their lines become a row."""

    head: tuple[str, ...]
    rows: tuple[Row, ...]
    cells: Callable[[Sequence[Line]], list[str]]
    with_peers: bool
    service_min: tuple[int, ...] = ()


def _target_cells(lines: Sequence[Line]) -> list[str]:
    ours = [line.ours for line in lines]
    optimal_s = [run.time_to_optimal_s for run in ours if run.time_to_optimal_s is not None]
    first_s = [run.first_feasible_s for run in ours if run.first_feasible_s is not None]
    peaks = [run.peak_rss_mb for run in ours if run.peak_rss_mb is not None]
    gaps = _gaps(lines)
    return [
        _percent(statistics.median(gaps)),
        _percent(max(gaps)),
        f"{len(optimal_s)} of {len(lines)}",
        f"{statistics.median(optimal_s):.1f} s" if optimal_s else "-",
        f"{statistics.median(first_s) * 1000:.0f} ms" if first_s else "-",
        f"{max(peaks):.0f} MB" if peaks else "-",
    ]


def _peer_cells(lines: Sequence[Line]) -> list[str]:
    cells = [_percent(statistics.median(_gaps(lines)))]
    for name in PEERS:
        theirs = [1 / ratio for line in lines if (ratio := line.ratios.get(name))]
        cells.append(f"{statistics.median(theirs):.3f} ({min(theirs):.3f})" if theirs else "-")
    worst = [line.ratio_to_best_peer for line in lines if line.ratio_to_best_peer is not None]
    return [*cells, f"{max(worst):.4f}" if worst else "-"]


def _gaps(lines: Sequence[Line]) -> list[float]:
    return [1.0 if line.ours.plan.gap is None else line.ours.plan.gap for line in lines]


def _percent(share: float) -> str:
    return "no bound" if share >= 1 else f"{100 * share:.2f} %"


BUDGETS_S = (5, 10, 30)
PEER_HEAD = ("median gap", *(f"{name}: cost to ours" for name in PEERS), "ours to the best of them, at worst")
TABLES = {
    "targets": Table(
        head=("median gap", "worst gap", "proven optimal", "in (median)", "first plan (median)", "memory"),
        rows=(
            ("20/6", 2), ("50/14", 10), ("100/28", 30), ("100/28", 120), ("200/55", 60), ("500/140", 120),
            ("1000/280", 180),
        ),
        cells=_target_cells,
        with_peers=False,
    ),
    "peers": Table(
        head=PEER_HEAD,
        rows=tuple((size, s) for size in ("20/6", "50/14", "100/28", "200/55") for s in BUDGETS_S),
        cells=_peer_cells,
        with_peers=True,
    ),
    "short": Table(
        head=PEER_HEAD,
        rows=tuple((size, s) for size in ("50/6", "100/12", "200/24") for s in BUDGETS_S),
        cells=_peer_cells,
        with_peers=True,
        service_min=SHORT_MIN,
    ),
}  # fmt: skip


def written(text: str, name: str, cells: Sequence[str]) -> str:
    """Return the document with a row put into a table: in place of the same board and seconds, or at its end.

    Raises
    ------
    ValueError
        If the document has no place for the table.
    """
    begin, end = f"<!-- table {name} -->\n", f"<!-- end {name} -->"
    before, found, rest = text.partition(begin)
    inside, closed, after = rest.partition(end)
    if not (found and closed):
        raise ValueError(f"The document has no lines {begin.strip()} and {end}.")
    head = ("board", "seconds", "boards", *TABLES[name].head, "cores had", "load", "date")
    rows = {tuple(_cells_of(line)[:2]): line for line in inside.splitlines()[2:] if line.startswith("|")}
    rows[cells[0], cells[1]] = _line_of(cells)
    order = [(size, f"{seconds:g}") for size, seconds in TABLES[name].rows]
    sorted_rows = sorted(rows, key=lambda key: order.index(key) if key in order else len(order))
    lines = [_line_of(head), "|" + "---|" * len(head), *(rows[key] for key in sorted_rows)]
    return before + begin + "\n".join(lines) + "\n" + end + after


def _line_of(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _cells_of(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


@click.command("tables")
@click.argument("names", nargs=-1, type=click.Choice(list(TABLES)))
@click.option("--seeds", type=click.IntRange(1), default=3, show_default=True, help="How many boards a row.")
@click.option("--size", "sizes", multiple=True, help="Only the rows of these sizes.")
@click.option("--budget", "budgets", type=float, multiple=True, help="Only the rows of so many seconds.")
@click.option(
    "--out",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default=DOCUMENT,
    help="The document that holds the tables. Default: docs/benchmarks.md.",
)
def tables(
    names: tuple[str, ...], seeds: int, sizes: tuple[str, ...], budgets: tuple[float, ...], out: Path
) -> None:
    """Measure the tables NAMES (all when none is named) and write each row into the document at once."""
    if missing_peers() and any(TABLES[name].with_peers for name in names or TABLES):
        raise click.ClickException(f"{', '.join(missing_peers())} missing: run `make peers`.")
    click.echo(", ".join(f"{name} {stated}" for name, stated in versions().items()))
    for name in names or tuple(TABLES):
        table = TABLES[name]
        for size, seconds in table.rows:
            if (sizes and size not in sizes) or (budgets and seconds not in budgets):
                continue
            cells = _measured_row(table, size, seconds, seeds)
            out.write_text(written(out.read_text(encoding="utf-8"), name, cells), encoding="utf-8")
            click.echo(f"{name}: {_line_of(cells)}")


def _measured_row(table: Table, size: str, seconds: float, seeds: int) -> list[str]:
    visits, nurses = read_size(size)
    boards = [
        Board(visits=visits, nurses=nurses, seed=seed, service_min=table.service_min)
        for seed in range(1, seeds + 1)
    ]
    try:
        lines = list(measured(boards, [seconds], "columns", list(PEERS) if table.with_peers else []))
    except RunFailed as failed:
        raise click.ClickException(str(failed)) from None
    loads = sorted(run.load for line in lines for run in (line.ours, *line.others))
    today = time.strftime("%Y-%m-%d")
    return [
        size,
        f"{seconds:g}",
        f"{seeds}",
        *table.cells(lines),
        f"{statistics.median(line.ours.cpu_s / max(line.ours.seconds, 1e-3) for line in lines):.1f}",
        f"{loads[0]:g}-{loads[-1]:g}",
        today,
    ]

"""``housecall bench boards``."""

import json
from collections.abc import Sequence
from pathlib import Path

import click

from benchmarks.boards import SHORT_MIN, Line, measured, missing_peers, summary
from benchmarks.peers import PEERS
from benchmarks.runs import Board, RunFailed
from routing.engine.solve import ENGINES

MC_PER_DOLLAR = 100_000


def read_size(text: str) -> tuple[int, int]:
    """Read ``visits/nurses``."""
    visits, _, nurses = text.partition("/")
    if not (visits.isdigit() and nurses.isdigit() and int(visits) and int(nurses)):
        raise click.BadParameter(
            f"{text!r} is no size: write visits/nurses, such as 100/28.", param_hint="--size"
        )
    return int(visits), int(nurses)


def read_budgets(text: str) -> list[float]:
    """Read seconds, separated by commas."""
    try:
        budgets = [float(part) for part in text.split(",")]
    except ValueError:
        budgets = []
    if not budgets or not all(0 < seconds <= 86_400 for seconds in budgets):
        raise click.BadParameter(
            f"{text!r}: write seconds separated by commas, such as 5,10,30.", param_hint="--budgets"
        )
    return budgets


def _known(names: Sequence[str]) -> None:
    unknown = [name for name in names if name not in ENGINES and name not in PEERS]
    if unknown:
        raise click.BadParameter(
            f"{', '.join(unknown)}: known are {', '.join((*ENGINES, *PEERS))}.", param_hint="--engines"
        )
    absent = [name for name in names if name in PEERS and not PEERS[name].is_installed]
    if absent:
        raise click.BadParameter(
            f"{', '.join(absent)} is not installed: run `make peers`.", param_hint="--engines"
        )


@click.command("boards")
@click.option("--size", "sizes", multiple=True, help="Visits/nurses; repeat it for several. Default 100/28.")
@click.option("--seeds", type=click.IntRange(1), default=3, show_default=True, help="How many boards a size.")
@click.option("--first-seed", type=click.IntRange(0), default=1, show_default=True)
@click.option("--seconds", type=click.FloatRange(0, 86_400, min_open=True), default=30.0, show_default=True)
@click.option("--budgets", help="Several times instead of --seconds, such as 5,10,30.")
@click.option("--short-visits", is_flag=True, help="Visits of 30 to 45 minutes, so that routes are long.")
@click.option("--engines", help="Ours first, then whom to compare with. Default: columns and all peers.")
@click.option("--no-peers", is_flag=True, help="Ours alone.")
@click.option(
    "--keep",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write each day and plan to this folder, for `housecall plan-check`.",
)
@click.option("--json", "as_json", is_flag=True, help="One line of JSON a board, then one about all.")
def boards(
    sizes: tuple[str, ...],
    seeds: int,
    first_seed: int,
    seconds: float,
    budgets: str | None,
    short_visits: bool,
    engines: str | None,
    no_peers: bool,
    keep: Path | None,
    as_json: bool,
) -> None:
    """Cost, bound and gap of generated boards, and each peer's cost on the same board in the same time.

    Every plan is checked and priced here by the rules of `housecall plan-check`. Peers are OR-Tools' routing
    library, PyVRP and VROOM (`make peers` installs the last two), each given its closest encoding of the day.
    """
    ours, *others = (
        engines.split(",") if engines else ["columns", *(n for n in PEERS if PEERS[n].is_installed)]
    )
    _known([ours, *others])
    if no_peers:
        others = []
    elif missing_peers() and not engines:
        click.echo(f"not installed, so left out: {', '.join(missing_peers())} (`make peers`)", err=True)
    wanted = [
        Board(visits=visits, nurses=nurses, seed=seed, service_min=SHORT_MIN if short_visits else ())
        for visits, nurses in map(read_size, sizes or ("100/28",))
        for seed in range(first_seed, first_seed + seeds)
    ]
    lines: list[Line] = []
    if not as_json:
        click.echo(_heading(others))
    try:
        for line in measured(wanted, read_budgets(budgets) if budgets else [seconds], ours, others, keep):
            lines.append(line)
            click.echo(json.dumps(line.as_json()) if as_json else _row(line))
    except RunFailed as failed:
        raise click.ClickException(str(failed)) from None
    told = summary(lines)
    click.echo(json.dumps(told) if as_json else _closing(told))


def _heading(others: Sequence[str]) -> str:
    peers = "".join(f" {name:>16}" for name in others)
    return (
        f"{'board':>9} {'seed':>4} {'s':>4} {'cost $':>10} {'bound $':>10} {'gap':>7} {'left':>4} "
        f"{'first s':>7} {'MB':>6} {'load':>4}{peers} {'to best':>8}"
    )


def _row(line: Line) -> str:
    plan, ours = line.ours.plan, line.ours
    bound = "none" if plan.bound_mc is None else f"{plan.bound_mc / MC_PER_DOLLAR:,.2f}"
    gap = "optimal" if plan.is_optimal else "-" if plan.gap is None else f"{plan.gap:.2%}"
    first = "-" if ours.first_feasible_s is None else f"{ours.first_feasible_s:.3f}"
    peak = "-" if ours.peak_rss_mb is None else f"{ours.peak_rss_mb:.0f}"
    peers = "".join(
        f" {f'{other.plan.cost_mc / MC_PER_DOLLAR:,.2f} ({len(other.plan.unassigned)})':>16}"
        for other in line.others
    )
    ratio = "" if line.ratio_to_best_peer is None else f"{line.ratio_to_best_peer:.4f}"
    return (
        f"{line.board.size:>9} {line.board.seed:>4} {line.budget_s:>4g} "
        f"{plan.cost_mc / MC_PER_DOLLAR:>10,.2f} {bound:>10} {gap:>7} {len(plan.unassigned):>4} "
        f"{first:>7} {peak:>6} {ours.load:>4}{peers} {ratio:>8}"
    )


def _closing(told: dict[str, object]) -> str:
    worst = told["worst_ratio_to_best_peer"]
    return (
        f"{told['boards']} runs, {told['optimal']} proven optimal; median gap {told['median_gap']}, "
        f"worst {told['worst_gap']}; cost over the best peer's at worst {'-' if worst is None else worst}"
    )

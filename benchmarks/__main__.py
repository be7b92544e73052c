"""``python -m benchmarks public --data PATH --family mdvrptw`` and ``python -m benchmarks boards``."""

import json
import statistics
from dataclasses import asdict
from pathlib import Path

import click

from benchmarks.boards import measure_board
from benchmarks.public import FAMILIES, best_known, cost_of_published, instances, measure
from routing.engine.solve import ENGINES


@click.group()
def main() -> None:
    """Measured runs; the last line of each is JSON."""


@main.command()
@click.option(
    "--data",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    required=True,
    envvar="BENCH_DATA",
    help="Folder that holds a folder for each family of public instances.",
)
@click.option("--family", type=click.Choice(FAMILIES), required=True, help="Which family.")
@click.option("--seconds", type=float, default=30.0, show_default=True, help="Time for each instance.")
@click.option("--limit", type=int, help="Only the first so many instances.")
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--engine", type=click.Choice(list(ENGINES)), default="routing", show_default=True)
@click.option(
    "--verify", is_flag=True, help="Only time the published routes again, which must give the cost."
)
def public(
    data: Path, family: str, seconds: float, limit: int | None, seed: int, engine: str, verify: bool
) -> None:
    """Cost, best known and ratio for each public instance, in the family's own objective."""
    known = best_known(data, family)
    ratios: list[float] = []
    left = count = 0
    for path in instances(data, family)[:limit]:
        count += 1
        if verify:
            cost = cost_of_published(path, data / family / "solutions" / f"{path.stem}.sol")
            click.echo(f"{path.stem:8} published {known[path.stem]:>10} timed again {cost}")
            ratios += [cost / known[path.stem]] if cost else []
            continue
        measured, _ = measure(path, known[path.stem], seconds, seed, engine)
        ratio = "-" if measured.ratio is None else f"{measured.ratio:.4f}"
        click.echo(
            f"{measured.name:8} {measured.clients:4}/{measured.vehicles:<3} cost {measured.cost:>10} "
            f"best known {measured.best_known:>10} ratio {ratio} "
            f"unassigned {measured.unassigned} in {measured.seconds:.1f} s"
        )
        ratios += [measured.ratio] if measured.ratio else []
        left += measured.unassigned
    summary = {
        "family": family,
        "engine": "published" if verify else engine,
        "seconds": seconds,
        "instances": count,
        "complete": len(ratios),
        "unassigned": left,
        "mean_ratio": round(statistics.fmean(ratios), 4) if ratios else None,
        "worst_ratio": round(max(ratios), 4) if ratios else None,
    }
    click.echo(json.dumps(summary))


@main.command()
@click.option("--size", default="100/28", show_default=True, help="Visits/nurses.")
@click.option("--seeds", type=int, default=2, show_default=True, help="How many boards.")
@click.option("--seconds", type=float, default=5.0, show_default=True, help="Time for each engine.")
@click.option("--engine", "engines", type=click.Choice(list(ENGINES)), multiple=True, help="Default: all.")
def boards(size: str, seeds: int, seconds: float, engines: tuple[str, ...]) -> None:
    """Cost of generated boards, engine by engine; one line of JSON a run."""
    visits, _, nurses = size.partition("/")
    if not (visits.isdigit() and nurses.isdigit()):
        raise click.BadParameter("write visits/nurses, such as 100/28", param_hint="--size")
    costs: dict[str, list[int]] = {}
    for seed in range(1, seeds + 1):
        for engine in engines or tuple(ENGINES):
            board = measure_board(int(visits), int(nurses), seed, seconds, engine)
            costs.setdefault(engine, []).append(board.cost_mc)
            click.echo(json.dumps(asdict(board)))
    medians = {engine: statistics.median(found) for engine, found in costs.items()}
    click.echo(json.dumps({"size": size, "seconds": seconds, "boards": seeds, "median_cost_mc": medians}))


if __name__ == "__main__":
    main()

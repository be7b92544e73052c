"""What ``housecall bench`` offers; also ``python -m benchmarks``."""

import json
from pathlib import Path

import click

from benchmarks.boards_command import boards
from benchmarks.custody import custody
from benchmarks.custody_bundle import custody_bundle
from benchmarks.custody_log import custody_log
from benchmarks.custody_reports import custody_reports
from benchmarks.diversion import diversion
from benchmarks.plot import plot
from benchmarks.public import FAMILIES, TABLE_HEAD, cases, measure, summary, table_row, verified
from benchmarks.replan import replan
from benchmarks.rooms import profile
from benchmarks.series import series
from benchmarks.slots import slots
from benchmarks.tables import tables
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
@click.option("--family", type=click.Choice(list(FAMILIES)), required=True, help="Which family.")
@click.option("--seconds", type=float, default=60.0, show_default=True, help="Time for each instance.")
@click.option("--most-visits", type=int, help="Only instances of up to so many visits.")
@click.option("--limit", type=int, help="Only the first so many instances.")
@click.option("--only", help="Only the instance of this name.")
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--engine", type=click.Choice(list(ENGINES)), default="columns", show_default=True)
@click.option(
    "--verify", is_flag=True, help="Only time the published routes again, which must give the cost."
)
def public(
    data: Path,
    family: str,
    seconds: float,
    most_visits: int | None,
    limit: int | None,
    only: str | None,
    seed: int,
    engine: str,
    verify: bool,
) -> None:
    """Cost, best known, ratio, bound and gap for each public instance, in the family's own objective."""
    chosen = [
        case
        for case in cases(data, family)
        if (most_visits is None or len(case.day.visits) <= most_visits) and only in (None, case.name)
    ][:limit]
    if verify:
        click.echo(json.dumps(verified(family, chosen, click.echo)))
        return
    if engine == "columns":
        # Numba takes seconds to import, which `--help` need not wait for.
        from routing.engine.exact.warming import warm_up

        warm_up()
    click.echo(TABLE_HEAD)
    measured = []
    for case in chosen:
        measured.append(measure(case, seconds=seconds, seed=seed, engine=engine))
        click.echo(table_row(measured[-1]))
    click.echo(json.dumps({"family": family, "engine": engine, "budget_s": seconds} | summary(measured)))


main.add_command(boards)
main.add_command(custody)
main.add_command(custody_bundle)
main.add_command(custody_reports)
main.add_command(custody_log)
main.add_command(diversion)
main.add_command(plot)
main.add_command(profile)
main.add_command(replan)
main.add_command(series)
main.add_command(slots)
main.add_command(tables)


if __name__ == "__main__":
    main()

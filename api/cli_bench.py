"""`housecall bench`: measured runs, which live in the source checkout and are not installed with the package.

A server has no use for instance readers, other people's solvers and tables, so `benchmarks/` stays beside
`api/` in the checkout (where `make install` links to). Elsewhere the command says so.
"""

import importlib
import sys
from pathlib import Path

import click

CHECKOUT = Path(__file__).parents[1]


class _FromCheckout(click.Group):
    """A group whose commands are those of `benchmarks`, loaded when asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return self._there().list_commands(ctx)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return self._there().get_command(ctx, cmd_name)

    def _there(self) -> click.Group:
        if not (CHECKOUT / "benchmarks" / "__main__.py").is_file():
            raise click.ClickException(
                "The benchmarks are part of the source checkout and not of the installed package: "
                "clone the repository, run `make install` there and use its .venv/bin/housecall."
            )
        if str(CHECKOUT) not in sys.path:
            sys.path.insert(0, str(CHECKOUT))
        found: click.Group = importlib.import_module("benchmarks.__main__").main
        return found


bench = _FromCheckout("bench", help="Measure the engine on invented and public days, beside other solvers.")

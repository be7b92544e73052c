"""`housecall custody`: the ledger from the command line."""

import click

from api.cli_bundle import export, verify
from api.cli_reports import report


@click.group()
def custody() -> None:
    """Report on the custody ledger, take it away as a bundle, and check a bundle."""


custody.add_command(report)
custody.add_command(export)
custody.add_command(verify)

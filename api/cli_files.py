"""The day and plan files that commands are given: read, or refused with every fault."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NoReturn

import click

from routing.check import violations
from routing.dayfile import read_day
from routing.faults import ProblemInvalid
from routing.plan import Plan
from routing.planfile import read_plan
from routing.problem import Problem

BAD_FILE = 2  # exit status: the input cannot be read
BROKEN = 1  # exit status: the plan breaks rules


def day_in(path: Path) -> Problem:
    """Read a day file, or end the command with every fault in it."""
    try:
        return read_day(path.read_bytes())
    except ProblemInvalid as invalid:
        refuse([f"{path}: {fault}" for fault in invalid.faults])


def lawful_plan_in(path: Path, problem: Problem) -> Plan:
    """Read a plan file of the day, or end the command with every fault in it or every rule it breaks."""
    try:
        plan = read_plan(path.read_bytes())
    except ProblemInvalid as invalid:
        refuse([f"{path}: {fault}" for fault in invalid.faults])
    found = violations(problem, plan)
    if found:
        refuse([f"{path}: {violation}" for violation in found], BROKEN)
    return plan


def refuse(lines: Iterable[str], status: int = BAD_FILE) -> NoReturn:
    """End the command with what is wrong, a line each."""
    for line in lines:
        click.echo(line, err=True)
    sys.exit(status)

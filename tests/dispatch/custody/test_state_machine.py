"""The whole life of vials in random order, right deeds and wrong ones, against a pencil and paper.

``HOUSECALL_TEST_MACHINES=500`` makes a long run of it.
"""

import os
from pathlib import Path

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.builders.custody_machine import CustodyMachine, a_ledger

SETTINGS = settings(
    max_examples=int(os.environ.get("HOUSECALL_TEST_MACHINES", "40")),
    stateful_step_count=30,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.generate),  # a day's deeds are told as they were: shrinking takes minutes
    report_multiple_bugs=False,
)


def run_machines(folder: Path, wanted: settings = SETTINGS) -> None:
    """Run the machine on a ledger of its own."""
    with a_ledger(folder) as (connection, scene):
        run_state_machine_as_test(lambda: CustodyMachine(connection, scene), settings=wanted)


def test_ledger_and_paper_agree_whatever_is_done(tmp_path: Path) -> None:
    run_machines(tmp_path)

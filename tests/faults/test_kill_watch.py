"""The safety watch is killed between "due" and "told": the next process tells each stage, once.

The dying process is a real one on the same database file: it has told the first stage, has written the second
with its messages, and dies by SIGKILL before the commit.
"""

import signal
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from api.watching import Watcher
from dispatch.kernel.actor import Role
from dispatch.kernel.storage import transaction
from dispatch.messages.records import MessageRow
from dispatch.visits.model import Deed
from dispatch.visits.safety.records import AlarmRow, ToldRow
from tests.builders.safety import TEN, a_fact_row, a_staff_member, at
from tests.builders.visits import a_town

ROOT = Path(__file__).parents[2]
LATE = at(46)  # three of the four stages of a missed check-in are due
DYING = """
import os, signal, sys
from datetime import datetime
from dispatch.kernel.clock import SetClock
from dispatch.kernel.storage import open_engine, transaction
from dispatch.visits.safety.service import act_on, due_checks
from tests.builders import tables
from tests.conftest import KEYRING

engine, clock = open_engine(sys.argv[1]), SetClock(datetime.fromisoformat(sys.argv[2]))
with transaction(engine, KEYRING) as session:
    first, second, *_ = due_checks(session, clock)
with transaction(engine, KEYRING) as session:
    assert act_on(session, first, clock)
with transaction(engine, KEYRING) as session:
    assert act_on(session, second, clock)
    session.flush()
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_after_a_death_between_due_and_told_the_next_process_tells_once(engine, keyring, clock, database_url):
    with transaction(engine, keyring) as session:
        town = a_town(session)
        a_staff_member(session, Role.NURSE, "nina@test.example", town.nurse_id)
        session.add(a_fact_row(town.first_id, town.nurse_id, Deed.CHECK_IN, TEN))
    command = [sys.executable, "-c", DYING, database_url, LATE.isoformat()]
    died = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, timeout=600)
    assert died.returncode == -signal.SIGKILL, died.stderr.decode()
    assert told(engine) == [1]
    clock.at = LATE
    watcher = Watcher(engine, keyring, clock, "the next")
    assert (watcher.look(), watcher.look()) == (2, 0)
    assert told(engine) == [1, 2, 3]
    with engine.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(AlarmRow)) == 1
        per_message = (
            sa.select(sa.func.count()).select_from(MessageRow).group_by(MessageRow.about, MessageRow.once)
        )
        assert set(connection.scalars(per_message)) == {1}


def told(engine) -> list[int]:
    with engine.connect() as connection:
        return list(connection.scalars(sa.select(ToldRow.number).order_by(ToldRow.number)))

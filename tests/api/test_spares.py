"""Warm planning processes: kept, taken, given back, started again when they die, never in a hurry to fail."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from api.hints import InProcessHints
from api.jobs import Supervisor
from api.solving import WARM_WORKER, WORKER, Worker
from api.spares import Spares

PATIENCE_S = 60
READY = 'print(\'{"event": "ready"}\', flush=True)\n'
ANSWER = READY + (
    "import json, sys\n"
    "for line in sys.stdin:\n"
    "    asked = json.loads(line)\n"
    "    print(json.dumps({'event': 'progress', 'doing': 'looking'}), flush=True)\n"
    "    kind = 'failed' if 'bad' in asked else 'done'\n"
    "    print(json.dumps({'event': kind, 'asked': asked, 'reason': 'no'}), flush=True)\n"
)
WAIT = READY + "input()"


class Shop:
    """Makes small programs instead of workers, and knows what was made."""

    def __init__(self, *texts):
        self.texts, self.made, self.commands = list(texts), [], []
        self.now_s = 0.0

    def make(self, command):
        self.commands.append(command)
        text = self.texts.pop(0) if len(self.texts) > 1 else self.texts[0]
        if text is None:
            raise BlockingIOError
        self.made.append(Worker((sys.executable, "-c", text)))
        return self.made[-1]

    def spares(self, count=1):
        return Spares(count, self.make, lambda: self.now_s)


@pytest.fixture
def shop():
    """A shop whose programs say that they are ready and wait; all are ended at the end."""
    shop = Shop(WAIT)
    yield shop
    for worker in shop.made:
        worker.kill()


def until(holds):
    end = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end, "it did not happen in time"
        threading.Event().wait(0.02)


def test_a_spare_is_started_warm_before_anybody_asks(shop):
    spares = shop.spares()
    spares.tend()
    spares.tend()
    assert shop.commands == [WARM_WORKER]
    assert spares.take() is shop.made[0]


def test_one_that_was_taken_is_replaced(shop):
    spares = shop.spares()
    spares.tend()
    until(lambda: shop.made[0].is_ready)
    taken = spares.take()
    spares.tend()
    assert spares.take() is not taken
    assert len(shop.made) == 2


def test_one_gets_ready_at_a_time_since_the_next_need_not_compile(shop):
    shop.texts = ["input(); " + READY + "input()", WAIT]
    spares = shop.spares(2)
    spares.tend()
    taken = spares.take()
    spares.tend()
    assert len(shop.made) == 1
    taken.ask({}, 1)  # the program goes on
    until(lambda: taken.is_ready)
    spares.tend()
    assert len(shop.made) == 2
    spares.tend()
    until(lambda: shop.made[1].is_ready)
    spares.tend()
    assert len(shop.made) == 3


def test_without_spares_a_worker_is_started_when_it_is_needed(shop):
    spares = shop.spares(0)
    spares.tend()
    assert shop.made == []
    assert spares.take() is shop.made[0]
    assert shop.commands == [WARM_WORKER]


def test_what_is_not_compiled_leaves_the_spare_alone(shop):
    spares = shop.spares()
    spares.tend()
    assert spares.take(warm=False) is shop.made[1]
    assert shop.commands == [WARM_WORKER, WORKER]
    assert spares.take() is shop.made[0]


def test_one_that_is_ready_is_taken_before_one_that_is_not(shop):
    shop.texts = [WAIT, "input()"]
    spares = shop.spares(2)
    spares.tend()
    until(lambda: shop.made[0].is_ready)
    spares.tend()
    assert spares.take() is shop.made[0]
    assert spares.take() is shop.made[1]


def test_a_spare_that_died_is_replaced_after_a_pause_that_doubles(shop):
    shop.texts = ["raise SystemExit"]
    spares = shop.spares()
    spares.tend()
    for pause_s in (1, 2, 4):
        until(lambda: not shop.made[-1].is_alive)
        made = len(shop.made)
        spares.tend()
        shop.now_s += pause_s - 0.5
        spares.tend()
        assert len(shop.made) == made
        shop.now_s += 0.5
        spares.tend()
        assert len(shop.made) == made + 1


def test_a_machine_that_starts_no_process_is_not_asked_again_at_once(shop):
    shop.texts = [None]
    spares = shop.spares()
    spares.tend()
    spares.tend()
    assert len(shop.commands) == 1


def test_a_spare_that_died_while_it_waited_is_not_given_out(shop):
    spares = shop.spares()
    spares.tend()
    until(lambda: shop.made[0].is_ready)
    shop.made[0].process.kill()
    until(lambda: not shop.made[0].is_alive)
    assert spares.take() is shop.made[1]


def test_one_given_back_is_the_next_to_be_taken(shop):
    spares = shop.spares()
    worker = spares.take()
    until(lambda: worker.is_ready)
    spares.give_back(worker)
    spares.tend()
    assert spares.take() is worker


def test_one_too_many_is_ended(shop):
    spares = shop.spares()
    worker = spares.take()
    until(lambda: worker.is_ready)
    spares.tend()
    spares.give_back(worker)
    assert not worker.is_alive


def test_at_the_end_all_are_ended_and_none_is_started(shop):
    spares = shop.spares()
    spares.tend()
    spares.end()
    spares.tend()
    assert [worker.is_alive for worker in shop.made] == [False]


@pytest.fixture
def supervisor(engine, keyring, clock, shop):
    shop.texts = [ANSWER]
    return Supervisor(engine, keyring, clock, InProcessHints(), spares=1, make_worker=shop.make)


def test_a_supervisor_asks_a_spare_and_passes_on_what_it_tells(supervisor, shop):
    supervisor.spares.tend()
    told = []
    outcome = supervisor.ask({"replan": 1}, seconds=1, on_progress=told.append)
    assert (outcome.kind, outcome.answer["asked"]) == ("done", {"replan": 1})
    assert told == [{"doing": "looking"}]


def test_a_worker_that_answered_is_asked_again(supervisor, shop):
    for number in range(3):
        assert supervisor.ask({"replan": number}, seconds=1).answer["asked"] == {"replan": number}
    assert len(shop.made) == 1


def test_a_worker_that_failed_is_not_kept(supervisor, shop):
    assert supervisor.ask({"bad": 1}, seconds=1).reason == "no"
    assert not shop.made[0].is_alive


def test_a_supervisor_that_ends_waits_for_no_answer(supervisor, shop):
    shop.texts = [WAIT]
    supervisor.end()
    assert supervisor.ask({"replan": 1}, seconds=600).kind == "died"


def test_a_spare_ends_with_the_process_that_keeps_it():
    keeper = (
        "import sys, os\n"
        "from api.solving import WARM_WORKER, Worker\n"
        "worker = Worker(WARM_WORKER)\n"
        "print(worker.process.pid, flush=True)\n"
        "input()\n"
        "os.kill(os.getpid(), 9)\n"
    )
    with subprocess.Popen([sys.executable, "-c", keeper], stdin=-1, stdout=-1) as process:
        pid = int(process.stdout.readline())
        process.communicate(b"\n")
    until(lambda: not is_running(pid))


def is_running(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"

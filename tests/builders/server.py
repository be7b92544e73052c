"""A real server process on loopback, and its sudden death."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from threading import Event

import requests

ROOT = Path(__file__).parents[2]
PATIENCE_S = 600


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


class Server:
    """`housecall serve` in a process group of its own; the demo's keys, no solver beside it."""

    def __init__(self, database_url: str, **more: str) -> None:
        self.database_url, self.more = database_url, more
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start, and return once it answers."""
        self.launch()
        self.await_answer()

    def environment(self) -> dict[str, str]:
        """What the server is told."""
        return {name: value for name, value in os.environ.items() if not name.startswith("HOUSECALL_")} | {
            "HOUSECALL_DATABASE_URL": self.database_url,
            "HOUSECALL_DEMO": "1",
            "HOUSECALL_SECURE_COOKIES": "0",
            "HOUSECALL_JOBS": "worker",
            "HOUSECALL_LOG_LEVEL": "error",
            "HOUSECALL_PORT": str(self.port),
            **self.more,
        }

    def launch(self) -> None:
        """Start."""
        command = [sys.executable, "-c", "from api.cli import main; main()", "serve"]
        self.process = subprocess.Popen(command, cwd=ROOT, env=self.environment(), start_new_session=True)

    def await_answer(self) -> None:
        """Return once it answers."""
        end = time.monotonic() + PATIENCE_S
        while not self._answers():
            assert self.lives(), "the server left by itself"
            assert time.monotonic() < end, "the server did not answer in time"
            Event().wait(0.05)

    def lives(self) -> bool:
        """Tell whether its first process is there."""
        return self.process.poll() is None

    def _answers(self) -> bool:
        try:
            return requests.get(f"{self.base}/healthz", timeout=5).ok
        except requests.RequestException:
            return False

    def kill(self) -> None:
        """End every process of it at once (SIGKILL): nothing is flushed, nobody says goodbye."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


# Everything that takes long to import is there; each line asked is a server of its own, forked from here.
NURSERY = """
import os, signal, sys
from api.cli import main
import api.serving
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
for _ in sys.stdin:
    born = os.fork()
    if not born:
        os.setsid()
        os.dup2(2, 1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        main(["serve"])
    print(born, flush=True)
"""


class ShortLivedServer(Server):
    """A server that dies often: each time it is forked from a process that imported everything, which saves
    most of a start. From there on it is the same `housecall serve`, with a master and a worker."""

    nursery: subprocess.Popen[str] | None = None
    number = 0

    def launch(self) -> None:
        """Start."""
        if self.nursery is None:
            self.nursery = subprocess.Popen(
                [sys.executable, "-c", NURSERY], cwd=ROOT, env=self.environment(), start_new_session=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            )  # fmt: skip
        self.nursery.stdin.write("serve\n")
        self.nursery.stdin.flush()
        self.number = int(self.nursery.stdout.readline())

    def lives(self) -> bool:
        """Tell whether its first process is there."""
        try:
            os.kill(self.number, 0)
        except ProcessLookupError:
            return False
        return True

    def kill(self) -> None:
        """End every process of it at once (SIGKILL), and return when the last is gone."""
        end = time.monotonic() + PATIENCE_S
        while True:
            try:
                os.killpg(self.number, signal.SIGKILL)
            except ProcessLookupError:
                return
            assert time.monotonic() < end, "the server does not die"
            Event().wait(0.005)

    def end(self) -> None:
        """Kill it, and let the nursery go."""
        self.kill()
        self.nursery.stdin.close()
        self.nursery.wait()
        self.nursery.stdout.close()

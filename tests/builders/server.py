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
PATIENCE_S = 60


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

    def launch(self) -> None:
        """Start."""
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith("HOUSECALL_")
        } | {
            "HOUSECALL_DATABASE_URL": self.database_url,
            "HOUSECALL_DEMO": "1",
            "HOUSECALL_SECURE_COOKIES": "0",
            "HOUSECALL_JOBS": "worker",
            "HOUSECALL_LOG_LEVEL": "error",
            "HOUSECALL_PORT": str(self.port),
            **self.more,
        }
        command = [sys.executable, "-c", "from api.cli import main; main()", "serve"]
        self.process = subprocess.Popen(command, cwd=ROOT, env=environment, start_new_session=True)

    def await_answer(self) -> None:
        """Return once it answers."""
        end = time.monotonic() + PATIENCE_S
        while not self._answers():
            assert self.process.poll() is None, "the server left by itself"
            assert time.monotonic() < end, "the server did not answer in time"
            Event().wait(0.05)

    def _answers(self) -> bool:
        try:
            return requests.get(f"{self.base}/healthz", timeout=5).ok
        except requests.RequestException:
            return False

    def kill(self) -> None:
        """End every process of it at once (SIGKILL): nothing is flushed, nobody says goodbye."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

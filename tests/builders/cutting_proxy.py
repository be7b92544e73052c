"""A TCP proxy before PostgreSQL that cuts a connection at its COMMIT.

The driver waits for each answer before it asks again, so a COMMIT arrives in a piece of its own.
"""

import socket
from contextlib import suppress
from enum import StrEnum
from threading import Thread


class Cut(StrEnum):
    """When to cut: before the server hears of the COMMIT, or after it has obeyed and nobody was told."""

    BEFORE = "before"
    AFTER = "after"


class CuttingProxy:
    """Passes everything on; cuts once at the next COMMIT where `cut` says so."""

    def __init__(self, host: str, port: int) -> None:
        self.server = (host, port)
        self.cut: Cut | None = None
        self.cuts = 0
        self.door = socket.create_server(("127.0.0.1", 0))
        self.port = self.door.getsockname()[1]
        self.open: list[socket.socket] = []
        self.silenced: set[socket.socket] = set()
        self.threads = [Thread(target=self._accept, daemon=True)]
        self.threads[0].start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self.door.accept()
                server = socket.create_connection(self.server)
                self.open += [client, server]
                for run, ends in ((self._ask, (client, server)), (self._answer, (server, client))):
                    self.threads.append(Thread(target=run, args=ends, daemon=True))
                    self.threads[-1].start()

    def _ask(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while asked := client.recv(65536):
                cut = self.cut if b"COMMIT" in asked else None
                if cut is not None:
                    self.cut, self.cuts = None, self.cuts + 1
                if cut is Cut.BEFORE:
                    break
                if cut is Cut.AFTER:
                    self.silenced.add(server)
                server.sendall(asked)
        _close(client, server)

    def _answer(self, server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while (answer := server.recv(65536)) and server not in self.silenced:
                client.sendall(answer)
        _close(client, server)

    def end(self) -> None:
        """Close every connection and the door."""
        self.door.shutdown(socket.SHUT_RDWR)
        _close(self.door, *self.open)
        for thread in self.threads:
            thread.join()


def _close(*ends: socket.socket) -> None:
    for end in ends:
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
        end.close()

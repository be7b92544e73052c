"""A real HTTP server on the loopback that plays Nominatim, well or badly."""

import contextlib
import json
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Answer = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Server:
    """Where the server listens, and the request lines it was sent."""

    domain: str
    asked: list[str] = field(default_factory=list)


def answering(status: int, body: str | bytes = b"", **headers: str) -> Answer:
    """Return an answer of a status; ``{path}`` in the body becomes the request line."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        text = body.replace("{path}", handler.path).encode() if isinstance(body, str) else body
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(text)))
        handler.end_headers()
        handler.wfile.write(text)

    return answer


def found(lat: object = "39.9912", lon: object = "-83.0043", house_number: str | None = "4711") -> Answer:
    """Return Nominatim's answer for one result."""
    address = {} if house_number is None else {"house_number": house_number}
    rows: Sequence[object] = [{"lat": lat, "lon": lon, "display_name": "somewhere", "address": address}]
    return answering(200, json.dumps(rows).encode(), Content_Type="application/json")


@contextlib.contextmanager
def nominatim(answer: Answer) -> Iterator[Server]:
    """Serve `answer` to every request until the block ends."""
    server = Server(domain="")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            server.asked.append(self.path)
            with contextlib.suppress(ConnectionError):
                answer(self)

        def log_message(self, *_: object) -> None:
            """Print nothing: the request line holds an address."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        listening.daemon_threads = True
        server.domain = f"127.0.0.1:{listening.server_address[1]}"
        thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            listening.shutdown()
            thread.join()

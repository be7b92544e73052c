"""Post to a configured URL: encrypted, without redirects, without a proxy, within a time and a size.

Where the house speaks out is what an operator allow-listed by naming it in a setting, and nothing an answer
says leads anywhere else. What goes wrong is a short code: an answer's own words are dropped unread.
"""

import time
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
MOST_BYTES = 100_000


class NoAnswer(Exception):
    """The other side gave no usable answer; the text is a code."""


@dataclass(frozen=True)
class Answer:
    """What the other side said."""

    status: int
    body: bytes


def outgoing_url(raw: str) -> str:
    """Return a URL that may be posted to, or raise `ValueError`: https, or http on this very machine."""
    try:
        parts = urlsplit(raw)
        host, _port = parts.hostname, parts.port
    except ValueError:
        raise ValueError("this is no URL") from None
    if not raw.isascii() or not raw.isprintable() or not host or parts.query or parts.fragment:
        raise ValueError("write a URL such as https://witness.example/, without a query")
    if parts.username is not None or parts.password is not None:
        raise ValueError("a URL here names no user")
    if parts.scheme != "https" and not (parts.scheme == "http" and host in LOOPBACK):
        raise ValueError("use https; http is for this machine only")
    return raw


class _StayHere(HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


_OPENER = build_opener(ProxyHandler({}), _StayHere())


def post(url: str, body: bytes, content_type: str, *, timeout_s: float = 10.0) -> Answer:
    """Post `body` and return the answer, whatever its status below 300 or above 399.

    Raises
    ------
    NoAnswer
        On a redirect, a time-out, a broken line or an answer above `MOST_BYTES`.
    """
    deadline_s = time.monotonic() + timeout_s
    headers = {"Content-Type": content_type, "User-Agent": "housecall"}
    request = Request(outgoing_url(url), data=body, headers=headers, method="POST")  # noqa: S310
    try:
        with _OPENER.open(request, timeout=timeout_s) as answer:
            return Answer(answer.status, _read(answer, deadline_s))
    except HTTPError as error:
        with closing(error):
            if 300 <= error.code < 400:
                raise NoAnswer("redirected") from None
            return Answer(error.code, _read(error, deadline_s))
    except TimeoutError:
        raise NoAnswer("timed_out") from None
    except (OSError, HTTPException) as error:
        cause = getattr(error, "reason", error)
        raise NoAnswer("timed_out" if isinstance(cause, TimeoutError) else "unreachable") from None


def _read(answer: Any, deadline_s: float) -> bytes:
    """Read the body; a server that drips or never ends is left."""
    body = b""
    while chunk := answer.read1(16_384):
        body += chunk
        if len(body) > MOST_BYTES:
            raise NoAnswer("answer_too_long")
        if time.monotonic() > deadline_s:
            raise NoAnswer("timed_out")
    return body

"""The one host that is asked for addresses, and a careful way of asking it.

A patient's address leaves the house only to a host that the deployment allow-lists, encrypted, without
following redirects, without a proxy from the environment, within a time and a size, and whatever goes wrong
becomes a named `Trouble`: the host's own words, which may repeat the address, are dropped unread.
"""

import json
import logging
import math
import re
import socket
import time
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum
from http.client import HTTPResponse
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import HTTPRedirectHandler, HTTPSHandler, ProxyHandler, Request, build_opener

from geopy.adapters import BaseSyncAdapter, get_retry_after
from geopy.exc import GeocoderServiceError

HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?")
LOOPBACK = frozenset({"localhost", "127.0.0.1"})
MOST_BYTES = 1_000_000
# geopy writes whole addresses, request lines and the host's error pages to this logger.
GEOPY_LOG = logging.getLogger("geopy")


class Trouble(StrEnum):
    """Why an address has no verified point. The value is the reason's code, for screens and logs."""

    NOT_CONFIGURED = "geocoder_not_configured"
    RATE_LIMITED = "geocoder_rate_limited"
    QUOTA_EXCEEDED = "geocoder_quota_exceeded"
    UNAVAILABLE = "geocoder_unavailable"
    CONNECTION_REFUSED = "geocoder_connection_refused"
    TIMED_OUT = "geocoder_timed_out"
    ACCESS_DENIED = "geocoder_access_denied"
    QUERY_REJECTED = "geocoder_query_rejected"
    REDIRECTED = "geocoder_redirected"
    ANSWER_MALFORMED = "geocoder_answer_malformed"
    NO_RESULT = "address_not_found"
    FAR_FROM_ZIP = "result_far_from_zip"
    HOUSE_NUMBER_UNMATCHED = "house_number_not_matched"
    ZIP_UNKNOWN = "zip_unknown"


TROUBLE_OF_STATUS = {
    401: Trouble.ACCESS_DENIED,
    402: Trouble.QUOTA_EXCEEDED,
    403: Trouble.ACCESS_DENIED,
    407: Trouble.ACCESS_DENIED,
    408: Trouble.TIMED_OUT,
    429: Trouble.RATE_LIMITED,
    504: Trouble.TIMED_OUT,
}


class HostTrouble(GeocoderServiceError):
    """The host gave no usable answer. Its text is the trouble's code and nothing else."""

    def __init__(self, trouble: Trouble, retry_after_s: int | None = None) -> None:
        self.trouble = trouble
        self.retry_after_s = retry_after_s
        super().__init__(trouble.value)


@dataclass(frozen=True, kw_only=True)
class NominatimHost:
    """Where addresses are looked up: a Nominatim server under the deployment's control.

    Attributes
    ----------
    domain
        Host name, with a port if need be; no path, no user.
    allowed_hosts
        The deployment's allow-list; `domain` must be in it, letter for letter.
    user_agent
        Names this deployment to the server, as Nominatim's usage policy asks.
    scheme
        ``https``; ``http`` only to this very machine.
    timeout_s
        Seconds for the whole answer.

    Raises
    ------
    ValueError
        If the host is not allowed, not a plain host name, or would be spoken to unencrypted.
    """

    domain: str
    allowed_hosts: frozenset[str]
    user_agent: str
    scheme: str = "https"
    timeout_s: float = 5.0

    def __post_init__(self) -> None:
        if not HOST.fullmatch(self.domain):
            raise ValueError(
                "the geocoder's host must be a plain host name in lower case, with a port if need be"
            )
        if self.domain not in self.allowed_hosts:
            raise ValueError(f"the geocoder's host {self.domain} is not in the list of allowed hosts")
        if self.scheme != "https" and not (self.scheme == "http" and self.domain.split(":")[0] in LOOPBACK):
            raise ValueError("the geocoder must be asked over https; http is for this machine only")
        if not (0 < self.timeout_s <= 60):
            raise ValueError("the geocoder's time-out must be above 0 and at most 60 seconds")
        if not self.user_agent.strip() or not self.user_agent.isprintable():
            raise ValueError("the geocoder's user agent must name this deployment in printable characters")


class _StayHere(HTTPRedirectHandler):
    """Follows no redirect: another host is not on the allow-list."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


class CarefulAdapter(BaseSyncAdapter):
    """geopy's way to HTTP, through urllib; every failure is a `HostTrouble`."""

    def __init__(self, *, proxies: object, ssl_context: Any) -> None:
        super().__init__(proxies={}, ssl_context=ssl_context)  # type: ignore[no-untyped-call]
        opener = build_opener(HTTPSHandler(context=ssl_context), ProxyHandler({}), _StayHere())
        self._open = opener.open

    def get_json(self, url: str, *, timeout: float, headers: dict[str, str]) -> Any:
        """Return the decoded answer of `url`."""
        text = self.get_text(url, timeout=timeout, headers=headers)
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            raise HostTrouble(Trouble.ANSWER_MALFORMED) from None

    def get_text(self, url: str, *, timeout: float, headers: dict[str, str]) -> str:
        """Return the answer of `url` as text."""
        deadline_s = time.monotonic() + timeout
        try:
            with self._open(Request(url, headers=headers), timeout=timeout) as answer:  # noqa: S310
                return _read_within(answer, deadline_s).decode("utf-8")
        except HostTrouble:
            raise
        except HTTPError as error:
            with closing(error):
                raise _trouble_of_status(error) from None
        except UnicodeDecodeError:
            raise HostTrouble(Trouble.ANSWER_MALFORMED) from None
        except Exception as error:
            # Names the failure, and cuts the chain: urllib's messages may hold the request line.
            raise HostTrouble(_trouble_of_failure(error)) from None


def _read_within(answer: HTTPResponse, deadline_s: float) -> bytes:
    """Read the body; a server that drips or never ends is left, as urllib's time-out is for each read."""
    body = b""
    while chunk := answer.read1(65_536):
        body += chunk
        if len(body) > MOST_BYTES:
            raise HostTrouble(Trouble.ANSWER_MALFORMED)
        if time.monotonic() > deadline_s:
            raise HostTrouble(Trouble.TIMED_OUT)
    return body


def _trouble_of_status(error: HTTPError) -> HostTrouble:
    if 300 <= error.code < 400:
        trouble = Trouble.REDIRECTED
    elif error.code >= 500:
        trouble = TROUBLE_OF_STATUS.get(error.code, Trouble.UNAVAILABLE)
    else:
        trouble = TROUBLE_OF_STATUS.get(error.code, Trouble.QUERY_REJECTED)
    headers = {name.lower(): value for name, value in error.headers.items()}
    retry_after_s = get_retry_after(headers)  # type: ignore[no-untyped-call]
    return HostTrouble(trouble, None if retry_after_s is None else math.ceil(retry_after_s))


def _trouble_of_failure(error: Exception) -> Trouble:
    cause = error.reason if isinstance(error, URLError) else error
    if isinstance(cause, TimeoutError | socket.timeout):
        return Trouble.TIMED_OUT
    if isinstance(cause, ConnectionRefusedError):
        return Trouble.CONNECTION_REFUSED
    return Trouble.UNAVAILABLE


def say_nothing(record: logging.LogRecord) -> bool:
    """Drop every record of geopy's logger: what it would say holds patients' addresses."""
    return False


GEOPY_LOG.addFilter(say_nothing)

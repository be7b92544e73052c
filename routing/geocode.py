"""Address -> point. A house is asked for by name at one allowed host; failing that, its ZIP code's centre.

No failure of the geocoder stops anybody's work: each has a name (`Trouble`), the answer is then the centre of
the ZIP code, marked unverified, and a dispatcher sets the pin (`pinned`). Nothing here writes or returns the
address, in logs, notes, errors or `repr`: where a patient lives is protected health information
(45 CFR 164.514(b)(2)(i)(B)).
"""

import json
import logging
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from typing import Any, Literal

from geopy.distance import great_circle
from geopy.exc import GeopyError
from geopy.geocoders import Nominatim

from routing.nominatim_host import CarefulAdapter, HostTrouble, NominatimHost, Trouble

LOG = logging.getLogger("housecall.geocode")
PLAUSIBLE_KM = 25.0  # half the breadth of a wide rural ZIP area; a namesake street is in another county
REST_S = 30  # how long a host in trouble is left alone when it does not say itself
LONGEST_REST_S = 3600
WORTH_A_REST = frozenset(
    {
        Trouble.RATE_LIMITED,
        Trouble.QUOTA_EXCEEDED,
        Trouble.UNAVAILABLE,
        Trouble.CONNECTION_REFUSED,
        Trouble.TIMED_OUT,
        Trouble.ACCESS_DENIED,
        Trouble.REDIRECTED,
    }
)
NOTES = {
    Trouble.NOT_CONFIGURED: "no geocoder is configured",
    Trouble.RATE_LIMITED: "the geocoder asked for fewer requests",
    Trouble.QUOTA_EXCEEDED: "the geocoder's quota is used up",
    Trouble.UNAVAILABLE: "the geocoder is not available",
    Trouble.CONNECTION_REFUSED: "the geocoder refused the connection",
    Trouble.TIMED_OUT: "the geocoder did not answer in time",
    Trouble.ACCESS_DENIED: "the geocoder denied access",
    Trouble.QUERY_REJECTED: "the geocoder rejected the query",
    Trouble.REDIRECTED: "the geocoder pointed to another place, which is not followed",
    Trouble.ANSWER_MALFORMED: "the geocoder's answer could not be read",
    Trouble.NO_RESULT: "the geocoder does not know the address",
    Trouble.FAR_FROM_ZIP: "the geocoder's point is too far from the ZIP code",
    Trouble.HOUSE_NUMBER_UNMATCHED: "the geocoder found the street but not the house number",
    Trouble.ZIP_UNKNOWN: "the ZIP code has no area of its own",
}
Source = Literal["geocoder", "zip_centroid", "dispatcher"]


@dataclass(frozen=True, kw_only=True)
class Address:
    """A home in the United States; `street` begins with the house number. Its `repr` shows nothing."""

    street: str = field(repr=False)
    city: str = field(repr=False)
    state: str = field(repr=False)
    zip_code: str = field(repr=False)

    @property
    def zip5(self) -> str:
        """The five digits of the ZIP code, without the four of ZIP+4."""
        return self.zip_code.strip()[:5]

    @property
    def house_number(self) -> str:
        """The number the street line begins with, or nothing."""
        found = re.match(r"\s*(\d+[A-Za-z]?)\b", self.street)
        return found.group(1).lower() if found else ""


@dataclass(frozen=True, kw_only=True)
class Located:
    """A point for an address.

    Attributes
    ----------
    lat, lon
        Degrees, WGS 84.
    source
        Who says so: the geocoder, the ZIP code's centre, or a dispatcher who set the pin.
    verified
        Whether a nurse may be sent there without a dispatcher looking first.
    note
        One sentence for the dispatcher; never holds the address.
    reason
        Why it is not verified; None when it is.
    retry_after_s
        Seconds after which the geocoder may be asked again, where it said so or is being left alone.
    """

    lat: float = field(repr=False)
    lon: float = field(repr=False)
    source: Source
    verified: bool
    note: str = ""
    reason: Trouble | None = None
    retry_after_s: int | None = None


@dataclass(frozen=True, kw_only=True)
class NotLocated:
    """Nothing is known, not even the ZIP code: only a dispatcher can set the pin."""

    reason: Trouble
    note: str
    retry_after_s: int | None = None


@dataclass(frozen=True, kw_only=True)
class ZipCentroids:
    """ZIP code -> (latitude, longitude) of its area's centre, degrees."""

    points: Mapping[str, tuple[float, float]] = field(repr=False)

    @staticmethod
    @lru_cache(maxsize=1)
    def bundled() -> "ZipCentroids":
        """Return the table that comes with Housecall (its file says how it was made)."""
        text = files("routing").joinpath("zip_centroids.json").read_text("utf-8")
        rows: dict[str, list[float]] = json.loads(text)["centroids"]
        return ZipCentroids(points={zip_code: (lat, lon) for zip_code, (lat, lon) in rows.items()})

    def of(self, address: Address) -> tuple[float, float] | None:
        """Return the centre of the address's ZIP code; None where it has no area (boxes, single firms)."""
        return self.points.get(address.zip5)


def pinned(lat: float, lon: float) -> Located:
    """Return the point where a dispatcher set the pin.

    Raises
    ------
    ValueError
        If it is no point on Earth.
    """
    if not (-90 <= lat <= 90 and -180 <= lon <= 180):
        raise ValueError("latitude must be between -90 and 90, longitude between -180 and 180")
    return Located(lat=lat, lon=lon, source="dispatcher", verified=True, note="set by a dispatcher")


class Geocoder:
    """Finds points for addresses, one at a time; safe to share between threads.

    Parameters
    ----------
    host
        Where to ask; None asks nobody and answers with ZIP codes' centres.
    centroids
        The table of ZIP codes' centres.
    plausible_km
        A result farther than this from the ZIP code's centre is not believed.
    monotonic
        Seconds of a clock that never goes back; tests pass their own.
    """

    def __init__(
        self,
        host: NominatimHost | None = None,
        *,
        centroids: ZipCentroids | None = None,
        plausible_km: float = PLAUSIBLE_KM,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._centroids = ZipCentroids.bundled() if centroids is None else centroids
        self._plausible_km = plausible_km
        self._monotonic = monotonic
        self._rest: tuple[Trouble, float] | None = None
        self._nominatim = None if host is None else _client(host)

    def locate(self, address: Address) -> Located | NotLocated:
        """Return the best point for `address`. Never raises, whatever the geocoder does."""
        try:
            return self._ask(address)
        except HostTrouble as found:
            LOG.warning("no point from the geocoder: %s", found.trouble.value)
            return self._fall_back(address, found)

    def _ask(self, address: Address) -> Located:
        if self._nominatim is None:
            raise HostTrouble(Trouble.NOT_CONFIGURED)
        self._refuse_while_resting()
        try:
            location = self._nominatim.geocode(_query(address), country_codes="us", addressdetails=True)
            lat, lon, numbers = _read(location)
        except HostTrouble as found:
            self._note_rest(found)
            raise
        except (GeopyError, ValueError, TypeError, AttributeError, LookupError, ArithmeticError):
            # geopy trusts the shape of the JSON; what it stumbles over may repeat the address.
            raise HostTrouble(Trouble.ANSWER_MALFORMED) from None
        return self._judge(address, lat, lon, numbers)

    def _judge(self, address: Address, lat: float, lon: float, numbers: list[str]) -> Located:
        """Believe the result as far as the ZIP code and the house number bear it out."""
        doubt: Trouble | None = None
        centre = self._centroids.of(address)
        if centre is None:
            doubt = Trouble.ZIP_UNKNOWN
        elif great_circle(centre, (lat, lon)).km > self._plausible_km:  # type: ignore[no-untyped-call]
            raise HostTrouble(Trouble.FAR_FROM_ZIP)
        elif not address.house_number or address.house_number not in numbers:
            doubt = Trouble.HOUSE_NUMBER_UNMATCHED
        note = f"{NOTES[doubt]}: a dispatcher must confirm the pin" if doubt else "found by the geocoder"
        return Located(lat=lat, lon=lon, source="geocoder", verified=doubt is None, note=note, reason=doubt)

    def _fall_back(self, address: Address, found: HostTrouble) -> Located | NotLocated:
        centre = self._centroids.of(address)
        why = NOTES[found.trouble]
        if centre is None:
            note = f"{why}, and {NOTES[Trouble.ZIP_UNKNOWN]}: a dispatcher must set the pin"
            return NotLocated(reason=found.trouble, note=note, retry_after_s=found.retry_after_s)
        return Located(
            lat=centre[0],
            lon=centre[1],
            source="zip_centroid",
            verified=False,
            note=f"{why}; this is the centre of the ZIP code: a dispatcher must confirm the pin",
            reason=found.trouble,
            retry_after_s=found.retry_after_s,
        )

    def _note_rest(self, found: HostTrouble) -> None:
        """Leave a host in trouble alone for a while, so that an import of thousands does not pile onto it."""
        if found.trouble in WORTH_A_REST:
            rest_s = REST_S if found.retry_after_s is None else min(found.retry_after_s, LONGEST_REST_S)
            self._rest = (found.trouble, self._monotonic() + rest_s)

    def _refuse_while_resting(self) -> None:
        rest = self._rest
        if rest is not None and (left_s := rest[1] - self._monotonic()) > 0:
            raise HostTrouble(rest[0], retry_after_s=int(left_s) + 1)


def _client(host: NominatimHost) -> Any:
    return Nominatim(  # type: ignore[no-untyped-call]
        domain=host.domain,
        scheme=host.scheme,
        user_agent=host.user_agent,
        timeout=host.timeout_s,
        adapter_factory=CarefulAdapter,
    )


def _query(address: Address) -> dict[str, str]:
    """Return the structured query (Nominatim, search API); empty parts are left out."""
    parts = {
        "street": address.street.strip(),
        "city": address.city.strip(),
        "state": address.state.strip(),
        "postalcode": address.zip5,
        "country": "USA",
    }
    return {name: value for name, value in parts.items() if value}


def _read(location: Any) -> tuple[float, float, list[str]]:
    """Return latitude, longitude and the house numbers of geopy's result."""
    if location is None:
        raise HostTrouble(Trouble.NO_RESULT)
    numbers = str(location.raw.get("address", {}).get("house_number", ""))
    return location.latitude, location.longitude, re.split(r"[;,\s]+", numbers.lower())

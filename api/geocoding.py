"""Addresses become points by the configured geocoder, or by ZIP centroid until a dispatcher confirms."""

import re
from functools import cache

from api.settings import Settings
from dispatch.appointments.model import Geocode, Placed, Point, PointSource
from routing.geocode import Address, Geocoder, Located
from routing.nominatim_host import NominatimHost

# "4711 Kenworth Rd, Columbus, OH 43224": street, city, state and ZIP, as import.md asks for it.
WRITTEN = re.compile(
    r"^(?P<street>.+),\s*(?P<city>[^,]+),\s*(?P<state>[A-Z]{2})\s+(?P<zip>[0-9]{5})(-[0-9]{4})?$"
)
SOURCES = {"geocoder": PointSource.GEOCODER, "zip_centroid": PointSource.ZIP_CENTROID}


@cache
def geocoder(host: str) -> Geocoder:
    """Return the geocoder of a Nominatim host; an empty name answers by ZIP code alone."""
    if not host:
        return Geocoder(None)
    return Geocoder(NominatimHost(domain=host, allowed_hosts=frozenset({host}), user_agent="housecall"))


def geocode_by(settings: Settings) -> Geocode:
    """Return what looks up a written address; None where even its ZIP code is unknown."""
    found_by = geocoder(settings.geocoder_host)

    def place(written: str) -> Placed | None:
        parts = WRITTEN.match(written.strip())
        if parts is None:
            return None
        address = Address(
            street=parts["street"], city=parts["city"], state=parts["state"], zip_code=parts["zip"]
        )
        found = found_by.locate(address)
        if not isinstance(found, Located):
            return None
        return Placed(
            point=Point(lat=found.lat, lon=found.lon), source=SOURCES[found.source], verified=found.verified
        )

    return place

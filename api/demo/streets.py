"""Where the demo's people live: houses on real streets of Columbus, Ohio (OpenStreetMap, ODbL)."""

import json
from dataclasses import dataclass
from importlib.resources import files


@dataclass(frozen=True, kw_only=True)
class Spot:
    """A house or a pharmacy: street and point are real, the house number and the firm invented."""

    kind: str
    name: str
    street: str
    city: str
    state: str
    zip_code: str
    lat: float
    lon: float

    @property
    def address(self) -> str:
        """The postal address in one line."""
        return f"{self.street}, {self.city}, {self.state} {self.zip_code}"


def spots_of_columbus() -> list[Spot]:
    """Return all places of the bundled file, in its order."""
    read = json.loads(files("api").joinpath("demo_data", "columbus-places.json").read_text("utf-8"))
    return [
        Spot(
            kind=place["kind"],
            name=place.get("name", ""),
            street=f"{place['house_number']} {place['street']}",
            city=place["city"],
            state=place["state"],
            zip_code=place["zip"],
            lat=place["lat"],
            lon=place["lon"],
        )
        for place in read["places"]
    ]

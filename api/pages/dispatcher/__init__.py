"""The dispatcher's screen, /board: one area's day on a map and by nurse, planned and moved by hand."""

from api.pages.dispatcher import (
    alarms,
    board,
    booking,
    enquiries,
    explaining,
    overriding,
    points,
    replans,
    requests,
    series,
    series_deeds,
    visits,
)

__all__ = [
    "alarms",
    "board",
    "booking",
    "enquiries",
    "explaining",
    "overriding",
    "points",
    "replans",
    "requests",
    "series",
    "series_deeds",
    "visits",
]

"""A day whose drive times are worked out and whose points are forgotten: what may be kept in memory.

Points are patients' homes. Whoever keeps a day for the next question needs the drive times only.
"""

from dataclasses import fields

from routing.problem import Place, Problem


def without_points(whole: Problem) -> Problem:
    """Return the same day with places that have names only; its drive times are those of the points.

    Not validated again (a place without a point would be a fault), and not to be written to a file.
    """
    seconds = whole.travel_s
    bare = object.__new__(Problem)
    for field in fields(whole):
        object.__setattr__(bare, field.name, getattr(whole, field.name))
    object.__setattr__(bare, "places", tuple(Place(id=place.id) for place in whole.places))
    bare.__dict__["travel_s"] = seconds
    return bare

"""Invented days with the traits of home infusion, as many as wanted: for benchmarks, tests and demos.

Two metros lie on both sides of a state line, each with a few clusters. Of the visits 55 % last 120
minutes; windows are all day (25 %), four hours (45 %), two hours (20 %) or 15 minutes (10 %); 15 % are
controlled. Of the nurses 50 % work 8 hours, 40 % work 10 and 10 % work 5.5. Everything is drawn from
one seeded generator; nothing depends on the clock.
"""

import math
import random

from routing.problem import (
    PENALTY_MC_BY_PRIORITY,
    MealBreak,
    Nurse,
    Pharmacy,
    Place,
    Problem,
    Visit,
    Weights,
    Window,
)
from routing.travel import AffineGreatCircle

H = 3600
MIN = 60
CENTRE = (39.10, -84.51)  # a river metro with a state line through it
KM_PER_DEGREE = 111.2
OPENS_S, CLOSES_S = 8 * H, 18 * H


def generate_day(visits: int, nurses: int, seed: int, *, service_min: tuple[int, ...] = ()) -> Problem:
    """Return an invented day.

    Parameters
    ----------
    visits, nurses
        How many.
    seed
        The same numbers give the same day.
    service_min
        Draw service minutes evenly from these instead (short-visit boards).
    """
    draw = random.Random(f"{visits}/{nurses}/{seed}")  # noqa: S311 - invented data
    clusters = [_scatter(draw, CENTRE, 22.0) for _ in range(6)]
    places: list[Place] = []

    def place(name: str, spread_km: float) -> str:
        lat, lon = _scatter(draw, draw.choice(clusters), spread_km)
        places.append(Place(id=name, lat=round(lat, 6), lon=round(lon, 6)))
        return name

    pharmacies = tuple(
        Pharmacy(
            id=f"pharmacy-{index + 1}",
            place=place(f"at-pharmacy-{index + 1}", 4.0),
            open=(Window(begin_s=7 * H, end_s=19 * H),),
            handling_s=10 * MIN,
        )
        for index in range(max(2, min(5, nurses // 6)))
    )
    staff = tuple(_nurse(draw, index, place(f"home-{index + 1}", 9.0)) for index in range(nurses))
    lat_of = {p.id: p.lat or 0.0 for p in places}
    in_both = {nurse.id: draw.random() < 0.6 for nurse in staff}  # licensed on both sides of the river
    skilled = {nurse.id: draw.random() < 0.8 for nurse in staff}
    booked = []
    for index in range(visits):
        where = place(f"patient-{index + 1}", 6.0)
        north = (places[-1].lat or 0.0) > CENTRE[0]
        special = draw.random() < 0.25
        against: dict[str, tuple[str, ...]] = {}
        for nurse in staff:
            reasons = []
            if not in_both[nurse.id] and (lat_of[nurse.start_place] > CENTRE[0]) != north:
                reasons.append("licence_not_valid_in_state")
            if special and not skilled[nurse.id]:
                reasons.append("competency_missing")
            if draw.random() < 0.02:
                reasons.append("patient_excluded")
            if reasons:
                against[nurse.id] = tuple(reasons)
        known = tuple(sorted(draw.sample([n.id for n in staff], k=min(nurses, draw.choice((0, 0, 1, 2))))))
        booked.append(_visit(draw, index, where, known, against, service_min))
    return Problem(
        label=f"generated {visits}/{nurses}, seed {seed}",
        horizon=Window(begin_s=0, end_s=24 * H),
        places=tuple(places),
        travel=AffineGreatCircle(),
        weights=Weights(),
        pharmacies=pharmacies,
        nurses=staff,
        visits=tuple(booked),
    )


def _scatter(draw: random.Random, centre: tuple[float, float], spread_km: float) -> tuple[float, float]:
    north_km, east_km = draw.gauss(0, spread_km / 2), draw.gauss(0, spread_km / 2)
    lat = centre[0] + north_km / KM_PER_DEGREE
    return lat, centre[1] + east_km / (KM_PER_DEGREE * math.cos(math.radians(lat)))


def _nurse(draw: random.Random, index: int, home: str) -> Nurse:
    hours = draw.choices((8.0, 10.0, 5.5), weights=(50, 40, 10))[0]
    begin_s = draw.choice((7 * H, 7 * H + 30 * MIN, 8 * H, 8 * H + 30 * MIN, 9 * H))
    if hours < 8:
        begin_s = draw.choice((8 * H, 12 * H))
    shift = Window(begin_s=begin_s, end_s=begin_s + int(hours * H))
    return Nurse(
        id=f"nurse-{index + 1}",
        start_place=home,
        end_place=home,
        shift=shift,
        overtime_limit_s=H,
        meal_break=MealBreak(
            duration_s=30 * MIN,
            earliest_s=shift.begin_s + 2 * H,
            latest_s=shift.begin_s + 5 * H,
            threshold_s=6 * H,
        ),
        lock_box_units=draw.choice((4, 6, 8)),
    )


def _visit(
    draw: random.Random,
    index: int,
    where: str,
    known: tuple[str, ...],
    against: dict[str, tuple[str, ...]],
    service_min: tuple[int, ...],
) -> Visit:
    if service_min:
        minutes = draw.choice(service_min)
    else:
        minutes = draw.choices((120, 150, 60, 75, 45, 240), weights=(55, 12, 14, 9, 7, 3))[0]
    latest_s = CLOSES_S - minutes * MIN
    width_s = draw.choices((24 * H, 4 * H, 2 * H, 15 * MIN), weights=(25, 45, 20, 10))[0]
    if width_s == 24 * H:
        window = Window(begin_s=OPENS_S, end_s=latest_s)
    else:
        steps = max(0, latest_s - OPENS_S - width_s) // (15 * MIN)
        begin_s = OPENS_S + draw.randint(0, steps) * 15 * MIN
        window = Window(begin_s=begin_s, end_s=min(latest_s, begin_s + width_s))
    priority = draw.choices(("low", "routine", "high", "critical"), weights=(10, 70, 15, 5))[0]
    return Visit(
        id=f"visit-{index + 1}",
        place=where,
        windows=(window,),
        service_s=minutes * MIN,
        penalty_mc=PENALTY_MC_BY_PRIORITY[priority],
        units=draw.choice((1, 2)) if draw.random() < 0.15 else 0,
        preferred_nurses=known,
        continuity_mc=2_000_000 if known else 0,
        ineligible=against,
    )

"""What a set of readings asks for, by the signed limits (care-rules.md section 3, "Vitals").

Before the infusion a limit is reached at its value (>=), lower limits are named "below" (<). A red set must
be confirmed by a second one so many minutes later; the second one that comes too soon confirms nothing.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from dispatch.kernel.refusals import Reason
from dispatch.visits.bedside.model import ChartedReading, Judged, Level, Phase, Reading
from dispatch.visits.bedside.rules.floors import never_laxer

Limits = Mapping[str, Mapping[str, Any]]
BEFORE_KEYS = ("vitals.amber", "vitals.red", "vitals.abort")
DURING_KEYS = ("vitals.watch", "vitals.pause", "vitals.stop")
KEYS = (*BEFORE_KEYS, *DURING_KEYS, "vitals.plausible", "vitals.baseline", "vitals.schedule")
UNITS = {"sbp": "mmHg", "dbp": "mmHg", "hr": "a minute", "rr": "a minute", "spo2": "%"}
NAMES = {
    "sbp": "Systolic pressure",
    "dbp": "Diastolic pressure",
    "hr": "Heart rate",
    "rr": "Breaths",
    "spo2": "Oxygen",
}


def implausible(reading: Reading, plausible: Mapping[str, int]) -> list[Reason]:
    """Return what cannot be a patient's reading: typed wrongly, or the cuff slipped."""
    found = []
    for name, words in NAMES.items():
        value, least, most = getattr(reading, name), plausible[f"{name}_least"], plausible[f"{name}_most"]
        if not least <= value <= most:
            text = f"{words} {value} {UNITS[name]} is not between {least} and {most}."
            found.append(Reason(code="reading_implausible", text=text, field=name, way_out="Measure again."))
    if reading.sbp <= reading.dbp:
        text = f"Systolic {reading.sbp} is not above diastolic {reading.dbp}."
        found.append(Reason(code="reading_implausible", text=text, field="dbp", way_out="Measure again."))
    return found


def judge(phase: Phase, reading: Reading, limits: Limits) -> Judged:
    """Say what one set of readings asks for, with the limits that said it."""
    keys = BEFORE_KEYS if phase is Phase.BEFORE else DURING_KEYS
    law = {key: never_laxer(key, limits[key]) for key in keys}
    told = _before(reading, law) if phase is Phase.BEFORE else _during(reading, law)
    level = next((level for level, codes in told if codes), Level.GREEN)
    codes = next((codes for _, codes in told if codes), ())
    return Judged(level=level, codes=tuple(codes), limits=law)


def _before(reading: Reading, limits: Limits) -> list[tuple[Level, list[str]]]:
    amber, red, abort = (limits[key] for key in BEFORE_KEYS)
    return [
        (
            Level.ABORT,
            [
                *_pressures(reading, abort),
                *(["hr"] * (reading.hr >= abort["hr_bpm"])),
                *(["spo2"] * (reading.spo2 < abort["spo2_below_percent"])),
                *(["rr"] * (reading.rr < abort["rr_below"] or reading.rr > abort["rr_above"])),
                *_symptoms(reading, abort),
            ],
        ),
        (
            Level.RED,
            [
                *_pressures(reading, red),
                *(["sbp_low"] * (reading.sbp < red["sbp_below_mmhg"])),
                *(["hr"] * (reading.hr >= red["hr_bpm"])),
                *(["hr_low"] * (reading.hr < red["hr_below_bpm"])),
                *(["spo2"] * (reading.spo2 < red["spo2_below_percent"])),
            ],
        ),
        (
            Level.AMBER,
            [
                *_pressures(reading, amber),
                *(["hr"] * (reading.hr >= amber["hr_bpm"])),
                *(["spo2"] * (reading.spo2 <= amber["spo2_percent"])),
            ],
        ),
    ]


def _during(reading: Reading, limits: Limits) -> list[tuple[Level, list[str]]]:
    watch, pause, stop = (limits[key] for key in DURING_KEYS)
    low_s = reading.spo2_low_s
    long_low = reading.spo2 < stop["spo2_below_percent"] and (low_s is None or low_s >= stop["spo2_seconds"])
    return [
        (
            Level.STOP,
            [
                *(["spo2"] * long_low),
                *(["rr"] * (reading.rr < stop["rr_below"])),
                *(["moaas"] * (reading.moaas <= stop["moaas_at_most"])),
                *_symptoms(reading, stop),
            ],
        ),
        (
            Level.PAUSE,
            [
                *_pressures(reading, pause),
                *(["hr"] * (reading.hr >= pause["hr_bpm"])),
                *(["spo2"] * (reading.spo2 < pause["spo2_below_percent"])),
                *(["moaas"] * (reading.moaas <= pause["moaas_at_most"])),
            ],
        ),
        (Level.WATCH, _pressures(reading, watch)),
    ]


def _pressures(reading: Reading, limit: Mapping[str, Any]) -> list[str]:
    return ["sbp"] * (reading.sbp >= limit["sbp_mmhg"]) + ["dbp"] * (reading.dbp >= limit["dbp_mmhg"])


def _symptoms(reading: Reading, limit: Mapping[str, Any]) -> list[str]:
    return [symptom for symptom in reading.symptoms if symptom in limit["symptoms"]]


def red_is_confirmed(
    readings: Sequence[ChartedReading], limits: Limits, since: datetime | None = None
) -> ChartedReading | None:
    """Return the red set before the infusion that confirms an earlier one, None where there is none.

    Parameters
    ----------
    since
        A prescriber's release: what was read until then is settled.
    """
    apart = timedelta(minutes=limits["vitals.red"]["apart_minutes"])
    first: datetime | None = None
    for each in readings:
        if each.phase is not Phase.BEFORE or (since is not None and each.at <= since):
            continue
        if each.judged.level is not Level.RED:
            first = None  # a better set between them: the pressure came down
        elif first is None:
            first = each.at
        elif each.at - first >= apart:
            return each
    return None


def against_baseline(
    readings: Sequence[ChartedReading],
    limits: Limits,
    now: datetime,
    *,
    red_released: bool = False,
) -> list[Reason]:
    """Return what keeps the newest set before the infusion from being its baseline."""
    before = [each for each in readings if each.phase is Phase.BEFORE]
    if not before:
        return [_against("baseline_missing", "There is no set of readings yet.", "Measure a baseline.")]
    newest = before[-1]
    found = []
    age = timedelta(minutes=limits["vitals.baseline"]["most_minutes"])
    if now - newest.at > age:
        text = f"The newest readings are older than {age.seconds // 60} minutes."
        found.append(_against("baseline_too_old", text, "Measure again."))
    if not newest.reading.rhythm:
        found.append(_against("rhythm_missing", "Nobody looked at the heart's rhythm.", "Read the ECG."))
    level = newest.judged.level
    aborting = next((each for each in before if each.judged.level is Level.ABORT), None)
    if aborting is not None:  # a better set later does not take it back
        found.append(_abort_reason(aborting))
    elif level is Level.RED and not red_released:
        found.append(_red_reason(newest, limits))
    elif level is Level.AMBER and not _rested(before, limits):
        rest = limits["vitals.amber"]["rest_minutes"]
        text = f"The readings are raised ({reading_text(newest.reading)})."
        found.append(_against("baseline_amber", text, f"Let the patient rest {rest} minutes, then repeat."))
    return found


def _rested(before: Sequence[ChartedReading], limits: Limits) -> bool:
    """Tell whether the newest set repeats a raised one after the rest."""
    rest = timedelta(minutes=limits["vitals.amber"]["rest_minutes"])
    return any(
        before[-1].at - each.at >= rest
        for each in before[:-1]
        if each.judged.level in {Level.AMBER, Level.RED}
    )


def _abort_reason(newest: ChartedReading) -> Reason:
    text = (
        f"The readings forbid an infusion today ({reading_text(newest.reading)}); nobody overrides that here."
    )
    return _against("vitals_abort", text, "End the visit; a prescriber decides what comes next.")


def _red_reason(newest: ChartedReading, limits: Limits) -> Reason:
    apart = limits["vitals.red"]["apart_minutes"]
    text = f"The readings are beyond the limit ({reading_text(newest.reading)})."
    way = f"Measure again after at least {apart} minutes; if it stays, only a prescriber can release it."
    return _against("vitals_red", text, way)


def _against(code: str, text: str, way_out: str) -> Reason:
    return Reason(code=code, text=text, field="readings", way_out=way_out)


def reading_text(reading: Reading) -> str:
    """Write the figures as nurses say them: 166/102, pulse 88, oxygen 97 %."""
    return f"{reading.sbp}/{reading.dbp}, pulse {reading.hr}, oxygen {reading.spo2} %"


def next_reading_due(
    readings: Sequence[ChartedReading],
    started_at: datetime,
    stopped_at: datetime | None,
    limits: Limits,
) -> datetime:
    """Return when the next set is due: 10 minutes while infusing, 5 when watched, 15 after."""
    since = stopped_at or started_at
    last = readings[-1] if readings and readings[-1].at >= since else None
    schedule = limits["vitals.schedule"]
    if stopped_at is not None:
        every = schedule["after_minutes"]
    elif last is not None and last.judged.level in {Level.WATCH, Level.PAUSE, Level.STOP}:
        every = limits["vitals.watch"]["every_minutes"]
    else:
        every = schedule["infusing_minutes"]
    return (last.at if last else since) + timedelta(minutes=every)

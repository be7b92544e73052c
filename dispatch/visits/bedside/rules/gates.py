"""What stands against ready, start, resume and discharge: everything at once, from plain values."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from dispatch.kernel.refusals import Reason
from dispatch.visits.bedside.model import Chart, ChartedReading, Class, Level, Phase, Section, Unmet
from dispatch.visits.bedside.rules.checklist import blank, unmet_of
from dispatch.visits.bedside.rules.questions import ALDRETE, STEPS22
from dispatch.visits.bedside.rules.vitals import Limits, against_baseline, red_is_confirmed
from dispatch.visits.model import Deed, Story

START_SECTIONS = tuple(s for step in STEPS22 if step.before == "start" for s in step.sections)
DISCHARGE_SECTIONS = tuple(s for step in STEPS22 if step.before == "discharge" for s in step.sections)
# What a prescriber's signature can let pass; all else is put right or the visit ends.
RELEASABLE = frozenset({Class.OVERRIDE})


@dataclass(frozen=True, kw_only=True)
class Ordered:
    """What the order says, as far as the bedside needs it."""

    drawn_ug: int
    weight_kg: Decimal
    rate_ml_h: Decimal
    rate_low_ml_h: Decimal
    rate_high_ml_h: Decimal
    reference: str = ""


@dataclass(frozen=True, kw_only=True)
class Case:
    """A visit at the bedside at an instant.

    Attributes
    ----------
    outside
        What other chapters hold against a start: clearance, order, fasting, the prescriber on call.
    drawn_ug
        Drawn up for this visit by custody's ledger, None where no controlled drug is given.
    ordered
        None where no order is needed.
    first_at_home
        The first infusion at home is watched longer.
    """

    story: Story
    chart: Chart
    limits: Limits
    now: datetime
    outside: Sequence[Unmet] = ()
    drawn_ug: int | None = None
    dose_ug: int | None = None
    ordered: Ordered | None = None
    first_at_home: bool = False
    released: Mapping[str, datetime] = field(default_factory=dict)


def unmet_before_start(case: Case, *, time_out: bool = True) -> tuple[Unmet, ...]:
    """Return everything that stands against the start; without `time_out`, against the draw and time-out.

    Warnings are among them; `standing` tells those that refuse.
    """
    found: list[Unmet] = []
    if Deed.CHECK_IN not in case.story.times:
        found.append(_unmet(1, "not_arrived", "The arrival is not recorded.", "Check in.", Class.REQUIRED))
    for section in START_SECTIONS:
        if section is Section.TIME_OUT and not time_out:
            continue
        found += unmet_of(section, case.chart.answers(section))
    found += case.outside
    found += _weight(case)
    found += _baseline(case)
    found += _drug(case)
    found += _pump(case)
    return tuple(found)


def standing(unmet: Iterable[Unmet], released: Mapping[str, datetime], chart: Chart) -> tuple[Unmet, ...]:
    """Return what still refuses: no warnings, and nothing that a prescriber released after it was charted."""
    return tuple(
        each for each in unmet if each.kind is not Class.WARN and not _is_released(each, released, chart)
    )


def _is_released(each: Unmet, released: Mapping[str, datetime], chart: Chart) -> bool:
    signed_at = released.get(each.reason.code)
    if signed_at is None or each.kind not in RELEASABLE:
        return False
    section = each.reason.field.partition(".")[0]
    entry = next((entry for name, entry in chart.sections.items() if name.value == section), None)
    return entry is None or entry.at <= signed_at


def _weight(case: Case) -> list[Unmet]:
    """Weigh at each visit: a change beyond the policy's share of the order's weight holds."""
    text = str(case.chart.answers(Section.WEIGHT).get("weight_kg") or "")
    if blank(text):
        return []
    limit, kg = case.limits["visit.weight"], Decimal(text)
    found = []
    if case.ordered is not None:
        change = abs(kg - case.ordered.weight_kg) * 100
        if change > case.ordered.weight_kg * limit["change_percent"]:
            says = f"The weight changed by more than {limit['change_percent']} % since the order."
            found.append(
                _unmet(
                    8, "weight_changed", says, "A prescriber signs, or writes a new order.", Class.OVERRIDE
                )
            )
    if not limit["least_kg"] <= kg <= limit["most_kg"]:
        says = f"The weight is not between {limit['least_kg']} and {limit['most_kg']} kg."
        found.append(_unmet(8, "weight_unusual", says, "Weigh again.", Class.WARN))
    return found


def _baseline(case: Case) -> list[Unmet]:
    before = [each for each in case.chart.readings if each.phase is Phase.BEFORE]
    signed_at = case.released.get("vitals_red")
    confirmed = red_is_confirmed(before, case.limits, signed_at)
    found = []
    # A signature settles what was read until then; a red set after it is measured again like any other.
    settled = signed_at is not None and bool(before) and before[-1].at <= signed_at
    for reason in against_baseline(before, case.limits, case.now, red_released=settled):
        kind = Class.REQUIRED
        if reason.code == "vitals_abort":
            kind = Class.BLOCK
        elif reason.code == "vitals_red" and confirmed is not None:
            kind = Class.OVERRIDE
        found.append(Unmet(reason=reason, kind=kind, step=9))
    if confirmed is not None and not any(each.reason.code == "vitals_red" for each in found):
        says = "Two sets of readings were beyond the limit: the visit is held."
        found.append(_unmet(9, "vitals_red", says, "Only a prescriber can release it.", Class.OVERRIDE))
    return found


def _drug(case: Case) -> list[Unmet]:
    if case.drawn_ug is None:
        return []
    if not case.drawn_ug:
        return [_unmet(12, "not_drawn", "No dose has been drawn.", "Open a vial and draw.", Class.REQUIRED)]
    wanted = case.ordered.drawn_ug if case.ordered else case.dose_ug
    if wanted is not None and case.drawn_ug > wanted:
        says = "More was drawn than the order names."
        return [_unmet(12, "drawn_above_order", says, "Waste it before a witness, draw anew.", Class.BLOCK)]
    return []


def _pump(case: Case) -> list[Unmet]:
    text = str(case.chart.answers(Section.TIME_OUT).get("rate_ml_h") or "")
    if case.ordered is None or blank(text) or Decimal(text) == case.ordered.rate_ml_h:
        return []
    says = f"The pump's rate is not the ordered {case.ordered.rate_ml_h} mL/h."
    return [_unmet(13, "rate_not_ordered", says, "Set the pump as ordered.", Class.BLOCK)]


def against_rate(to_ml_h: Decimal, ordered: Ordered | None) -> Reason | None:
    """Return what keeps a nurse from a rate: she stays inside the order's range (row D05)."""
    if ordered is None or ordered.rate_low_ml_h <= to_ml_h <= ordered.rate_high_ml_h:
        return None
    text = f"The order allows {ordered.rate_low_ml_h} to {ordered.rate_high_ml_h} mL/h."
    way_out = "A prescriber writes a new version of the order."
    return Reason(code="rate_out_of_range", text=text, field="to_ml_h", way_out=way_out)


def unmet_before_resume(case: Case, paused_at: datetime | None) -> tuple[Unmet, ...]:
    """Return what stands against letting the pump go on: a fresh set below the limits for pausing."""
    during = [each for each in case.chart.readings if each.phase is Phase.DURING]
    since = [each for each in during if paused_at is not None and each.at >= paused_at]
    if any(each.judged.level is Level.STOP for each in during):
        says = "A set of readings was beyond the limit for stopping."
        return (_unmet(14, "vitals_stop", says, "Stop the infusion; call 911.", Class.BLOCK),)
    if not since:
        says = "There are no readings since the pause."
        return (_unmet(14, "reading_missing", says, "Take a set of readings.", Class.REQUIRED),)
    every = timedelta(minutes=case.limits["vitals.watch"]["every_minutes"])
    found = []
    if case.now - since[-1].at > every:
        says = f"The newest readings are older than {every.seconds // 60} minutes."
        found.append(_unmet(14, "reading_too_old", says, "Take a set of readings.", Class.REQUIRED))
    if since[-1].judged.level is Level.PAUSE:
        says = "The newest readings are beyond the limit for pausing."
        found.append(_unmet(14, "vitals_pause", says, "Call the prescriber; measure again.", Class.BLOCK))
    return tuple(found)


def unmet_before_discharge(case: Case) -> tuple[Unmet, ...]:
    """Return everything that stands against the discharge (care-rules.md section 3, "Discharge")."""
    law, stopped_at = case.limits["visit.discharge"], case.story.times.get(Deed.STOP)
    found: list[Unmet] = []
    if stopped_at is None:
        return (_unmet(15, "not_stopped", "The infusion is not stopped.", "Stop it.", Class.REQUIRED),)
    least = law["least_minutes_first" if case.first_at_home else "least_minutes"]
    if case.now - stopped_at < timedelta(minutes=least):
        says = f"Less than {least} minutes have passed since the infusion."
        found.append(_unmet(16, "too_early", says, "Stay and watch.", Class.REQUIRED))
    found += _recovery_sets(case, stopped_at)
    for section in DISCHARGE_SECTIONS:
        entry = case.chart.sections.get(section)
        fresh = entry is not None and entry.at >= stopped_at
        found += unmet_of(section, entry.answers if entry is not None and fresh else {})
        if fresh and section is Section.SCORES:
            found += _scores(case)
    return tuple(found)


def _recovery_sets(case: Case, stopped_at: datetime) -> list[Unmet]:
    schedule, law = case.limits["vitals.schedule"], case.limits["visit.discharge"]
    sets = [each for each in case.chart.readings if each.phase is Phase.AFTER and each.at >= stopped_at]
    found = []
    if len(sets) < schedule["least_sets_after"]:
        says = f"{len(sets)} of {schedule['least_sets_after']} sets of readings after the infusion."
        found.append(_unmet(16, "sets_missing", says, "Take the sets that are due.", Class.REQUIRED))
    if not sets:
        return found
    newest = sets[-1]
    if case.now - newest.at > timedelta(minutes=schedule["last_minutes"]):
        says = f"The newest readings are older than {schedule['last_minutes']} minutes."
        found.append(_unmet(16, "last_set_too_old", says, "Take a set of readings.", Class.REQUIRED))
    if newest.reading.moaas < law["moaas_least"]:
        says = "The patient is not fully awake (MOAA/S 5)."
        found.append(_unmet(16, "not_awake", says, "Stay and watch.", Class.BLOCK))
    if not pressure_is_back(newest, _baseline_set(case.chart), law):
        says = "The pressure is neither near its baseline nor below the limit."
        found.append(
            _unmet(16, "pressure_not_back", says, "Wait, measure, call the prescriber.", Class.BLOCK)
        )
    return found


def pressure_is_back(newest: ChartedReading, baseline: ChartedReading | None, law: Mapping[str, int]) -> bool:
    """Tell whether the pressure lies within 20 % of the baseline's, or below 160/100."""
    now = newest.reading
    if now.sbp < law["sbp_below_mmhg"] and now.dbp < law["dbp_below_mmhg"]:
        return True
    if baseline is None:
        return False
    then = baseline.reading
    return all(
        abs(value - before) * 100 <= before * law["bp_percent"]
        for value, before in ((now.sbp, then.sbp), (now.dbp, then.dbp))
    )


def _baseline_set(chart: Chart) -> ChartedReading | None:
    before = [each for each in chart.readings if each.phase is Phase.BEFORE]
    return before[-1] if before else None


def _scores(case: Case) -> list[Unmet]:
    law, answers = case.limits["visit.discharge"], case.chart.answers(Section.SCORES)
    found = []
    parts = [int(answers[name]) for name in ALDRETE if not blank(answers.get(name))]
    if len(parts) == len(ALDRETE):
        if sum(parts) < law["aldrete_least"]:
            says = f"The Aldrete score is {sum(parts)}, less than {law['aldrete_least']}."
            found.append(_unmet(17, "aldrete_low", says, "Wait, and score again.", Class.BLOCK))
        if 0 in parts:
            says = "A part of the Aldrete score is 0."
            found.append(_unmet(17, "aldrete_zero", says, "Wait; call the prescriber.", Class.BLOCK))
    nausea = answers.get("nausea")
    if not blank(nausea) and int(str(nausea)) > law["nausea_most"]:
        says = "The nausea is stronger than mild."
        found.append(_unmet(17, "nausea", says, "Treat it as ordered; wait.", Class.BLOCK))
    return found


def _unmet(step: int, code: str, text: str, way_out: str, kind: Class) -> Unmet:
    return Unmet(
        reason=Reason(code=code, text=text, field=f"step{step}", way_out=way_out), kind=kind, step=step
    )

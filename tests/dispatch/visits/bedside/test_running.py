"""Given = rate x time run: 18 minutes of care-rules.md's example, pauses left out, changes counted."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from dispatch.kernel.ids import new_id
from dispatch.series.model import Dose
from dispatch.series.rules.dosing import given_ug
from dispatch.visits.bedside.model import Entry, Section
from dispatch.visits.bedside.rules.running import runs
from dispatch.visits.model import Deed, Fact

TEN = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
NURSE = new_id()
# care-rules.md section 3: 70 kg x 0.5 mg/kg, 50 mg/mL, made up to 50 mL, 40 minutes.
DOSE = Dose(
    mg=Decimal("35.0"), draw_ml=Decimal("0.70"), drawn_ug=35_000, final_ml=Decimal(50),
    final_mg_ml=Decimal("0.700"), minutes=40, rate_ml_h=Decimal("75.0"), mg_kg_h=Decimal("0.750"),
)  # fmt: skip


def at(minute: float) -> datetime:
    return TEN + timedelta(minutes=minute)


def facts(*told: tuple[Deed, float]) -> list[Fact]:
    return [Fact(event_id=new_id(), nurse_id=NURSE, deed=deed, happened_at=at(when)) for deed, when in told]


def rate(to_ml_h: str, when: float) -> Entry:
    return Entry(event_id=new_id(), at=at(when), section=Section.RATE, answers={"to_ml_h": to_ml_h})


def given(told: list[Fact], rates=(), now: float = 120) -> int:
    return given_ug(DOSE, runs(told, rates, DOSE.rate_ml_h, at(now)))


def test_stopped_after_18_minutes():
    ug = given(facts((Deed.START, 0), (Deed.STOP, 18)))
    assert (ug, DOSE.drawn_ug - ug) == (15_800, 19_200)


def test_the_whole_infusion():
    assert given(facts((Deed.START, 0), (Deed.STOP, 40))) == 35_000


def test_a_pause_gives_nothing():
    told = facts((Deed.START, 0), (Deed.PAUSE, 9), (Deed.RESUME, 30), (Deed.STOP, 39))
    assert given(told) == 15_800


def test_a_lower_rate_gives_less_from_then_on():
    told = facts((Deed.START, 0), (Deed.STOP, 40))
    assert given(told, [rate("37.5", 20)]) == 26_300  # 20 min at 75 and 20 at 37.5 mL/h: 37.5 mL, 26.25 mg


def test_while_it_runs_it_counts_until_now():
    assert given(facts((Deed.START, 0)), now=18) == 15_800


def test_before_the_start_nothing_was_given():
    assert given(facts((Deed.CHECK_IN, 0))) == 0


@settings(max_examples=150, deadline=None)
@for_all(st.lists(st.integers(1, 30), min_size=2, max_size=8))
def test_however_often_it_is_paused_only_running_time_counts(spans):
    told, clock, running = [], 0, 0
    for number, span in enumerate(spans):
        told.append(
            (Deed.RESUME if number else Deed.START, clock) if number % 2 == 0 else (Deed.PAUSE, clock)
        )
        running += span if number % 2 == 0 else 0
        clock += span
    found = runs(facts(*told, (Deed.STOP, clock)), (), DOSE.rate_ml_h, at(clock + 60))
    assert sum(minutes for _, minutes in found) == running

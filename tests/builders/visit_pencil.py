"""Pencil and paper beside a visit: what is true before the start, knowing nothing of the gates."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from dispatch.visits.bedside.model import Section
from tests.builders.charting import BEFORE

MONDAY = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
S = Section
ORDERED_UG = 35_000
# An answer that stands against the start as long as it is the newest, and what keeps it from standing.
WRONG: dict[str, tuple[Section, dict[str, str]]] = {
    "scene": (S.SAFE_SCENE, {"scene": "no"}),
    "no adult": (S.ADULT, {"present": "no"}),
    "young adult": (S.ADULT, {"of_age": "no"}),
    "no pump": (S.KIT, {"pump": "no"}),
    "no consent": (S.PAPERS, {"consent": "no"}),
    "drunk": (S.TODAY, {"alcohol": "yes"}),
    "pregnant": (S.TODAY, {"pregnant": "yes"}),
    "nobody knows": (S.TODAY, {"substances": "unknown"}),
    "new medicine": (S.TODAY, {"medications_changed": "yes"}),
    "just ate": (S.TODAY, {"last_solid": "3"}),
    "ate": (S.TODAY, {"last_solid": "5"}),
    "just drank": (S.TODAY, {"last_clear": "1"}),
    "heavier": (S.WEIGHT, {"weight_kg": "80.0"}),
    "no IV": (S.IV, {"placed": "no"}),
    "no rhythm": (S.MONITORS, {"rhythm": "no"}),
    "no oxygen": (S.MONITORS, {"oxygen": "no"}),
    "not checked": (S.DRUG, {"checked": "no"}),
    "pump too fast": (S.TIME_OUT, {"rate_ml_h": "80.0"}),
}
OF_TIME = {"just ate", "ate", "just drank"}
HOURS = [timedelta(hours=count) for count in range(10)]
A_PRESCRIBERS = {"new medicine": "today_medications_changed", "heavier": "weight_changed"}
# All that a prescriber's signature can settle; it settles what it names, as it was charted until then.
FOR_A_PRESCRIBER = {*A_PRESCRIBERS.values(), "fasting_solids_short", "vitals_red"}


@dataclass
class Pencil:
    """What is true before the start, noted in the order in which it was done."""

    arrived: bool = False
    charted: dict[Section, tuple[str, datetime]] = field(default_factory=dict)
    readings: list[tuple[datetime, str]] = field(default_factory=list)
    signed: dict[str, datetime] = field(default_factory=dict)
    red_since: datetime | None = None
    red_pair: bool = False
    reached_until: datetime | None = None
    case_held: bool = False
    series_held: bool = False
    suicidal: bool = False
    other_patient: bool = False
    drawn_ug: int = 0

    def read(self, at: datetime, kind: str) -> None:
        """Note a set of readings before the start."""
        self.readings.append((at, kind))
        if kind != "red":
            self.red_since = None
        elif self.red_since is None:
            self.red_since = at
        elif at - self.red_since >= timedelta(minutes=5):
            self.red_pair = True

    def sign(self, codes: set[str], at: datetime) -> None:
        """Note what a prescriber let pass."""
        self.signed |= dict.fromkeys(codes, at)
        if "vitals_red" in codes:
            self.red_pair, self.red_since = False, None

    def for_a_prescriber(self, now: datetime) -> set[str]:
        """What only a prescriber's signature lets pass."""
        found = {"vitals_red"} if self.red_pair else set[str]()
        for section, (wrong, at) in self.charted.items():
            code = A_PRESCRIBERS.get(wrong)
            if section is S.TODAY and HOURS[4] <= self.fasted(now) < HOURS[6]:
                found |= {"fasting_solids_short"} - self._settled(at)
            if code:
                found |= {code} - self._settled(at)
        return found

    def fasted(self, now: datetime) -> timedelta:
        """How long ago the patient ate, by the newest answer."""
        wrong, at = self.charted[S.TODAY]
        return now - at + HOURS[{"just ate": 3, "ate": 5}.get(wrong, 9)]

    def against(self, now: datetime) -> set[str]:
        """Everything that stands against a start at this moment."""
        found = {f"{section} not charted" for section in BEFORE if section not in self.charted}
        found |= {w for w, _ in self.charted.values() if w and w not in {*A_PRESCRIBERS, *OF_TIME}}
        if S.TODAY in self.charted:
            wrong, at = self.charted[S.TODAY]
            if self.fasted(now) < HOURS[4]:
                found.add("just ate")
            if wrong == "just drank" and now - at < HOURS[1]:
                found.add("just drank")
        found |= self.for_a_prescriber(now)
        last = self.readings[-1] if self.readings else None
        if last is None or now - last[0] > timedelta(minutes=10):
            found.add("no fresh baseline")
        elif last[1] == "red" and last[0] > self.signed.get("vitals_red", MONDAY):
            found.add("red baseline")
        facts = {
            "not there": not self.arrived, "abort": any(kind == "abort" for _, kind in self.readings),
            "nobody reached": self.reached_until is None or now > self.reached_until,
            "case held": self.case_held, "series held": self.series_held, "suicidal": self.suicidal,
            "another patient": self.other_patient, "not drawn": not self.drawn_ug,
            "too much drawn": self.drawn_ug > ORDERED_UG,
        }  # fmt: skip
        return found | {name for name, stands in facts.items() if stands}

    def _settled(self, charted_at: datetime) -> set[str]:
        return {code for code, at in self.signed.items() if charted_at <= at}

"""A visit at the bedside as a hypothesis machine: nurse, prescriber and dispatcher in any order, any facts.

Every step is a use case on a real database. A pencil beside it keeps what is true of the patient, the papers
and the drug in its own few words; it knows nothing of `rules.gates`.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import Connection
from sqlalchemy.orm import Session

from dispatch.clearance import service as clearance
from dispatch.clearance.commands import Hold, Release
from dispatch.clearance.model import HoldCause
from dispatch.custody import service as custody
from dispatch.custody.commands import Draw
from dispatch.kernel.clock import SetClock
from dispatch.kernel.ids import new_id
from dispatch.kernel.refusals import Refusal
from dispatch.series import service as series
from dispatch.series.states import SeriesDeed
from dispatch.visits.bedside.model import NewRelease, Section
from dispatch.visits.bedside.service import release_hold
from dispatch.visits.cancelling import cancel_visit
from dispatch.visits.closing import close_shift
from dispatch.visits.facts import facts_of, story_of
from dispatch.visits.model import Deed, Story, VisitState
from dispatch.visits.safety.model import ContactHow, NewContact
from dispatch.visits.safety.service import confirm_reachable
from tests.builders.charting import BEFORE, Ward
from tests.builders.custody import FIT
from tests.builders.series import DISPATCHER
from tests.builders.visit_home import KEYRING, Place
from tests.builders.visit_pencil import FOR_A_PRESCRIBER, HOURS, MONDAY, ORDERED_UG, WRONG, Pencil

S, D, V = Section, Deed, VisitState
# What goes wrong and is put right again; and what a whole visit suffers from.
PASSING = (*WRONG, "case held", "series held", "another patient", "late", "call ran out")
LASTING = (
    *(f"no {section}" for section in BEFORE), "suicidal", "red pair", "red pair, then calm", "abort",
    "not drawn", "too much drawn", "nobody reached",
)  # fmt: skip
READ: dict[str, dict[str, Any]] = {"calm": {}, "red": {"sbp": 166}, "abort": {"sbp": 182, "dbp": 111}}
FIRST_SETS = {
    "red pair": [(0, "red"), (5, "red")],
    "red pair, then calm": [(0, "red"), (5, "red"), (1, "calm")],
    "abort": [(0, "abort"), (5, "calm")],
}
DEEDS = tuple(
    deed for deed in Deed if deed not in {D.START, D.RELEASE, D.LAPSE, D.CANCEL, D.EN_ROUTE, D.CHECK_IN}
)
UNSAFE = {V.INFUSING, V.PAUSED, V.RECOVERY, V.EMERGENCY}
OVER = {V.COMPLETED, V.ABORTED, V.TRANSFERRED, V.NO_SHOW, V.CANCELLED}


class VisitMachine(RuleBasedStateMachine):
    """A visit and its pencil; each example is rolled back."""

    def __init__(self, connection: Connection, place: Place) -> None:
        super().__init__()
        self.place, self.clock = place, SetClock(MONDAY)
        self.outer = connection.begin()
        self.session = Session(
            connection, info={"keyring": KEYRING}, join_transaction_mode="create_savepoint"
        )
        self.scene = replace(place.scene, session=self.session, clock=self.clock)
        self.ward = Ward(self.session, place.visit_id, place.nurse, self.clock)
        self.other = Ward(self.session, place.other_visit_id, place.nurse, self.clock)
        self.pencil, self.before = Pencil(), self.story
        self.hold_id: UUID | None = None

    def teardown(self) -> None:
        """Leave the database as it was."""
        self.session.close()
        self.outer.rollback()

    @property
    def begun(self) -> bool:
        """Whether an infusion was started at this visit."""
        return D.START in self.story.times

    @property
    def story(self) -> Story:
        """The visit as the facts tell it."""
        rows = facts_of(self.session, [self.place.visit_id]).get(
            (self.place.visit_id, self.place.nurse.nurse_id), ()
        )
        return story_of(rows, cancelled=False)

    def tried(self, what: Any, *args: Any, **more: Any) -> tuple[Any, set[str]]:
        """Do something; return what came of it, or the codes of its refusal."""
        try:
            with self.session.begin_nested():
                return what(*args, **more), set()
        except Refusal as refusal:
            return None, {each.code for each in refusal.reasons}

    # ---- the whole preparation at once, mostly with one thing spoilt
    @initialize(spoilt=st.sampled_from(("", "", "", *LASTING)), at_once=st.integers(0, 3))
    def prepare(self, spoilt: str, at_once: int) -> None:
        """The nurse arrives and does all that comes before a start, but for what is spoilt."""
        self.ward.arrive()
        self.pencil.arrived = True
        self.pass_time(1)
        for section in BEFORE:
            if spoilt != f"no {section}":
                self._chart(section, "")
        for minutes, kind in FIRST_SETS.get(spoilt, [(0, "calm")]):
            self.pass_time(minutes)
            self.reads(kind)
        if spoilt != "not drawn":
            self.draws(ORDERED_UG + 5_000 if spoilt == "too much drawn" else ORDERED_UG)
        if spoilt != "nobody reached":
            self.reaches_the_prescriber()
        if spoilt == "suicidal":
            self.asks_of_suicide()
        self.both_agree()
        if at_once == 3:
            self.starts()

    @precondition(lambda self: not self.begun)
    @rule(these=st.lists(st.sampled_from(PASSING), min_size=3, max_size=4, unique=True))
    def things_stand_for_a_while(self, these: list[str]) -> None:
        """Things go wrong, one after the other, and are put right."""
        for what in these:
            self.goes_wrong(what)
            self.both_agree()
            self.is_put_right(what)
        self.both_agree()

    def goes_wrong(self, what: str) -> None:
        """Let one of `PASSING` stand against a start."""
        if what in WRONG:
            self._chart(WRONG[what][0], what)
        elif what in {"late", "call ran out"}:
            self.pass_time(31 if what == "call ran out" else 11)
            if what == "call ran out":
                self.reads("calm")
        elif what == "case held" and self.hold_id is None:
            held = Hold(case_id=self.scene.case_id, cause=HoldCause.REQUESTED)
            self.hold_id = clearance.hold(self.session, held, self.scene.prescriber, self.clock).id
            self.pencil.case_held = True
        elif what == "series held":
            self._moves_the_series(SeriesDeed.PAUSE)
        elif what == "another patient":
            self._other(D.START)

    def is_put_right(self, what: str) -> None:
        """Undo what `goes_wrong` did."""
        if what in WRONG:
            self._chart(WRONG[what][0], "")
        elif what in {"late", "call ran out"}:
            self.reads("calm")
            self.reaches_the_prescriber()
        elif what == "case held" and self.hold_id is not None:
            go_on = Release(hold_id=self.hold_id, reason="all is well", proof=self.scene.proof)
            done, _ = self.tried(
                clearance.release_hold, self.session, go_on, self.scene.prescriber, self.clock
            )
            if done:
                self.hold_id, self.pencil.case_held = None, False
        elif what == "series held":
            self._moves_the_series(SeriesDeed.RESUME)
        elif what == "another patient":
            self._other(D.DISCHARGE)

    def _moves_the_series(self, deed: SeriesDeed) -> None:
        done, _ = self.tried(
            series.decide_series, self.session, self.place.series_id, deed, "for a while",
            self.scene.prescriber, self.clock,
        )  # fmt: skip
        if done:
            self.pencil.series_held = deed is SeriesDeed.PAUSE

    def _other(self, deed: Deed) -> None:
        """The nurse's other patient: it happened, whatever was said of it."""
        self.other.do(deed, asked=False)
        self.pencil.other_patient = self.other.state in UNSAFE

    def both_agree(self) -> None:
        """Whether something stands against a start, and what waits for a prescriber: both say the same."""
        if not self.begun:
            now, got = self.clock.now(), set(self.ward.against_start)
            want, due = self.pencil.against(now), self.pencil.for_a_prescriber(now)
            assert bool(got) == bool(want), f"the visit says {sorted(got)}, the pencil {sorted(want)}"
            assert got & FOR_A_PRESCRIBER == due, f"for a prescriber: {sorted(got)}, by the pencil {due}"

    # ---- facts
    @rule(minutes=st.sampled_from([1, 4, 6, 11, 31, 61]))
    def pass_time(self, minutes: int) -> None:
        """Time passes."""
        self.clock.advance(timedelta(minutes=minutes))

    @precondition(lambda self: not self.begun)
    @rule(what=st.sampled_from(PASSING))
    def finds_something(self, what: str) -> None:
        """Something stands in the way from now on."""
        self.goes_wrong(what)
        self.both_agree()

    def asks_of_suicide(self) -> None:
        """The patient tells of an intention."""
        self.ward.chart(S.MOOD, q2="yes", q4="yes")
        self.pencil.charted[S.MOOD] = ("", self.clock.now())
        self.pencil.suicidal = True

    def _chart(self, section: Section, wrong: str) -> None:
        answers = dict(WRONG[wrong][1]) if wrong else {}
        for name in ("last_solid", "last_clear"):
            if name in answers:
                answers[name] = (self.clock.now() - HOURS[int(answers[name])]).isoformat()
        self.ward.chart(section, **answers)
        self.pencil.charted[section] = (wrong, self.clock.now())

    @rule(kind=st.sampled_from(["calm", "calm", "red"]))
    def reads(self, kind: str) -> None:
        """A set of readings."""
        begun = self.begun
        self.ward.read(**READ[kind])
        if not begun:
            self.pencil.read(self.clock.now(), kind)

    def draws(self, amount_ug: int) -> None:
        """Draw from the open vial."""
        command = Draw(
            event_id=new_id(), container_id=self.place.vial_id, standing=FIT, visit_id=self.place.visit_id,
            amount_ug=amount_ug, order_ceiling_ug=10 * ORDERED_UG,
        )  # fmt: skip
        done, _ = self.tried(custody.draw, self.session, command, self.place.nurse, self.clock)
        assert done or self.pencil.drawn_ug
        self.pencil.drawn_ug += amount_ug if done else 0

    @precondition(lambda self: not self.begun)
    @rule()
    def reaches_the_prescriber(self) -> None:
        """A live call; it counts for half an hour."""
        call = NewContact(
            duty_id=self.place.duty_id, how=ContactHow.LIVE_CALL, appointment_id=self.place.visit_id
        )
        confirm_reachable(self.session, call, self.place.nurse, self.clock)
        self.pencil.reached_until = self.clock.now() + timedelta(minutes=30)

    # ---- what people ask for
    def signs(self, codes: set[str]) -> None:
        """A prescriber signs: taken when all of it waits for her, or nothing does and the visit is held."""
        now, before = self.clock.now(), self.story.state
        due = self.pencil.for_a_prescriber(now)
        new = NewRelease(
            appointment_id=self.place.visit_id, codes=frozenset(codes), reason="I looked at it",
            proof=self.scene.proof,
        )  # fmt: skip
        done, refused = self.tried(release_hold, self.session, new, self.scene.prescriber, self.clock)
        wanted = codes <= due if codes else not due and before is V.HELD
        assert bool(done) == wanted, f"release of {codes} in {before}, {due} waits: {done} {refused}"
        if done:
            self.pencil.sign(codes, now)
            if self.pencil.for_a_prescriber(now):
                assert done is before, "released although something else waits"
            else:
                assert done is not V.HELD, "a visit that nothing holds is held"
        self.both_agree()

    @precondition(lambda self: not self.begun)
    @rule(one=st.booleans(), and_what_blocks=st.sampled_from([False, False, True]))
    def prescriber_signs(self, one: bool, and_what_blocks: bool) -> None:
        """A prescriber releases what waits for her, all or one thing; what blocks she cannot."""
        due = sorted(self.pencil.for_a_prescriber(self.clock.now()))
        blocks = sorted({*self.ward.against_start, "vitals_abort"} - set(due)) if and_what_blocks else []
        self.signs({*due[: 1 if one else None], *blocks})

    @precondition(lambda self: not self.begun)
    @rule(
        of_today=st.sampled_from(["new medicine", "ate"]), blocks=st.sampled_from(["no pump", "scene"]),
        backwards=st.booleans(),
    )  # fmt: skip
    def two_things_wait_for_a_prescriber(self, of_today: str, blocks: str, backwards: bool) -> None:
        """Each is signed for by itself, and neither signature settles the other, nor what blocks."""
        these = (blocks, of_today, "heavier")
        for what in these:
            self.goes_wrong(what)
        self.prescriber_signs(one=False, and_what_blocks=True)
        for code in sorted(self.pencil.for_a_prescriber(self.clock.now()), reverse=backwards):
            self.signs({code})
        for what in these:
            self.is_put_right(what)
        self.both_agree()

    @rule()
    def starts(self) -> None:
        """The nurse asks to start: allowed exactly when nothing stands against it."""
        state, against = self.story.state, self.pencil.against(self.clock.now())
        first = not self.begun
        receipt, refused = self.tried(self.ward.do, D.START)
        if receipt is not None:
            assert first
            assert not against, f"started although {against}"
            assert receipt.state is V.INFUSING
        elif first and state in {V.SCREENING, V.READY}:
            assert against, f"refused without a reason that the pencil knows: {refused}"

    @precondition(lambda self: not self.begun)
    @rule()
    def makes_all_well_and_starts(self) -> None:
        """What can be put right is; then the start is asked for."""
        for what in ("case held", "series held", "another patient"):
            self.is_put_right(what)
        for section in BEFORE:
            self._chart(section, "")
        self.reads("calm")
        self.reaches_the_prescriber()
        self.starts()

    @precondition(lambda self: not self.begun)
    @rule()
    def started_all_the_same(self) -> None:
        """It happened: kept, and flagged when something stood against it."""
        against = self.pencil.against(self.clock.now())
        receipt = self.ward.do(D.START, asked=False)
        if against:
            assert "start_unmet" in receipt.flags, f"nothing flagged although {against}"

    @rule(deed=st.sampled_from(DEEDS), asked=st.booleans())
    def does(self, deed: Deed, asked: bool) -> None:
        """Any other deed, asked for or reported."""
        before = self.story
        receipt, refused = self.tried(self.ward.do, deed, asked=asked, reason="as told")
        if deed is D.CHECK_OUT and asked and before.state in UNSAFE:
            assert refused == {"left_without_discharge"}
        if deed is D.DISCHARGE and asked and receipt is not None:
            waited = self.clock.now() - before.times[D.STOP]
            assert before.state is V.RECOVERY
            assert waited >= timedelta(minutes=30)
        if deed is D.RESUME and asked and receipt is not None:
            assert before.state is V.PAUSED

    @precondition(lambda self: self.begun)
    @rule()
    def recovers_and_goes_home(self) -> None:
        """Stop, watch, score, the adult signs, discharge: one asked step after another."""
        if self.story.state in {V.INFUSING, V.PAUSED}:
            self.ward.do(D.STOP)
        times = self.story.times
        if self.story.state is not V.RECOVERY or D.START not in times or times[D.START] > times[D.STOP]:
            return  # a stop was told, and no start before it: only an abort ends that until the start is told
        _, refused = self.tried(self.ward.do, D.DISCHARGE)
        assert refused, "discharged the minute the infusion ended"
        self.ward.recover()
        receipt, refused = self.tried(self.ward.do, D.DISCHARGE)
        assert receipt is not None, f"the discharge is refused: {refused}"

    @rule()
    def dispatcher_cancels(self) -> None:
        """Calling off comes too late once the nurse is there."""
        _, refused = self.tried(
            cancel_visit, self.session, self.place.visit_id, "patient_cancelled", DISPATCHER, self.clock
        )
        assert "nurse_has_arrived" in refused

    @rule()
    def closes_the_shift(self) -> None:
        """No shift closes over a patient."""
        watched = self.story.state in UNSAFE or self.other.state in UNSAFE
        _, refused = self.tried(close_shift, self.session, self.place.nurse, self.clock)
        assert ("patient_left" in refused) == watched
        assert refused  # a vial is open

    # ---- laws
    @invariant()
    def nobody_is_left_behind(self) -> None:
        """An infusion that began ends by discharge, transfer or abort; nothing else closes its visit."""
        now = self.story
        if D.START in now.times and now.state in OVER:
            assert {D.DISCHARGE, D.TRANSFER, D.ABORT} & set(now.times), f"{now.state} left a patient"

    @invariant()
    def an_emergency_ends_with_the_crew_or_an_abort(self) -> None:
        """After an emergency: the crew takes over, or leaves the patient at home."""
        before, self.before = self.before.state, self.story
        if before is V.EMERGENCY:
            assert self.before.state in {V.EMERGENCY, V.TRANSFERRED, V.ABORTED}

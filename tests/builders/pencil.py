"""What a person with a pencil would keep of some vials: whole numbers in dicts, and who has which vial.

It knows nothing of the ledger's code, tables or states: every deed is written out here once more, as plain
arithmetic. A deed says what must become of it: `MOVED`, `CLAIMED` (kept, but nothing moves) or `REFUSED`.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

MOVED, CLAIMED, REFUSED = "moved", "claimed", "refused"
BEYOND_USE_S = 4 * 3600
OFFER_STANDS_S = 60 * 60
IN_BAG = ("picked_up", "in_transit")
OPEN = ("opened", "administering", "residual_pending")
IN_HAND = (*IN_BAG, *OPEN)
ASIDE = ("quarantine", "recalled", "expired")
# What may be taken back whatever came after it.
AT_THE_BEDSIDE = ("draw", "give", "stop", "waste")


@dataclass
class Line:
    """One entry on the page: what was done, by whom, what it moved, and how the vial stood before."""

    deed: str
    by: str
    lines: Counter[str]
    stage: str
    holder: str
    visit: str = ""
    event_id: str = ""
    reversed: bool = False


@dataclass
class PencilVial:
    """One vial. `ug` says what stands of it in each account; `cap` what it may give above its label."""

    key: str
    seal: str
    label: int
    cap: int
    holder: str
    stage: str
    ug: Counter[str] = field(default_factory=Counter)
    page: list[Line] = field(default_factory=list)
    events: int = 0
    opened_at: int = 0
    drawn_at: int = 0
    offered_to: str = ""
    offered_until: int = 0
    recalled: bool = False

    @property
    def open(self) -> int:
        return self.ug[f"open:{self.key}"]

    @property
    def syringe(self) -> int:
        return self.ug[f"drawn:{self.key}"]

    @property
    def left(self) -> int:
        """What the opened vial and its syringe hold."""
        return self.open + self.syringe

    @property
    def spare(self) -> int:
        """What it may still give above its label."""
        return self.cap + self.ug["source:overfill"]

    @property
    def sealed(self) -> bool:
        return self.stage in ("dispensed", *IN_BAG)

    def of(self, kind: str) -> int:
        """What stands of this vial in all accounts of a kind."""
        return sum(ug for account, ug in self.ug.items() if account.partition(":")[0] == kind)


def lines(*moves: tuple[str, str, int]) -> Counter[str]:
    """Sum up moves of (giver, taker, ug)."""
    made: Counter[str] = Counter()
    for giver, taker, ug in moves:
        made[giver] -= ug
        made[taker] += ug
    return Counter({account: ug for account, ug in made.items() if ug})


@dataclass
class Pencil:
    """The page: the vials, the time in seconds, whose shift is open."""

    pharmacy: str
    now: int = 1
    recalled: bool = False
    vials: list[PencilVial] = field(default_factory=list)
    shifts: set[str] = field(default_factory=set)

    def accounts(self) -> Counter[str]:
        """What stands in each account, over all vials."""
        return sum_up(vial.ug for vial in self.vials)

    def drawn_for(self, visit: str) -> int:
        """What was drawn for a visit and not taken back."""
        return sum(
            line.lines[f"drawn:{vial.key}"]
            for vial in self.vials
            for line in vial.page
            if line.deed == "draw" and line.visit == visit and not line.reversed
        )

    def enter(
        self,
        vial: PencilVial,
        deed: str,
        by: str,
        moved: Counter[str],
        stage: str,
        holder: str | None = None,
        visit: str = "",
    ) -> str:
        """Write it down; the vial stands there from now on."""
        vial.page.append(Line(deed, by, moved, vial.stage, vial.holder, visit))
        for account, ug in moved.items():
            vial.ug[account] += ug
        vial.events += 1
        vial.stage, vial.offered_to = stage, ""
        vial.holder = vial.holder if holder is None else holder
        return MOVED

    def claim(self, vial: PencilVial) -> str:
        vial.events += 1
        return CLAIMED

    # At the pharmacy.

    def receive(self, vial: PencilVial, by: str) -> str:
        self.vials.append(vial)
        moved = lines(("source:pharmacy", f"custody:{self.pharmacy}", vial.label))
        return self.enter(vial, "receive", by, moved, "dispensed", self.pharmacy)

    def dispense(self, vial: PencilVial, by: str) -> str:
        self.vials.append(vial)
        vial.recalled = self.recalled
        return self.enter(vial, "dispense", by, lines(), "dispensed", "")

    def arrive(self, vial: PencilVial, by: str, *, seal_right: bool) -> str:
        if vial.stage != "dispensed" or vial.holder:
            return REFUSED
        to, stage = (f"custody:{self.pharmacy}", "dispensed") if seal_right else ("quarantine", "quarantine")
        moved = lines(("source:pharmacy", to, vial.label))
        return self.enter(vial, "arrive", by, moved, stage, self.pharmacy)

    def pick_up(self, vials: list[PencilVial], nurse: str, *, right: bool) -> str:
        ready = all(
            each.stage == "dispensed" and each.holder == self.pharmacy and not each.recalled for each in vials
        )
        if not right or not ready:
            return REFUSED
        for each in vials:
            self.enter(each, "pick up", nurse, self.handed(each, nurse), "picked_up", nurse)
        self.shifts.add(nurse)
        return MOVED

    def handed(self, vial: PencilVial, to: str) -> Counter[str]:
        """What is sealed goes along with its vial; what is open stays in it."""
        return lines((f"custody:{vial.holder}", f"custody:{to}", vial.label)) if vial.sealed else lines()

    def set_aside(self, vial: PencilVial, by: str, deed: str) -> str:
        on_shelf = vial.stage in ("dispensed", "returned") and vial.holder == self.pharmacy
        if not on_shelf or deed == "expired":  # no lot here is past its date
            return REFUSED
        return self.enter(vial, deed, by, self.out_of_use(vial), "quarantine")

    def out_of_use(self, vial: PencilVial) -> Counter[str]:
        giver = {"dispensed": f"custody:{self.pharmacy}", "returned": "returned"}.get(vial.stage)
        return lines((giver, "quarantine", vial.label)) if giver else lines()

    def recall(self, by: str) -> str:
        self.recalled = True
        for vial in self.vials:
            vial.recalled = True
            if vial.stage in ("dispensed", "returned", "quarantine") and vial.holder:
                self.enter(vial, "recall", by, self.out_of_use(vial), "recalled")
        return MOVED

    def restock(self, vial: PencilVial, by: str, *, seal_right: bool) -> str:
        if vial.stage != "returned" or not seal_right or vial.recalled:
            return REFUSED
        moved = lines(("returned", f"custody:{self.pharmacy}", vial.label))
        return self.enter(vial, "restock", by, moved, "dispensed")

    def destroy(self, vial: PencilVial, by: str, *, witness_right: bool) -> str:
        if not witness_right or vial.stage not in ASIDE or vial.holder != self.pharmacy:
            return REFUSED
        moved = lines(("quarantine", "waste", vial.ug["quarantine"]))
        return self.enter(vial, "destroy", by, moved, "destroyed")

    # In a nurse's hands.

    def set_out(self, vial: PencilVial, nurse: str) -> str:
        if vial.stage != "picked_up" or vial.holder != nurse:
            return REFUSED
        offered = vial.offered_to
        self.enter(vial, "set out", nurse, lines(), "in_transit")
        vial.offered_to = offered
        return MOVED

    def offer(self, vial: PencilVial, nurse: str, to: str, *, seal_right: bool) -> str:
        if vial.stage not in IN_HAND or vial.holder != nurse or not (seal_right or vial.stage in OPEN):
            return REFUSED
        if (vial.offered_to and self.now <= vial.offered_until) or to == nurse:
            return REFUSED
        self.enter(vial, "offer", nurse, lines(), vial.stage)
        vial.offered_to, vial.offered_until = to, self.now + OFFER_STANDS_S
        return MOVED

    def offered(self, vial: PencilVial, nurse: str) -> bool:
        """The vial waits for this nurse's answer, and not for too long."""
        return vial.stage in IN_HAND and vial.offered_to == nurse and self.now <= vial.offered_until

    def accept(self, vial: PencilVial, nurse: str, *, fit: bool, seal_right: bool) -> str:
        if not self.offered(vial, nurse) or not fit or not (seal_right or vial.stage in OPEN):
            return REFUSED
        self.shifts.add(nurse)
        return self.enter(vial, "accept", nurse, self.handed(vial, nurse), vial.stage, nurse)

    def decline(self, vial: PencilVial, nurse: str) -> str:
        if not self.offered(vial, nurse):
            return REFUSED
        return self.enter(vial, "decline", nurse, lines(), vial.stage)

    def open_vial(self, vial: PencilVial, nurse: str, *, seal_right: bool) -> str:
        if vial.stage not in IN_BAG or vial.holder != nurse or not seal_right:
            return self.claim(vial)
        if vial.recalled:
            return REFUSED
        vial.opened_at = self.now
        moved = lines((f"custody:{nurse}", f"open:{vial.key}", vial.label))
        return self.enter(vial, "open", nurse, moved, "opened")

    def draw(
        self, vial: PencilVial, nurse: str, visit: str, ug: int, ceiling: int, *, overridden: bool
    ) -> str:
        if ug < 1:
            return REFUSED
        if vial.stage not in OPEN or vial.holder != nurse or ug > vial.open + vial.spare:
            return self.claim(vial)
        too_old = self.now - vial.opened_at > BEYOND_USE_S
        blocked = too_old or vial.recalled or self.drawn_for(visit) + ug > ceiling
        if blocked and not overridden:
            return REFUSED
        if not vial.syringe:
            vial.drawn_at = self.now
        stage = "opened" if vial.stage == "opened" else "administering"
        return self.enter(vial, "draw", nurse, self.drawn_up(vial, ug), stage, visit=visit)

    def drawn_up(self, vial: PencilVial, ug: int) -> Counter[str]:
        above = max(0, ug - vial.open)
        syringe = f"drawn:{vial.key}"
        return lines((f"open:{vial.key}", syringe, ug - above), ("source:overfill", syringe, above))

    def give(
        self, vial: PencilVial, nurse: str, visit: str, ug: int, *, completes: bool, deed: str = "give"
    ) -> str:
        if ug < (deed == "give"):
            return REFUSED
        begins = OPEN if deed == "give" else ("administering",)
        if vial.stage not in begins or vial.holder != nurse or ug > vial.syringe:
            return self.claim(vial)
        moved = lines((f"drawn:{vial.key}", f"patient:{visit}", ug))
        stage = "residual_pending" if completes else "administering"
        return self.enter(vial, deed, nurse, moved, stage, visit=visit)

    def start(self, vial: PencilVial, nurse: str, prime: int, *, overridden: bool) -> str:
        if vial.stage not in OPEN or vial.holder != nurse or prime > vial.syringe:
            return self.claim(vial)
        too_old = vial.drawn_at and self.now - vial.drawn_at > BEYOND_USE_S
        if (too_old or vial.recalled) and not overridden:
            return REFUSED
        return self.enter(vial, "start", nurse, lines(), "administering")

    def change_rate(self, vial: PencilVial, nurse: str) -> str:
        if vial.stage != "administering" or vial.holder != nurse:
            return self.claim(vial)
        return self.enter(vial, "rate", nurse, lines(), vial.stage)

    def measure(self, vial: PencilVial, nurse: str) -> str:
        if vial.stage not in OPEN or vial.holder != nurse:
            return self.claim(vial)
        offered = vial.offered_to
        self.enter(vial, "measure", nurse, lines(), "residual_pending")
        vial.offered_to = offered
        return MOVED

    def waste(self, vial: PencilVial, nurse: str, ug: int, *, witness_right: bool) -> str:
        if not witness_right or ug < 1:
            return REFUSED
        if vial.stage not in OPEN or vial.holder != nurse or ug > vial.left + vial.spare:
            return self.claim(vial)
        return self.enter(vial, "waste", nurse, self.wasted(vial, ug), self.after_waste(vial, ug))

    def wasted(self, vial: PencilVial, ug: int) -> Counter[str]:
        of_syringe = min(ug, vial.syringe)
        of_open = min(ug - of_syringe, vial.open)
        return lines(
            (f"drawn:{vial.key}", "waste", of_syringe),
            (f"open:{vial.key}", "waste", of_open),
            ("source:overfill", "waste", ug - of_syringe - of_open),
        )

    def after_waste(self, vial: PencilVial, ug: int) -> str:
        return "residual_pending" if ug < vial.left else "wasted"

    def bring_back(self, vial: PencilVial, nurse: str, *, seal_right: bool, witness_right: bool) -> str:
        if not witness_right:
            return REFUSED
        if vial.stage not in (*IN_BAG, "seal_mismatch", "broken") or vial.holder != nurse:
            return self.claim(vial)
        if not vial.sealed:  # what broke was put aside before: a place changes, no amount
            return self.enter(vial, "return", nurse, lines(), "quarantine", self.pharmacy)
        stage = "quarantine" if not seal_right else "recalled" if vial.recalled else "returned"
        to = "returned" if stage == "returned" else "quarantine"
        moved = lines((f"custody:{nurse}", to, vial.label))
        return self.enter(vial, "return", nurse, moved, stage, self.pharmacy)

    def carry_back(self, vial: PencilVial, nurse: str, *, witness_right: bool) -> str:
        """The residual is handed in: all that should be left goes to quarantine."""
        if not witness_right:
            return REFUSED
        if vial.stage not in OPEN or vial.holder != nurse:
            return self.claim(vial)
        moved = self.emptied(vial, "quarantine")
        return self.enter(vial, "carry back", nurse, moved, "quarantine", self.pharmacy)

    def emptied(self, vial: PencilVial, to: str) -> Counter[str]:
        return lines((f"open:{vial.key}", to, vial.open), (f"drawn:{vial.key}", to, vial.syringe))

    def report(self, vial: PencilVial, by: str, what: str) -> str:
        begins = IN_BAG if what == "seal_mismatch" else ("dispensed", *IN_HAND)
        if vial.stage not in begins:
            return self.claim(vial)
        gone = what in ("lost", "stolen")
        to = "lost" if gone else "quarantine"
        moved = self.emptied(vial, to)
        if vial.sealed:  # a vial on its way from the supplier is nobody's yet
            moved = lines((f"custody:{vial.holder}", to, vial.label)) if vial.holder else lines()
        return self.enter(vial, what, by, moved, what, "" if gone else None)

    # Afterwards.

    def reconcile(self, vial: PencilVial, by: str) -> str:
        if vial.stage not in ("wasted", "residual_pending", "destroyed") or vial.left:
            return REFUSED
        return self.enter(vial, "reconcile", by, lines(), "reconciled")

    def reverse(self, vial: PencilVial, line: Line, by: str, approvers: set[str], *, right: bool) -> str:
        """Take an entry back: the same lines with the other sign, the vial where it stood before."""
        standing = [each for each in vial.page if each.deed != "reverse" and not each.reversed]
        accounts = self.accounts()
        covered = all(
            account.startswith("source:") or accounts[account] >= ug for account, ug in line.lines.items()
        )
        in_turn = line.deed in AT_THE_BEDSIDE or (standing and standing[-1] is line)
        if not right or line.by in approvers or line.reversed or line.deed == "reverse":
            return REFUSED
        if not covered or not in_turn:
            return REFUSED
        stage, holder = line.stage, line.holder
        if line.deed in AT_THE_BEDSIDE:
            stage = "residual_pending"
            holder = vial.holder if vial.stage in (*OPEN, "wasted", "reconciled") else line.holder
        line.reversed = True
        back = Counter({account: -ug for account, ug in line.lines.items()})
        return self.enter(vial, "reverse", by, back, stage, holder)

    def anew(self, vial: PencilVial, line: Line, by: str, ug: int) -> str:
        """Enter what was just taken back once more, with another amount."""
        if line.deed not in AT_THE_BEDSIDE or ug < 1:
            return REFUSED
        can_be = {"draw": vial.open + vial.spare, "waste": vial.left + vial.spare}.get(
            line.deed, vial.syringe
        )
        if ug > can_be:
            return REFUSED
        stage = "residual_pending"
        if line.deed == "draw":
            moved = self.drawn_up(vial, ug)
        elif line.deed == "waste":
            moved, stage = self.wasted(vial, ug), self.after_waste(vial, ug)
        else:
            moved = lines((f"drawn:{vial.key}", f"patient:{line.visit}", ug))
        return self.enter(vial, line.deed, by, moved, stage, visit=line.visit)

    def counted(self, holder: str) -> int:
        """How many sealed vials somebody finds who looks."""
        return sum(each.sealed and each.holder == holder for each in self.vials)

    def close_shift(self, nurse: str, *, count_right: bool) -> str:
        """Nothing may be left in the nurse's hands, and somebody looked."""
        in_hand = any(
            each.holder == nurse
            and (each.stage in (*IN_BAG, "seal_mismatch") or (each.stage in OPEN and each.left))
            for each in self.vials
        )
        if nurse not in self.shifts or in_hand or not count_right:
            return REFUSED
        self.shifts.discard(nurse)
        return MOVED


def sum_up(counts: Iterable[Counter[str]]) -> Counter[str]:
    """Add counters, keeping what is negative."""
    total: Counter[str] = Counter()
    for each in counts:
        total.update(each)
    return Counter({key: ug for key, ug in total.items() if ug})

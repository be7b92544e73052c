"""The nurse's 22 steps as data (care-rules.md section 6), and the questions of the sections she fills in."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dispatch.clearance.model import Scale
from dispatch.clearance.rules.scale_items import SCALE_ITEMS
from dispatch.visits.bedside.model import Class, Section

S, C = Section, Class
YES, NO = "yes", "no"
PRESCRIBER = "A prescriber decides."


@dataclass(frozen=True, kw_only=True)
class Question:
    """One question of a section.

    Attributes
    ----------
    kind
        ``yes_no``, ``text``, ``whole``, ``decimal``, ``choice``, ``when``; or one that may stay empty:
        ``note``, ``signature`` (drawn strokes, `kernel.signature`), ``tick`` (yes or nothing).
    wanted
        The answer that lets the visit go on, None where any answer does.
    otherwise
        How firmly another answer stands in the way.
    options
        Of a choice, or the least and the most of a whole number.
    """

    name: str
    text: str
    kind: str = "yes_no"
    wanted: str | None = YES
    otherwise: Class = Class.BLOCK
    against: str = ""
    way_out: str = ""
    options: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ChecklistStep:
    """One of the 22 steps.

    Attributes
    ----------
    before
        The deed that is refused while the step is open: ``start``, ``discharge`` or ``leave``; else empty.
    released_by
        Who can let the visit go on when the step says no.
    """

    number: int
    title: str
    sections: tuple[Section, ...] = ()
    before: str = ""
    released_by: str = "nobody"


STEPS22 = (
    ChecklistStep(number=1, title="Check-in", before="start"),
    ChecklistStep(number=2, title="Patient, address, safe scene", sections=(S.SAFE_SCENE,), before="start"),
    ChecklistStep(number=3, title="Responsible adult", sections=(S.ADULT,), before="start"),
    ChecklistStep(number=4, title="Kit, monitor, pump, phone", sections=(S.KIT,), before="start"),
    ChecklistStep(
        number=5, title="Consent, order, clearance", sections=(S.PAPERS,), before="start",
        released_by="prescriber",
    ),
    ChecklistStep(
        number=6, title="Questions of the day", sections=(S.TODAY,), before="start", released_by="prescriber"
    ),
    ChecklistStep(number=7, title="Mood", sections=(S.MOOD,), before="start", released_by="prescriber"),
    ChecklistStep(number=8, title="Weight", sections=(S.WEIGHT,), before="start", released_by="prescriber"),
    ChecklistStep(
        number=9, title="Baseline and prescriber", before="start",
        released_by="prescriber",
    ),
    ChecklistStep(number=10, title="IV", sections=(S.IV,), before="start"),
    ChecklistStep(number=11, title="Monitors on", sections=(S.MONITORS,), before="start"),
    ChecklistStep(number=12, title="Draw and double-check", sections=(S.DRUG,), before="start"),
    ChecklistStep(number=13, title="Time-out, start", sections=(S.TIME_OUT,), before="start"),
    ChecklistStep(number=14, title="Readings while it runs", sections=(S.RATE, S.SIDE_EFFECT)),
    ChecklistStep(number=15, title="Stop, flush, amount given", sections=(S.FLUSH,), before="discharge"),
    ChecklistStep(number=16, title="Recovery readings", before="discharge"),
    ChecklistStep(number=17, title="Recovery scores", sections=(S.SCORES,), before="discharge"),
    ChecklistStep(number=18, title="IV out", sections=(S.IV_OUT,), before="discharge"),
    ChecklistStep(number=19, title="Witnessed waste", before="leave", released_by="witness"),
    ChecklistStep(number=20, title="Instructions, adult signs", sections=(S.FAREWELL,), before="discharge"),
    ChecklistStep(number=21, title="Note, check-out", sections=(S.NOTE,), before="leave"),
    ChecklistStep(number=22, title="The day after", sections=(S.NEXT_DAY,)),
)  # fmt: skip
STEP_OF = {section: step for step in STEPS22 for section in step.sections}
RELATIONS = ("spouse", "partner", "parent", "child", "sibling", "relative", "friend", "carer")
SIDE_EFFECTS = (
    "nausea", "vomiting", "dizziness", "headache", "hallucination", "dissociation", "anxiety", "agitation",
    "raised_pressure", "palpitations", "double_vision", "drowsiness", "itching", "site_pain", "other",
)  # fmt: skip
INCIDENTS = (
    "reaction", "fall", "wrong_dose", "equipment", "drug_loss", "threat", "boundary", "needle_injury", "other"
)  # fmt: skip
SCALE_0_2, SCALE_0_3 = ("0", "2"), ("0", "3")
ALDRETE = ("activity", "breathing", "circulation", "consciousness", "oxygen")
CSSRS_NAMES = ("q1", "q2", "q3", "q4", "q5", "q6", "q6_3_months")
CSSRS = dict(zip(CSSRS_NAMES, SCALE_ITEMS[Scale.CSSRS], strict=True))
PHQ9 = {f"p{number}": text for number, text in enumerate(SCALE_ITEMS[Scale.PHQ9], 1)}


def _ask(name: str, text: str, against: str, way_out: str = "", **more: Any) -> Question:
    return Question(name=name, text=text, against=against, way_out=way_out, **more)


def _text(name: str, text: str, kind: str = "text", options: tuple[str, ...] = ()) -> Question:
    return Question(name=name, text=text, kind=kind, wanted=None, options=options)


def _today(name: str, text: str, against: str, way_out: str, otherwise: Class = Class.BLOCK) -> Question:
    return _ask(name, text, against, way_out, wanted=NO, otherwise=otherwise)


NOT_TODAY = "No infusion today: end the visit; a prescriber decides what comes next."
QUESTIONS: Mapping[Section, tuple[Question, ...]] = {
    S.SAFE_SCENE: (
        _ask("identifiers", "Name and date of birth agree?", "The patient is not identified.", "Ask again."),
        _ask("address", "The address is the right one?", "The address is not confirmed.", "Call dispatch."),
        _ask("scene", "The scene is safe?", "The scene is not safe.", "Leave, and call dispatch."),
    ),
    S.ADULT: (
        _text("name", "Name of the responsible adult"),
        _text("phone", "Phone"),
        _text("relation", "Relation", "choice", RELATIONS),
        _ask("of_age", "18 or older?", "The adult is not of age.", "Another adult has to come."),
        _ask("chosen", "Chosen by the patient?", "The patient did not choose this adult.", "Ask whom."),
        _ask("present", "Here now?", "No responsible adult is here.", "Wait for the adult, or re-plan."),
        _ask(
            "can_drive", "Can bring the patient where needed?", "Nobody could drive the patient.",
            "Agree on who can.", otherwise=C.WARN,
        ),
    ),
    S.KIT: (
        _ask("complete", "Kit complete?", "The kit is not complete.", "Get what is missing."),
        _ask("in_date", "All in date?", "Something is out of date.", "Replace it."),
        _ask("monitor", "Monitor works?", "The monitor does not work.", "Get another one."),
        _ask("pump", "Pump works?", "Without a pump nothing is infused.", "Get another one."),
        _ask("phone", "Phone charged, with signal?", "The phone may fail.", "Charge it.", otherwise=C.WARN),
        _ask(
            "antiemetic", "Ondansetron there and in date?", "There is nothing against nausea.",
            "Tell the prescriber.", otherwise=C.WARN,
        ),
    ),
    S.PAPERS: (
        _ask("consent", "Consent read and signed?", "There is no signed consent.", "Let the patient sign."),
    ),
    S.TODAY: (
        _today(
            "medications_changed", "Any medicine new, changed or left out since the review?",
            "The medicines changed since they were reviewed.", PRESCRIBER, C.OVERRIDE,
        ),
        _today("alcohol", "Any alcohol in the last 24 hours?", "The patient drank alcohol.", NOT_TODAY),
        _today("substances", "Any cannabis or other drug?", "The patient took a substance.", NOT_TODAY),
        _today("intoxicated", "Seems intoxicated?", "The patient seems intoxicated.", NOT_TODAY),
        _today("pregnant", "Pregnant, or could be?", "The patient may be pregnant.", NOT_TODAY),
        _today("breast_feeding", "Breast-feeding?", "The patient is breast-feeding.", NOT_TODAY),
        _today("unwell", "Unwell today (fever, chest)?", "The patient is unwell.", PRESCRIBER, C.OVERRIDE),
        _text("last_solid", "Last food", "when"),
        _text("last_clear", "Last clear drink", "when"),
        Question(name="fatty", text="Was the food fried or fatty?", wanted=None),
    ),
    S.MOOD: (
        *(Question(name=name, text=text, wanted=None) for name, text in CSSRS.items()),
        *(_text(name, text, "whole", SCALE_0_3) for name, text in PHQ9.items()),
    ),
    S.WEIGHT: (_text("weight_kg", "Weight in kg", "decimal"),),
    S.IV: (
        _ask("placed", "IV placed, flushes well?", "There is no working IV.", "Place it."),
        _text("site", "Site"),
    ),
    S.MONITORS: (
        _ask("heart_rate", "Heart rate on?", "Heart rate is not monitored.", "Put it on."),
        _ask("rhythm", "ECG rhythm on?", "The rhythm is not monitored.", "Put it on."),
        _ask("pressure", "Blood pressure on?", "Blood pressure is not monitored.", "Put it on."),
        _ask("oxygen", "Oxygen on?", "Oxygen is not monitored.", "Put it on."),
    ),
    S.DRUG: (
        _ask("label", "Drug, strength and expiry read?", "The label was not read.", "Read it."),
        _ask("checked", "Independently double-checked?", "Nobody checked it again.", "Calculate anew."),
        _text("checked_by", "Second check by"),
    ),
    S.TIME_OUT: (
        _ask("patient", "Right patient?", "The time-out was not done.", "Do it."),
        _ask("dose", "Right drug, dose and volume?", "The dose was not confirmed.", "Compare the order."),
        _ask("pump", "Pump set to the ordered rate?", "The pump is not set as ordered.", "Set it."),
        _text("rate_ml_h", "Rate on the pump in mL/h", "decimal"),
    ),
    S.RATE: (
        _text("from_ml_h", "From mL/h", "decimal"),
        _text("to_ml_h", "To mL/h", "decimal"),
        _text("reason", "Why"),
    ),
    S.SIDE_EFFECT: (
        _text("code", "Side effect", "choice", SIDE_EFFECTS),
        _text("severity", "How strong (1 mild, 3 severe)", "whole", ("1", "3")),
        _text("note", "Note", "note"),
    ),
    S.FLUSH: (_ask("flushed", "Line flushed?", "The line was not flushed.", "Flush it."),),
    S.SCORES: (
        _text("activity", "Moves (2 all limbs, 1 two, 0 none)", "whole", SCALE_0_2),
        _text("breathing", "Breathes (2 deeply, 1 shallow, 0 not)", "whole", SCALE_0_2),
        _text("circulation", "Pressure (2 within 20 %, 1 within 50 %, 0 more)", "whole", SCALE_0_2),
        _text("consciousness", "Awake (2 fully, 1 to voice, 0 not)", "whole", SCALE_0_2),
        _text("oxygen", "Oxygen (2 above 92 % on air, 1 with oxygen, 0 less)", "whole", SCALE_0_2),
        _today("dissociation", "Still dissociated?", "Dissociation is not over.", "Wait, and ask again."),
        _text("cadss", "CADSS, if taken", "note"),
        _text("nausea", "Nausea (0 none, 3 severe)", "whole", SCALE_0_3),
        _ask("gait", "Walks steadily?", "The gait is not steady.", "Wait, and try again."),
        _ask("cssrs_clear", "C-SSRS clear now?", "The C-SSRS is not clear.", "Call a prescriber; 988, 911."),
    ),
    S.IV_OUT: (_ask("out", "Cannula out, site dry?", "The cannula is in.", "Take it out."),),
    S.FAREWELL: (
        _ask("instructions", "Instructions given and understood?", "Instructions are missing.", "Give them."),
        _ask(
            "no_driving", "Patient and adult know: no driving for 24 hours and a night's sleep?",
            "Nobody acknowledged the rule on driving.", "Explain it.",
        ),
        _ask(
            "present", "The adult is here now?", "The responsible adult is not here.",
            "Stay until the adult, or another one, is here.",
        ),
        _text("signed_name", "The adult's own name", "note"),
        _text("signature", "The adult's drawn signature", "signature"),
        _text("signed_by_typing", "Or: the typed name is the adult's signature", "tick"),
        _text("cannot_sign", "Or: why the adult cannot sign", "note"),
    ),
    S.NOTE: (_text("text", "Note"),),
    S.INCIDENT: (
        _text("kind", "What kind", "choice", INCIDENTS),
        Question(name="harmed", text="Was somebody harmed?", wanted=None),
        _text("text", "What happened"),
    ),
    S.NEXT_DAY: (
        *(_text(name, text, "whole", SCALE_0_3) for name, text in PHQ9.items()),
        _text("by", "Who answered", "choice", ("patient", "phone")),
    ),
    S.RELEASE: (),
}  # fmt: skip

"""What a patient reads on her own page before, during and after a visit, as data.

Each line names the row of care-rules.md that it stands for. None promises an effect (D15), and none tells
anybody to stop or leave out a medicine (A11, B27); tests read all of them.
"""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Instruction:
    """One line, and the row of care-rules.md it stands for."""

    row: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Chapter:
    """What belongs to one part of the day."""

    code: str
    title: str
    lines: tuple[Instruction, ...]


def _chapter(code: str, title: str, *lines: tuple[str, str]) -> Chapter:
    return Chapter(
        code=code, title=title, lines=tuple(Instruction(row=row, text=text) for row, text in lines)
    )


CHAPTERS = (
    _chapter(
        "before",
        "Before",
        ("C18", "Keep most of the day clear. The visit itself takes about two hours, the first one longer."),
        ("B16", "Solid food, milk, soup and juice with pulp end at the time above; fried food sooner."),
        ("B17", "Water, sports drinks, apple juice, black coffee and tea are fine until the time above."),
        (
            "B27",
            "Take your medicines as your prescriber told you. Change nothing without asking your prescriber.",
        ),
        ("C15", "No alcohol. If you drank, or feel ill, tell us before we come."),
        ("B25", "An adult whom you chose, and who can drive, is with you from beginning to end."),
        ("C14", "That adult may be a friend who keeps you company."),
        ("C03", "If you would like a second person of ours in the room, ask for a chaperone below."),
    ),
    _chapter(
        "during",
        "During",
        ("A20", "One nurse is with you the whole time and looks after nobody else meanwhile."),
        ("B18", "She watches heart rhythm, blood pressure and oxygen from beginning to end."),
        (
            "D07",
            "You may feel detached from your body or surroundings for a while; that is known and passes.",
        ),
        ("D07", "Many people like an eye mask and quiet music. Have both ready if you do."),
        ("B21", "Mild nausea, dizziness or odd images can happen. Tell your nurse at once."),
    ),
    _chapter(
        "after",
        "After",
        ("B24", "The nurse stays at least half an hour after the end and leaves when it is safe."),
        ("B26", "Do not drive or use machines for 24 hours, and not before you have slept a night."),
        ("B23", "We ask how you are two hours later. If something is wrong, call us; in an emergency, 911."),
        ("C20", "Keep away from large gatherings and hard work in the coming days."),
        ("B07", "Talk therapy, exercise and hobbies belong to the days after, too."),
        ("B02", "Nothing of the medicine is left at your home, also not for later."),
    ),
)

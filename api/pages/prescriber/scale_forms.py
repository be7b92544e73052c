"""The scales as forms: their items, and the words of each answer."""

from dataclasses import dataclass

from dispatch.clearance.model import Scale
from dispatch.clearance.queries import SCALE_ITEMS

NAMES = {Scale.PHQ9: "PHQ-9", Scale.GAD7: "GAD-7", Scale.CSSRS: "C-SSRS screener"}
FREQUENCIES = ("0 not at all", "1 several days", "2 more than half the days", "3 nearly every day")
CHOICES = {Scale.PHQ9: FREQUENCIES, Scale.GAD7: FREQUENCIES, Scale.CSSRS: ("no", "yes")}


@dataclass(frozen=True, kw_only=True)
class ScaleForm:
    """A scale to be filled in: its items, and the words for the answers 0, 1, ..."""

    scale: Scale
    name: str
    lines: tuple[str, ...]
    choices: tuple[str, ...]


SCALE_FORMS = tuple(
    ScaleForm(scale=each, name=NAMES[each], lines=SCALE_ITEMS[each], choices=CHOICES[each]) for each in NAMES
)

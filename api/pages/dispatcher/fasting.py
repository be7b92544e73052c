"""When the patient last ate and drank, as the dispatcher types it on the booking page (B16, B17)."""

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from dispatch.kernel.local_time import instant
from dispatch.kernel.refusals import Invalid, Reasons

SOLIDS, CLEAR, FATTY = "last_solids_at", "last_clear_at", "last_fatty_at"
FASTING = (SOLIDS, CLEAR, FATTY)
LONGEST = 16


def fasting_typed(form: Mapping[str, str], zone: ZoneInfo) -> dict[str, str]:
    """Return the instants with their offset, empty when nothing was typed.

    Raises
    ------
    Invalid
        ``field_not_valid``; ``fasting_incomplete`` where one of the two times is missing: half an answer is
        no answer.
    """
    said = {name: form[name].strip() for name in FASTING if form.get(name, "").strip()}
    wrong = Reasons()
    if said:
        for name in (SOLIDS, CLEAR):
            if name not in said:
                text = "Both are needed: when she last ate and when she last drank."
                wrong.add("fasting_incomplete", text, field=name)
    found = {}
    for name, text in said.items():
        try:
            local = datetime.fromisoformat(text) if len(text) <= LONGEST else None
        except ValueError:
            local = None
        if local is None or local.tzinfo is not None or not 2000 <= local.year < 2200:
            wrong.add("field_not_valid", "Write the moment as 2026-11-23T09:30.", field=name)
        else:
            found[name] = instant(local.date(), local.time(), zone, fold=0, field=name).isoformat()
    wrong.raise_if_any(Invalid)
    return found

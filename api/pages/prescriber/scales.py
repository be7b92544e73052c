"""Scales that a prescriber enters on a case: the baseline, the consultation (care-rules.md, section 3)."""

from uuid import UUID

from flask import request
from werkzeug.wrappers import Response

from api.actor import actor, clock, policy
from api.db import current_session
from api.pages import pages
from api.pages.prescriber import reading
from api.pages.prescriber.deeds import PRESCRIBERS, answer_on_case, zone_of_case
from dispatch.clearance.commands import NewScore
from dispatch.clearance.model import Occasion, Scale, Subject
from dispatch.clearance.queries import SCALE_ITEMS
from dispatch.clearance.service import record_score

OCCASIONS = (Occasion.BASELINE, Occasion.CONSULTATION)


@pages.route("/clearance/cases/<uuid:case_id>/scores", methods=["POST"])
@policy(PRESCRIBERS)
def enter_scale(case_id: UUID) -> Response:
    """Keep a filled-in scale; a worrying one raises its alarm itself."""

    def deed() -> object:
        scale, occasion = request.form.get("scale", ""), request.form.get("occasion", "")
        if scale not in set(Scale):
            raise reading.not_valid("scale", "Choose a scale.")
        if occasion not in OCCASIONS:
            raise reading.not_valid("occasion", "Say whether this is the baseline or the consultation.")
        taken_at = reading.moment("taken_at", zone_of_case(case_id))
        if taken_at is None:
            raise reading.not_valid("taken_at", "Say when the scale was filled in.")
        items = range(1, len(SCALE_ITEMS[Scale(scale)]) + 1)
        command = NewScore(
            subject=Subject(case_id=case_id),
            scale=Scale(scale),
            answers=tuple(reading.number_or_none(f"item_{n}") for n in items),
            taken_at=taken_at,
            occasion=Occasion(occasion),
        )
        return record_score(current_session(), command, actor(), clock())

    return answer_on_case(case_id, "scores", deed)

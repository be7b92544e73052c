"""/clearance/cases/<id>: one case with its verdict, everything unmet, and the forms to act on it."""

from datetime import timedelta
from http import HTTPStatus
from uuid import UUID

from flask import make_response, render_template, request
from werkzeug.wrappers import Response

from api.actor import actor, clock, note_read, policy, roles
from api.db import current_session
from api.pages import pages
from api.pages.prescriber.curves import phq9_curve
from api.pages.prescriber.scale_forms import SCALE_FORMS
from dispatch.clearance import queries
from dispatch.clearance.model import Decision, Mode, RuleClass, Scale, Standing
from dispatch.kernel.actor import Role
from dispatch.kernel.ids import new_id
from dispatch.kernel.refusals import Refusal

PRESCRIBERS = roles(Role.PRESCRIBER)
USUAL_OVERRIDE = timedelta(days=30)
BANDS = ("phq9_mild", "phq9_moderate", "phq9_moderately_severe", "phq9_severe")


@pages.route("/clearance/cases/<uuid:case_id>")
@policy(PRESCRIBERS)
def clearance_case(case_id: UUID) -> Response:
    """Show one case."""
    return case_page(case_id)


def case_page(case_id: UUID, refusal: Refusal | None = None) -> Response:
    """Render a case, with what was refused and what had been typed."""
    session, now = current_session(), clock().now()
    file = queries.case_file(session, case_id, now)
    note_read(queries.read_entry(session, "read_case", case_id))
    scales = file.clearance.policies["clearance.scales"]
    phq9 = [line for line in file.scores if line.scale is Scale.PHQ9]
    standing = file.verdict.standing(*RuleClass)
    page = render_template(
        "prescriber/case.html",
        file=file,
        case=file.case,
        zone=file.zone,
        now=now,
        today=now.astimezone(file.zone).date(),
        until=(now + USUAL_OVERRIDE).astimezone(file.zone).date(),
        classes=list(RuleClass),
        standing=standing,
        to_override=[each for each in standing if each.rule_class is RuleClass.OVERRIDE],
        to_acknowledge=[each for each in standing if each.rule_class is RuleClass.WARN],
        signed=Standing.SIGNED,
        decisions=list(Decision),
        modes=list(Mode),
        questions=queries.question_words(),
        mine=next(
            (
                each for each in file.consultations
                if each.status == "booked" and each.prescriber_id == actor().account_id
                and each.begins_at <= now
            ),
            None,
        ),
        curve=phq9_curve(phq9, [scales[band] for band in BANDS]),
        scale_forms=SCALE_FORMS,
        event_id=new_id,
        refusal=refusal,
        form=request.form,
    )  # fmt: skip
    return make_response(page, refusal.status if refusal else HTTPStatus.OK)

"""What the software cannot know of a form is asked; every answer that changed becomes a step."""

from sqlalchemy.orm import Session

from dispatch.custody.cases.commands import FillForm
from dispatch.custody.cases.loading import locked_case
from dispatch.custody.cases.model import Case, StepKind
from dispatch.custody.cases.queries.papers import entered, form_sheet
from dispatch.custody.cases.rules.deciding import step_fits
from dispatch.custody.cases.rules.form_fields import FORMS
from dispatch.custody.cases.rules.forms import values_fit
from dispatch.custody.cases.sentences import reason
from dispatch.custody.cases.service.stepping import OFFICERS
from dispatch.custody.cases.writing import write_step
from dispatch.kernel.actor import Actor
from dispatch.kernel.clock import Clock
from dispatch.kernel.refusals import Conflict, Invalid, NotFound


def fill_form(session: Session, command: FillForm, actor: Actor, clock: Clock) -> Case:
    """Enter fields of a form; an answer that stands there already makes no step.

    Raises
    ------
    NotFound
        ``no_such_case``, ``no_such_form``.
    Invalid
        With everything that is wrong with the answers.
    Conflict
        ``case_resolved``, or why the case has no such form.
    """
    actor.require(OFFICERS)
    if command.form not in FORMS:
        raise NotFound([reason("no_such_form", "form")])
    case = locked_case(session, command.case_id)
    sheet = form_sheet(session, case.case_id, command.form)
    shown = {each.asked.key: each.value for each in sheet.fields}
    sent = {key: value.strip().replace("\r\n", "\n") for key, value in command.values.items()}
    wrong = values_fit(command.form, sent, shown)
    if wrong:
        raise Invalid(wrong)
    against = step_fits(case, StepKind.FIELD, "")
    if against:
        raise Conflict(against)
    before = entered(case, command.form)
    for key, value in sent.items():
        kept = before[key].text if key in before else ""
        if value in (kept, shown.get(key, "")):
            continue
        write_step(
            session, case.case_id, StepKind.FIELD, actor, clock, code=f"{command.form}:{key}", text=value
        )
    return locked_case(session, case.case_id)

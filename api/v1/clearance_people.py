"""Prescribers, scales that were filled in, and tasks that others put before a prescriber."""

from typing import Any
from uuid import UUID

from api.actor import actor, clock, note_read, policy, roles
from api.db import current_session
from api.idempotency import answered_once
from api.json_input import Blueprint
from api.v1 import clearance_schemas as forms
from dispatch.clearance import commands, queries, service
from dispatch.clearance.model import (
    Licence,
    Occasion,
    Office,
    PrescriberDraft,
    PrescriberKind,
    Scale,
    ScoreLine,
    Specialty,
    Subject,
    TaskKind,
)
from dispatch.kernel.actor import Role

blueprint = Blueprint("clearance-people", __name__, description="Prescribers, scores, questions to them")
KEEPERS = roles(Role.COMPLIANCE, Role.ADMIN)
READERS = roles(Role.COMPLIANCE, Role.ADMIN, Role.PRESCRIBER, Role.DISPATCHER)
CARERS = roles(Role.PRESCRIBER, Role.NURSE)
ASKERS = roles(Role.PRESCRIBER, Role.NURSE, Role.DISPATCHER)


@blueprint.route("/prescribers")
@blueprint.response(200, forms.ClearancePrescriberSchema(many=True))
@policy(READERS)
def list_prescribers() -> Any:
    """Show the prescribers by name."""
    return list(queries.prescriber_lines(current_session()))


@blueprint.route("/prescribers", methods=["POST"])
@answered_once
@blueprint.arguments(forms.ClearanceNewPrescriberSchema)
@blueprint.response(201, forms.ClearancePrescriberSchema)
@policy(KEEPERS)
def enter_prescriber(sent: dict[str, Any]) -> Any:
    """Enter a prescriber, or what changed of one."""
    words = {
        "kind": PrescriberKind(sent["kind"]),
        "specialty": Specialty(sent["specialty"]),
        "offices": frozenset(Office(each) for each in sent["offices"]),
    }
    service.enter_prescriber(current_session(), PrescriberDraft(**sent | words), actor(), clock())
    return _line(sent["account_id"])


@blueprint.route("/prescribers/<uuid:account_id>/licences", methods=["POST"])
@answered_once
@blueprint.arguments(forms.ClearancePrescriberLicenceSchema)
@blueprint.response(201, forms.ClearancePrescriberSchema)
@policy(KEEPERS)
def enter_licence(sent: dict[str, Any], account_id: UUID) -> Any:
    """Enter a licence of a state, or its renewal."""
    service.enter_prescriber_licence(current_session(), account_id, Licence(**sent), actor(), clock())
    return _line(account_id)


@blueprint.route("/prescribers/<uuid:account_id>/approval", methods=["POST"])
@answered_once
@blueprint.response(200, forms.ClearancePrescriberSchema)
@policy(roles(Role.PRESCRIBER))
def approve_prescriber(account_id: UUID) -> Any:
    """Let the medical director approve a prescriber of another specialty."""
    service.approve_prescriber(current_session(), account_id, actor(), clock())
    return _line(account_id)


def _line(account_id: UUID) -> Any:
    lines = queries.prescriber_lines(current_session())
    return next(line for line in lines if line.prescriber.draft.account_id == account_id)


@blueprint.route("/cases/<uuid:case_id>/scores")
@blueprint.response(200, forms.ClearanceScoreSchema(many=True))
@policy(CARERS)
def list_scores(case_id: UUID) -> list[ScoreLine]:
    """Show the scales of a case, oldest first."""
    note_read(queries.read_entry(current_session(), "read_scores", case_id))
    subject = service.whole(current_session(), Subject(case_id=case_id))
    return list(queries.scores_of(current_session(), subject))


@blueprint.route("/cases/<uuid:case_id>/scores", methods=["POST"])
@answered_once
@blueprint.arguments(forms.ClearanceNewScoreSchema)
@blueprint.response(201, forms.ClearanceScoreSchema)
@policy(CARERS)
def record_score(sent: dict[str, Any], case_id: UUID) -> ScoreLine:
    """Record a scale; a worrying one raises its alarm itself."""
    words = {
        "scale": Scale(sent["scale"]),
        "occasion": Occasion(sent["occasion"]),
        "answers": tuple(sent["answers"]),
    }
    command = commands.NewScore(subject=Subject(case_id=case_id), **sent | words)
    return service.record_score(current_session(), command, actor(), clock())


@blueprint.route("/cases/<uuid:case_id>/tasks", methods=["POST"])
@answered_once
@blueprint.arguments(forms.ClearanceNewTaskSchema)
@blueprint.response(201, forms.ClearanceTaskSchema)
@policy(ASKERS)
def raise_task(sent: dict[str, Any], case_id: UUID) -> Any:
    """Put something before the prescribers."""
    session = current_session()
    command = commands.NewTask(
        subject=Subject(case_id=case_id), kind=TaskKind(sent["kind"]), text=sent["text"]
    )
    return queries.task_of(session, service.raise_alarm(session, command, actor(), clock()))

"""Enquiries and intakes, as the office writes them down; a patient's own way is her page."""

from typing import Any
from uuid import UUID

from flask import url_for

from api.actor import actor, clock, note_read, policy, roles
from api.db import current_session
from api.idempotency import answered_once
from api.json_input import Blueprint
from api.v1 import intake_schemas as forms
from dispatch.appointments.care.service import link_to_pages
from dispatch.areas.service import area_by_slug
from dispatch.audit.model import AuditEntry
from dispatch.intake import commands, queries, service
from dispatch.intake.commands import ReferralKind, ReferralSource
from dispatch.intake.model import CaseDeed, CaseView, Channel, Contact
from dispatch.intake.questions import SECTIONS, Section
from dispatch.intake.service import LinkPurpose
from dispatch.intake.statements import Medication, Saying
from dispatch.kernel.actor import Role

blueprint = Blueprint("intake", __name__, description="Enquiries and what is gathered before a consultation")
OFFICE = roles(Role.DISPATCHER, Role.PRESCRIBER)


def _noted(case: CaseView) -> CaseView:
    entry = AuditEntry(
        action="intake.read", subject_kind="case", subject_id=case.case_id, patient_id=case.patient_id
    )
    note_read(entry)
    return case


def _whole(case: CaseView) -> dict[str, Any]:
    missing = queries.consultation_blocks(current_session(), case.case_id, clock().now())
    return vars(case) | {"contact": vars(case.contact), "missing": [vars(each) for each in missing]}


@blueprint.route("/intake/form")
@blueprint.response(200, forms.FormSectionSchema(many=True))
@policy(OFFICE)
def intake_form() -> list[Section]:
    """Show the questions of the six histories."""
    return list(SECTIONS)


@blueprint.route("/areas/<slug>/enquiries")
@blueprint.response(200, forms.IntakeLineSchema(many=True))
@policy(OFFICE)
def list_enquiries(slug: str) -> list[dict[str, Any]]:
    """List the area's enquiries and intakes: who was not called yet first, by when it is due."""
    session = current_session()
    area = area_by_slug(session, slug)
    note_read(AuditEntry(action="intake.list", subject_kind="area", subject_id=area.id))
    return [vars(case) | {"contact": vars(case.contact)} for case in queries.enquiries(session, area.id)]


@blueprint.route("/areas/<slug>/enquiries", methods=["POST"])
@answered_once
@blueprint.arguments(forms.EnquirySchema)
@blueprint.response(201, forms.IntakeHeadSchema)
@policy(OFFICE)
def enter_enquiry(sent: dict[str, Any], slug: str) -> CaseView:
    """Write down an enquiry that came by telephone."""
    session = current_session()
    reason = sent.pop("reason")
    area = area_by_slug(session, slug)
    new = commands.NewEnquiry(area_id=area.id, contact=Contact(**sent), reason=reason, channel=Channel.PHONE)
    return service.open_case(session, new, actor(), clock())


@blueprint.route("/intake/<uuid:case_id>")
@blueprint.response(200, forms.IntakeReadSchema)
@policy(OFFICE)
def one_case(case_id: UUID) -> dict[str, Any]:
    """Show a case with everything that is missing before a consultation."""
    return _whole(_noted(queries.case_view(current_session(), case_id)))


@blueprint.route("/intake/<uuid:case_id>/about", methods=["PUT"])
@blueprint.arguments(forms.AboutSchema)
@blueprint.response(200, forms.IntakeHeadSchema)
@policy(OFFICE)
def tell_about(sent: dict[str, Any], case_id: UUID) -> CaseView:
    """Write down who the patient is and how to reach her."""
    service.tell_about(current_session(), case_id, Contact(**sent), actor(), clock())
    return queries.case_view(current_session(), case_id)


@blueprint.route("/intake/<uuid:case_id>/contacted", methods=["POST"])
@blueprint.response(200, forms.IntakeHeadSchema)
@policy(OFFICE)
def note_contact(case_id: UUID) -> CaseView:
    """Note that somebody spoke with who enquired."""
    return service.note_contact(current_session(), case_id, actor(), clock())


@blueprint.route("/intake/<uuid:case_id>/answers")
@blueprint.response(200, forms.IntakeAnswerReadSchema(many=True))
@policy(OFFICE)
def list_answers(case_id: UUID) -> list[Any]:
    """List the latest answer to every question that has one."""
    _noted(queries.case_view(current_session(), case_id))
    return list(queries.histories(current_session(), case_id).answers.values())


@blueprint.route("/intake/<uuid:case_id>/answers", methods=["POST"])
@blueprint.arguments(forms.IntakeAnswerSchema)
@blueprint.response(200, forms.IntakeAnswerReadSchema)
@policy(OFFICE)
def give_answer(sent: dict[str, Any], case_id: UUID) -> Any:
    """Write down an answer; the latest counts and the earlier ones stay."""
    saying = Saying(sent["saying"]) if sent["saying"] else None
    given = commands.GivenAnswer(case_id=case_id, item=sent["item"], saying=saying, detail=sent["detail"])
    return service.give_answer(current_session(), given, actor(), clock())


@blueprint.route("/intake/<uuid:case_id>/medications")
@blueprint.response(200, forms.MedicationReadSchema(many=True))
@policy(OFFICE)
def list_medications(case_id: UUID) -> list[dict[str, Any]]:
    """List the medicines; what is not matched waits for a prescriber."""
    _noted(queries.case_view(current_session(), case_id))
    return [_line(each) for each in queries.medication_list(current_session(), case_id).entries]


def _line(entry: Medication) -> dict[str, Any]:
    return vars(entry) | {
        "matched": entry.matched,
        "ingredients": [each.ingredient for each in entry.ingredients],
    }


@blueprint.route("/intake/<uuid:case_id>/medications", methods=["POST"])
@answered_once
@blueprint.arguments(forms.MedicationSchema)
@blueprint.response(201, forms.ListEntrySchema)
@policy(OFFICE)
def add_medication(sent: dict[str, Any], case_id: UUID) -> dict[str, Any]:
    """Add a medicine. A name that is only like a listed one is never matched by itself."""
    new = commands.NewMedication(case_id=case_id, **sent)
    return {"entry_id": service.change_medication(current_session(), new, actor(), clock())}


@blueprint.route("/intake/<uuid:case_id>/medications/<uuid:entry_id>", methods=["PUT"])
@blueprint.arguments(forms.MedicationSchema)
@blueprint.response(200, forms.ListEntrySchema)
@policy(OFFICE)
def change_medication(sent: dict[str, Any], case_id: UUID, entry_id: UUID) -> dict[str, Any]:
    """Change a line of the list."""
    new = commands.NewMedication(case_id=case_id, entry_id=entry_id, **sent)
    return {"entry_id": service.change_medication(current_session(), new, actor(), clock())}


@blueprint.route("/intake/<uuid:case_id>/medications/<uuid:entry_id>", methods=["DELETE"])
@blueprint.response(204)
@policy(OFFICE)
def remove_medication(case_id: UUID, entry_id: UUID) -> None:
    """Take a medicine off the list, because the patient no longer takes it."""
    service.remove_entry(current_session(), case_id, "medication", entry_id, actor(), clock())


@blueprint.route("/intake/<uuid:case_id>/treatments", methods=["POST"])
@answered_once
@blueprint.arguments(forms.TriedTreatmentSchema)
@blueprint.response(201, forms.ListEntrySchema)
@policy(OFFICE)
def add_treatment(sent: dict[str, Any], case_id: UUID) -> dict[str, Any]:
    """Add a treatment tried before."""
    new = commands.NewTreatment(case_id=case_id, **sent)
    return {"entry_id": service.change_treatment(current_session(), new, actor(), clock())}


@blueprint.route("/intake/<uuid:case_id>/referrals", methods=["POST"])
@answered_once
@blueprint.arguments(forms.ReferralSchema)
@blueprint.response(201, forms.IntakeHeadSchema)
@policy(OFFICE)
def note_referral(sent: dict[str, Any], case_id: UUID) -> CaseView:
    """Note a referral. It clears nobody."""
    kinds = {"source": ReferralSource(sent["source"]), "kind": ReferralKind(sent["kind"])}
    said = sent | kinds | {"indications": tuple(dict.fromkeys(sent["indications"]))}
    service.note_referral(current_session(), commands.NewReferral(case_id=case_id, **said), actor(), clock())
    return queries.case_view(current_session(), case_id)


@blueprint.route("/intake/<uuid:case_id>/links", methods=["POST"])
@blueprint.arguments(forms.LinkAskedSchema)
@blueprint.response(201, forms.MadeLinkSchema)
@policy(OFFICE)
def make_link(sent: dict[str, Any], case_id: UUID) -> dict[str, Any]:
    """Make a one-time link; its address is shown this once."""
    made = service.make_link(current_session(), case_id, LinkPurpose(sent["purpose"]), actor(), clock())
    address = url_for("pages.link_door", secret=made.secret, _external=True)
    return {"address": address, "expires_at": made.expires_at}


@blueprint.route("/patients/<uuid:patient_id>/links", methods=["POST"])
@blueprint.response(201, forms.MadeLinkSchema)
@policy(roles(Role.DISPATCHER))
def make_link_of_patient(patient_id: UUID) -> dict[str, Any]:
    """Make a one-time link to a patient's own pages, with a case or without; shown this once."""
    made = link_to_pages(current_session(), patient_id, actor(), clock())
    address = url_for("pages.link_door", secret=made.secret, _external=True)
    return {"address": address, "expires_at": made.expires_at}


@blueprint.route("/intake/<uuid:case_id>/moves", methods=["POST"])
@blueprint.arguments(forms.IntakeMoveSchema)
@blueprint.response(200, forms.IntakeHeadSchema)
@policy(OFFICE)
def move_case(sent: dict[str, Any], case_id: UUID) -> CaseView:
    """Open an intake, or end a case with a reason."""
    return service.move_case(
        current_session(), case_id, CaseDeed(sent["deed"]), actor(), clock(), sent["reason"]
    )

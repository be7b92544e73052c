"""/board/<area>/enquiries: who waits for a call and by when; one intake, with what it lacks, by phone."""

from collections.abc import Mapping
from functools import partial
from http import HTTPStatus
from uuid import UUID

from flask import current_app, make_response, redirect, render_template, request, url_for
from flask_wtf.csrf import generate_csrf
from werkzeug.wrappers import Response

from api.actor import actor, clock, note_read, policy, roles
from api.db import current_session
from api.geocoding import geocode_by
from api.pages import pages
from api.pages.dispatcher.naming_adult import adult_by_telephone
from api.pages.patient.intake import refused_answer, saved_answer
from api.pages.patient.parts import ABOUT, TITLES, part_page, parts_of
from api.pages.patient.saving import save
from dispatch.appointments.care.queries import responsible_adult
from dispatch.appointments.model import UNPLACED, PatientDraft
from dispatch.appointments.service import register_patient
from dispatch.areas.service import area_by_id, area_by_slug, zone_of
from dispatch.audit.model import AuditEntry
from dispatch.intake import queries, service
from dispatch.intake.commands import SIGNER_ROLES, NewAcknowledgement, NewDocument, NewEnquiry, NewProvider
from dispatch.intake.model import CaseDeed, CaseView, Channel, Contact
from dispatch.intake.service import LinkPurpose
from dispatch.kernel.actor import Role
from dispatch.kernel.local_time import local_day
from dispatch.kernel.refusals import Invalid, Refusal, refuse
from dispatch.messages.model import NewMessage, Recipient
from dispatch.messages.service import queue_message
from dispatch.series.queries import series_of_patient

CALLERS = roles(Role.DISPATCHER, Role.PRESCRIBER)
FRAME = "dispatcher/_intake_frame.html"
FIELDS = ("name", "phone", "email", "reason")


@pages.route("/board/<slug>/enquiries")
@policy(CALLERS)
def enquiries(slug: str) -> Response:
    """List the area's enquiries and intakes: who waits longest for a call first."""
    return _list(slug, {})


@pages.route("/board/<slug>/enquiries", methods=["POST"])
@policy(CALLERS)
def enter_enquiry(slug: str) -> Response:
    """Write down an enquiry that came by telephone; the same rules as on the web (C02)."""
    session = current_session()
    area = area_by_slug(session, slug)
    form = {name: request.form.get(name, "").strip() for name in FIELDS}
    contact = Contact(name=form["name"], phone=form["phone"], email=form["email"])
    new = NewEnquiry(area_id=area.id, contact=contact, reason=form["reason"], channel=Channel.PHONE)
    try:
        case = service.open_case(session, new, actor(), clock())
        service.note_contact(session, case.case_id, actor(), clock())
    except Invalid as refusal:
        session.rollback()
        return _list(slug, form, refusal)
    return redirect(url_for("pages.intake_case", case_id=case.case_id), HTTPStatus.SEE_OTHER)


def _list(slug: str, form: Mapping[str, str], refusal: Refusal | None = None) -> Response:
    session = current_session()
    area, now = area_by_slug(session, slug), clock().now()
    found = queries.enquiries(session, area.id)
    note_read(AuditEntry(action="intake.list", subject_kind="area", subject_id=area.id))
    page = render_template(
        "dispatcher/enquiries.html",
        area=area,
        zone=zone_of(area),
        now=now,
        waiting=[case for case in found if case.contacted_at is None],
        going_on=[case for case in found if case.contacted_at is not None],
        later=queries.enquiries(session, area.id, queries.AFTER_INTAKE),
        form=form,
        refused=refusal.reasons if refusal else (),
    )
    return make_response(page, refusal.status if refusal else HTTPStatus.OK)


@pages.route("/intake/<uuid:case_id>")
@policy(CALLERS)
def intake_case(case_id: UUID) -> Response:
    """Show one intake: what is missing, its links, and what can be done by telephone."""
    return _case(case_id)


def _case(case_id: UUID, refusal: Refusal | None = None, link: str = "") -> Response:
    session, now = current_session(), clock().now()
    case = queries.case_view(session, case_id)
    area = area_by_id(session, case.area_id)
    _note(case)
    page = render_template(
        "dispatcher/enquiry.html",
        case=case,
        area=area,
        zone=zone_of(area),
        now=now,
        parts=parts_of(queries.consultation_blocks(session, case_id, now)),
        links=queries.links_of(session, case_id),
        referrals=queries.referrals_of(session, case_id),
        history=queries.case_history(session, case_id),
        acknowledged=queries.acknowledgement_of(session, case_id),
        signer_roles=SIGNER_ROLES,
        adult=responsible_adult(session, case.patient_id) if case.patient_id else None,
        series=series_of_patient(session, case.patient_id) if case.patient_id else (),
        reference=f"P-{str(case_id)[-6:].upper()}",
        form=request.form,
        link=link,
        refused=refusal.reasons if refusal else (),
    )
    return make_response(page, refusal.status if refusal else HTTPStatus.OK)


def _note(case: CaseView) -> None:
    entry = AuditEntry(
        action="intake.read", subject_kind="case", subject_id=case.case_id, patient_id=case.patient_id
    )
    note_read(entry)


@pages.route("/intake/<uuid:case_id>", methods=["POST"])
@policy(CALLERS)
def intake_deed(case_id: UUID) -> Response:
    """Do what a button says, then show the intake again."""
    session, deed = current_session(), request.form.get("deed", "")
    queries.case_view(session, case_id)
    try:
        if deed in ("link", "provider_link"):
            return _case(case_id, link=_send_link(case_id, deed == "provider_link"))
        if deed not in DEEDS:
            raise refuse(Invalid, "no_such_deed", "The form says not what to do. Load the page again.")
        DEEDS[deed](case_id)
    except Refusal as refusal:
        session.rollback()
        return _case(case_id, refusal)
    return redirect(url_for("pages.intake_case", case_id=case_id), HTTPStatus.SEE_OTHER)


def _send_link(case_id: UUID, provider: bool) -> str:
    session = current_session()
    purpose = LinkPurpose.PROVIDER if provider else LinkPurpose.PATIENT
    made = service.make_link(session, case_id, purpose, actor(), clock())
    link = url_for("pages.link_door", secret=made.secret, _external=True)
    case = queries.case_view(session, case_id)
    last = local_day(made.expires_at, zone_of(area_by_id(session, case.area_id)))
    if not provider:
        message = NewMessage(
            kind="page_link",
            to=Recipient(case_id=case_id),
            due_at=clock().now(),
            lapses_at=made.expires_at,
            values={"link": link, "day": f"{last:%a} {last.day} {last:%b}"},
            about=case_id,
        )
        queue_message(session, message, actor(), clock())
    return link


def _contacted(case_id: UUID) -> None:
    service.note_contact(current_session(), case_id, actor(), clock())


def _begin(case_id: UUID) -> None:
    service.move_case(current_session(), case_id, CaseDeed.OPEN_INTAKE, actor(), clock())


def _close(case_id: UUID) -> None:
    why = request.form.get("reason", "")
    service.move_case(current_session(), case_id, CaseDeed.CLOSE, actor(), clock(), why)


def _revoke(case_id: UUID) -> None:
    try:
        link_id = UUID(request.form.get("link_id", ""))
    except ValueError:
        raise refuse(Invalid, "field_not_valid", "Load the page again.", field="link_id") from None
    service.revoke_link(current_session(), case_id, link_id, actor(), clock())


def _register(case_id: UUID) -> None:
    """Register the patient, on the map as far as her address is found, and tie the case to her."""
    session = current_session()
    case = queries.case_view(session, case_id)
    contact = case.contact
    if case.patient_id is not None:
        return
    if contact.born_on is None:
        text = "The date of birth is missing."
        raise refuse(Invalid, "born_on_missing", text, field="born_on", way_out="Add it under “About you”.")
    draft = PatientDraft(
        reference=request.form.get("reference", "").strip(),
        state=contact.state,
        name=contact.name,
        phone=contact.phone or None,
        born_on=contact.born_on,
        address=contact.address,
    )
    placed = geocode_by(current_app.extensions["housecall_settings"])(contact.address) or UNPLACED
    row = register_patient(session, case.area_id, draft, actor(), clock(), placed=placed)
    service.tie_patient(session, case_id, row.id, actor(), clock())


def _on_paper(case_id: UUID) -> None:
    """Keep an acknowledgement that came on paper, with its scan."""
    session, form, uploaded = current_session(), request.form, request.files.get("file")
    content = uploaded.read() if uploaded else b""
    name = (uploaded.filename or "") if uploaded else ""
    document = NewDocument(case_id=case_id, name=name[-200:], content=content)
    document_id = service.add_document(session, document, actor(), clock())
    signed = NewAcknowledgement(
        case_id=case_id,
        signer=form.get("signer", "").strip(),
        role=form.get("role", ""),
        licence_number=form.get("licence_number", "").strip(),
        licence_state=form.get("licence_state", "").strip().upper(),
        document_id=document_id,
    )
    service.sign_acknowledgement(session, signed, actor(), clock())


def _provider(case_id: UUID) -> None:
    """List somebody who refers in the directory; the referral itself is noted under its own part."""
    said = {name: text.strip() for name, text in request.form.items()}
    new = NewProvider(
        name=said.get("provider_name", ""),
        practice=said.get("provider_practice", ""),
        phone=said.get("provider_phone", ""),
        fax=said.get("provider_fax", ""),
    )
    service.add_provider(current_session(), new, actor(), clock())


DEEDS = {
    "contacted": _contacted,
    "begin": _begin,
    "close": _close,
    "revoke": _revoke,
    "register": _register,
    "adult": adult_by_telephone,
    "on_paper": _on_paper,
    "provider": _provider,
}


@pages.route("/intake/<uuid:case_id>/<part>")
@policy(CALLERS)
def intake_part(case_id: UUID, part: str) -> str:
    """Show one part of an intake, to be filled in while telephoning."""
    return _part(case_id, part)


def _part(case_id: UUID, part: str, refusal: Refusal | None = None) -> str:
    session = current_session()
    _note(queries.case_view(session, case_id))
    return part_page(
        session,
        case_id,
        part,
        clock().now(),
        frame=FRAME,
        base=url_for("pages.intake_case", case_id=case_id),
        token=generate_csrf(),
        refused=refusal.reasons if refusal else (),
        by_phone=True,
    )


@pages.route("/intake/<uuid:case_id>/<part>", methods=["POST"])
@policy(CALLERS)
def save_intake_part(case_id: UUID, part: str) -> Response:
    """Write down what was said on the telephone."""
    session = current_session()
    try:
        item = save(session, case_id, actor(), clock())
    except Refusal as refusal:
        session.rollback()
        if refusal.status == HTTPStatus.NOT_FOUND:
            raise
        return refused_answer(refusal, partial(_part, case_id, part if part in TITLES else ABOUT, refusal))
    return saved_answer(item, url_for("pages.intake_part", case_id=case_id, part=part))


@pages.route("/intake/<uuid:case_id>/documents/<uuid:document_id>")
@policy(CALLERS)
def intake_document(case_id: UUID, document_id: UUID) -> Response:
    """Hand out a document, to be saved and never shown inside our own pages."""
    session = current_session()
    _note(queries.case_view(session, case_id))
    row = queries.document_of(session, case_id, document_id)
    answer = make_response(row.content)
    answer.content_type = row.media_type
    ending = row.media_type.rpartition("/")[2]
    answer.headers["Content-Disposition"] = f'attachment; filename="document-{str(row.id)[-8:]}.{ending}"'
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer

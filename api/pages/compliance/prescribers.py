"""/prescribers: who may prescribe: kind, DEA registration, licences by state; entered by compliance (A01)."""

from collections.abc import Callable
from datetime import date
from http import HTTPStatus
from typing import TypeVar
from uuid import UUID

from flask import make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from api.actor import actor, clock, policy, roles
from api.db import current_session
from api.pages import pages
from api.pages.reading import id_from_form, text_from_form
from dispatch.clearance import queries, service
from dispatch.clearance.model import Licence, Office, PrescriberDraft, PrescriberKind, Specialty
from dispatch.kernel.actor import Role
from dispatch.kernel.refusals import Invalid, Refusal, refuse

KEEPERS = roles(Role.COMPLIANCE, Role.ADMIN)
LONGEST_NUMBER = 40
Word = TypeVar("Word", PrescriberKind, Specialty)


@pages.route("/prescribers")
@policy(roles(Role.COMPLIANCE, Role.ADMIN, Role.PRESCRIBER))
def prescribers() -> Response:
    """List the prescribers with what is wrong with any, and the forms to enter one."""
    return _page()


@pages.route("/prescribers", methods=["POST"])
@policy(KEEPERS)
def enter_prescriber_by_page() -> Response:
    """Enter a prescriber, or what changed of one."""

    def deed() -> None:
        form = request.form
        draft = PrescriberDraft(
            account_id=id_from_form("account_id"),
            kind=_word(PrescriberKind, "kind"),
            specialty=_word(Specialty, "specialty"),
            dea_number=text_from_form("dea_number", LONGEST_NUMBER).upper(),
            dea_expires_on=_day("dea_expires_on"),
            active=form.get("active") == "yes",
            offices=frozenset(each for each in Office if each.value in form.getlist("offices")),
        )
        service.enter_prescriber(current_session(), draft, actor(), clock())

    return _done(deed)


@pages.route("/prescribers/licences", methods=["POST"])
@policy(KEEPERS)
def enter_prescriber_licence_by_page() -> Response:
    """Enter a licence of a state, or its renewal."""

    def deed() -> None:
        licence = Licence(
            state=text_from_form("state", 2).upper(),
            number=text_from_form("number", LONGEST_NUMBER),
            valid_from=_day("valid_from"),
            expires_on=_day("expires_on"),
            active=request.form.get("active") == "yes",
        )
        who = id_from_form("account_id")
        service.enter_prescriber_licence(current_session(), who, licence, actor(), clock())

    return _done(deed)


@pages.route("/prescribers/<uuid:account_id>/approval", methods=["POST"])
@policy(roles(Role.PRESCRIBER))
def approve_prescriber_by_page(account_id: UUID) -> Response:
    """Let the medical director approve a prescriber of another specialty (B31)."""
    return _done(lambda: service.approve_prescriber(current_session(), account_id, actor(), clock()))


def _done(deed: Callable[[], object]) -> Response:
    try:
        deed()
    except Refusal as refusal:
        current_session().rollback()
        return _page(refusal)
    return redirect(url_for("pages.prescribers"), HTTPStatus.SEE_OTHER)


def _page(refusal: Refusal | None = None) -> Response:
    session = current_session()
    shown = render_template(
        "compliance/prescribers.html",
        lines=queries.prescriber_lines(session),
        accounts=queries.prescriber_accounts(session),
        kinds=[each.value for each in PrescriberKind],
        specialties=[each.value for each in Specialty],
        offices=[each.value for each in Office],
        may_enter=actor().has(Role.COMPLIANCE) or actor().has(Role.ADMIN),
        may_approve=actor().has(Role.PRESCRIBER),
        refusal=refusal,
        said=request.form,
    )
    return make_response(shown, refusal.status if refusal else HTTPStatus.OK)


def _word(kind: type[Word], name: str) -> Word:
    try:
        return kind(request.form.get(name, ""))
    except ValueError:
        raise refuse(Invalid, "field_not_valid", f"Choose the {name}.", field=name) from None


def _day(name: str) -> date:
    try:
        return date.fromisoformat(request.form.get(name, ""))
    except ValueError:
        raise refuse(Invalid, "date_missing", "Choose a day.", field=name) from None

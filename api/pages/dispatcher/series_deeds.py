"""What is signed and decided on a series: its order, an order from outside, reviews, a pause."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import request

from api.accounts import limiter
from api.actor import actor, clock, policy, roles
from api.db import current_session
from api.pages import pages
from api.pages.dispatcher.series import OFFICE, answer, day_from_form
from api.pages.dispatcher.series_view import terms_from
from api.pages.reading import id_from_form, text_from_form
from api.pages.signing import login_limit, signature, who_tries
from dispatch.appointments.service.series_booking import carry_order
from dispatch.kernel.actor import Role
from dispatch.kernel.refusals import Invalid, refuse
from dispatch.series import commands, service
from dispatch.series.model import ExternalOrder, SignedOver
from dispatch.series.model import Response as Outcome
from dispatch.series.states import SeriesDeed

PRESCRIBERS = roles(Role.PRESCRIBER)


@pages.route("/series/<slug>/<uuid:series_id>/order", methods=["POST"])
@limiter.limit(login_limit, key_func=who_tries)
@policy(PRESCRIBERS)
def series_order(slug: str, series_id: UUID) -> Any:
    """Sign the next version of the order."""

    def deed() -> object:
        session, form = current_session(), request.form
        event_id = id_from_form()
        until = clock().now() + timedelta(days=30)
        why = text_from_form("over_reason")
        command = commands.SignOrder(
            event_id=event_id,
            series_id=series_id,
            terms=terms_from(form),
            proof=signature(form, event_id).own,
            seen=int(form["seen"]) if form.get("seen", "").isdecimal() else 0,
            signed_over=tuple(
                SignedOver(code=code, reason=why, expires_at=until) for code in form.getlist("signed_over")
            ),
            acknowledged=frozenset(form.getlist("acknowledged")),
            external=_external(series_id),
            reason=text_from_form("reason"),
        )
        order = service.sign_order(session, command, actor(), clock())
        return carry_order(session, order, actor(), clock())

    return answer(slug, series_id, "order", deed)


@pages.route("/series/<slug>/<uuid:series_id>/outside", methods=["POST"])
@policy(OFFICE)
def series_outside_order(slug: str, series_id: UUID) -> Any:
    """Keep the scan of an order that somebody outside signed, and who it was."""

    def deed() -> object:
        uploaded = request.files.get("file")
        command = commands.NoteOutsideOrder(
            series_id=series_id,
            external=ExternalOrder(
                prescriber_name=text_from_form("prescriber_name", 200),
                licence_number=text_from_form("licence_number", 200),
                licence_state=text_from_form("licence_state", 2).upper(),
                signed_on=day_from_form("signed_on"),
            ),
            scan_name=(uploaded.filename or "")[-200:] if uploaded else "",
            scan=uploaded.read() if uploaded else b"",
        )
        return service.note_outside_order(current_session(), command, actor(), clock())

    return answer(slug, series_id, "outside", deed)


def _external(series_id: UUID) -> ExternalOrder | None:
    """Return what was transcribed of the order from outside that is countersigned, if any was chosen."""
    if not request.form.get("outside"):
        return None
    return service.outside_order(current_session(), series_id, id_from_form("outside")).external


@pages.route("/series/<slug>/<uuid:series_id>/review", methods=["POST"])
@limiter.limit(login_limit, key_func=who_tries)
@policy(PRESCRIBERS)
def series_review(slug: str, series_id: UUID) -> Any:
    """Review the response."""

    def deed() -> object:
        form, event_id = request.form, id_from_form()
        said = form.get("response", "")
        command = commands.ReviewResponse(
            event_id=event_id,
            series_id=series_id,
            proof=signature(form, event_id).own,
            go_on=form.get("go_on") == "yes",
            response=Outcome(said) if said in set(Outcome) else None,
            note=text_from_form("note", 2000),
        )
        return service.review_response(current_session(), command, actor(), clock())

    return answer(slug, series_id, "review", deed)


@pages.route("/series/<slug>/<uuid:series_id>/decision", methods=["POST"])
@policy(PRESCRIBERS)
def series_decision(slug: str, series_id: UUID) -> Any:
    """Pause, resume or stop the series."""

    def deed() -> object:
        said = request.form.get("deed", "")
        if said not in set(SeriesDeed):
            raise refuse(Invalid, "unknown_step", "Pause, resume or stop.", field="deed")
        return service.decide_series(
            current_session(), series_id, SeriesDeed(said), text_from_form("why"), actor(), clock()
        )

    return answer(slug, series_id, "state", deed)

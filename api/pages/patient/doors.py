"""The doors that are open to everybody: the free consultation's form, and a link that opens once."""

from http import HTTPStatus

from flask import current_app, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from api.accounts import limiter
from api.actor import PUBLIC, clock, csrf, policy, visitor_cookie
from api.db import current_session
from api.pages import pages
from dispatch.areas.service import area_by_slug, areas, zone_of
from dispatch.intake.commands import NewEnquiry
from dispatch.intake.model import LINK_SESSION, Contact
from dispatch.intake.service import LinkPurpose, open_case, open_link
from dispatch.intake.service.links import link_opens
from dispatch.kernel.actor import Actor
from dispatch.kernel.local_time import local_day
from dispatch.kernel.refusals import Invalid, NotFound, Refusal

STRANGER = Actor(account_id=None, name="Enquiry", roles=frozenset(), session_ref=f"{LINK_SESSION}enquiry")


def _limit() -> str:
    limit: str = current_app.extensions["housecall_settings"].login_limit
    return limit


@pages.route("/enquire")
@policy(PUBLIC)
def enquire() -> Response:
    """Show the form of a free consultation."""
    return _form({}, ())


@pages.route("/enquire", methods=["POST"])
@policy(PUBLIC)
@limiter.limit(_limit)
def send_enquiry() -> Response:
    """Take an enquiry, and say by when somebody calls."""
    csrf.protect()
    form = {name: request.form.get(name, "").strip() for name in ("area", "name", "phone", "email", "reason")}
    session = current_session()
    try:
        area = area_by_slug(session, form["area"])
        new = NewEnquiry(
            area_id=area.id,
            contact=Contact(name=form["name"], phone=form["phone"], email=form["email"]),
            reason=form["reason"].replace("\r\n", "\n"),
        )
        case = open_case(session, new, STRANGER, clock())
    except (Invalid, NotFound) as refusal:
        session.rollback()
        return _form(form, refusal)
    due = local_day(case.answer_due_at, zone_of(area))
    return make_response(render_template("patient/enquired.html", day=f"{due:%A} {due.day} {due:%B}"))


def _form(form: dict[str, str], refusal: Refusal | tuple[()]) -> Response:
    reasons = refusal.reasons if isinstance(refusal, Refusal) else ()
    page = render_template("patient/enquire.html", areas=areas(current_session()), form=form, refused=reasons)
    return make_response(page, HTTPStatus.UNPROCESSABLE_ENTITY if reasons else HTTPStatus.OK)


@pages.route("/p/<secret>")
@policy(PUBLIC)
def link_door(secret: str) -> Response:
    """Show a link's door. Looking at it uses nothing up: mail scanners and previews open links, too."""
    purpose = link_opens(current_session(), secret, clock())
    page = render_template("patient/door.html", purpose=purpose, secret=secret)
    return make_response(page, HTTPStatus.OK if purpose else HTTPStatus.NOT_FOUND)


@pages.route("/p/<secret>", methods=["POST"])
@policy(PUBLIC)
@limiter.limit(_limit)
def open_door(secret: str) -> Response:
    """Use a link up: this device may now see the pages of its case."""
    csrf.protect()
    session = current_session()
    try:
        device = open_link(session, secret, clock())
    except NotFound:
        session.rollback()
        return make_response(
            render_template("patient/door.html", purpose=None, secret=""), HTTPStatus.NOT_FOUND
        )
    mine = "pages.my_page" if device.has_intake else "pages.my_visit"
    place = mine if device.purpose is LinkPurpose.PATIENT else "pages.acknowledge"
    answer = redirect(url_for(place), HTTPStatus.SEE_OTHER)
    answer.set_cookie(
        visitor_cookie(),
        device.secret,
        expires=device.expires_at,
        secure=current_app.config["SESSION_COOKIE_SECURE"],
        httponly=True,
        samesite="Lax",
    )
    return answer

"""The log's key is lost: two people approve of the one that the server now has."""

from flask import current_app, redirect, request, url_for
from werkzeug.wrappers import Response

from api.accounts import limiter
from api.actor import actor, clock, policy, roles
from api.db import current_session
from api.log_settings import read_signers
from api.pages import pages
from api.pages.reading import text_from_form
from api.pages.signing import login_limit, signatures, who_tries
from dispatch.areas.service import area_by_slug
from dispatch.custody.log.lost_key import replace_lost_key
from dispatch.kernel.actor import Role
from dispatch.kernel.ids import new_id
from dispatch.kernel.refusals import Conflict, refuse


@pages.route("/custody/<slug>/log-key", methods=["POST"])
@limiter.limit(login_limit, key_func=who_tries)
@policy(roles(Role.COMPLIANCE))
def adopt_log_key(slug: str) -> Response:
    """Adopt the key of HOUSECALL_LOG_KEYS in the place of one that is lost, approved by two people."""
    session = current_session()
    area = area_by_slug(session, slug)
    signers = read_signers(current_app.extensions["housecall_settings"].log_keys)
    if not signers:
        raise refuse(
            Conflict, "log_key_missing", "The server has no key for the log.", field="log_keys",
            way_out="Make one by `housecall log-key`, set HOUSECALL_LOG_KEYS and restart.",
        )  # fmt: skip
    signed = signatures(request.form, new_id(), "second approver")
    assert signed.other is not None  # or it had refused
    why = text_from_form("reason", 500)
    replace_lost_key(session, signers, (signed.own, signed.other), why, actor(), clock())
    return redirect(url_for("pages.custody_home", area=area.slug), 303)

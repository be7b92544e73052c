"""Who is asking, and what may they call. Every route declares its policy or the app does not start.

A screen is signed in by a session cookie (and then needs a CSRF token to change anything); a phone by a
revocable device token in ``Authorization: Bearer``. Whose patients a person may touch is decided in the
queries: another nurse's patient is not found, never forbidden.

A patient has no account. A one-time link opens her pages on a device, which from then on sends a cookie of
its own, bound to one case; so does an outside provider's link for the one page to sign. Nothing else is there
for them: every other address is not found.
"""

import hmac
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, TypeVar
from uuid import UUID

from flask import Flask, abort, current_app, g, request
from flask import session as cookie
from flask_login import current_user
from flask_wtf.csrf import CSRFError, CSRFProtect

from api.db import SAFE_METHODS, current_session
from dispatch.audit.model import AuditEntry
from dispatch.audit.service import record
from dispatch.identity.service import actor_of_account, actor_of_token
from dispatch.intake.service.links import LinkPurpose, Visitor, visitor_of
from dispatch.kernel.actor import Actor, Role
from dispatch.kernel.clock import Clock
from dispatch.kernel.refusals import Forbidden, refuse

# When the person last gave the password in this browser, by Housecall's own clock.
SIGNED_IN_AT = "housecall_signed_in_at"
csrf = CSRFProtect()
View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True)
class Policy:
    """Who may call a route: everybody, holders of one of `roles`, or who came through a link."""

    roles: frozenset[Role]
    public: bool = False
    link: LinkPurpose | None = None


PUBLIC = Policy(frozenset(), public=True)
SIGNED_IN = Policy(frozenset(Role))
PATIENT_LINK = Policy(frozenset(), link=LinkPurpose.PATIENT)
PROVIDER_LINK = Policy(frozenset(), link=LinkPurpose.PROVIDER)


def roles(*wanted: Role) -> Policy:
    """Make the policy of a route that only holders of one of these roles may call."""
    return Policy(frozenset(wanted))


def policy(declared: Policy) -> Callable[[View], View]:
    """Declare who may call a view. Put it nearest to the function."""

    def mark(view: View) -> View:
        view.housecall_policy = declared  # type: ignore[attr-defined]
        return view

    return mark


# Views that libraries bring.
LIBRARY_POLICIES = {
    "static": PUBLIC,
    "security.static": PUBLIC,
    "security.login": PUBLIC,
    "security.logout": PUBLIC,
    "api-docs.openapi_json": PUBLIC,
}


class RouteWithoutPolicy(Exception):
    """A route does not say who may call it."""


def policies(app: Flask) -> dict[str, Policy]:
    """Return every endpoint's policy.

    Raises
    ------
    RouteWithoutPolicy
        Naming all endpoints that declare none; the app then refuses to start.
    """
    found: dict[str, Policy] = {}
    missing = []
    for endpoint, view in app.view_functions.items():
        declared = getattr(view, "housecall_policy", None) or LIBRARY_POLICIES.get(endpoint)
        if declared is None:
            missing.append(endpoint)
        else:
            found[endpoint] = declared
    if missing:
        raise RouteWithoutPolicy("these routes declare no policy: " + ", ".join(sorted(missing)))
    return found


def admit() -> None:
    """Find out who is asking and whether the route is theirs to call (before every request)."""
    if request.endpoint is None:
        return
    declared: Policy = current_app.extensions["housecall_policies"][request.endpoint]
    if declared.link is not None:
        _admit_visitor(declared.link)
        return
    g.actor = _who()
    if declared.public:
        return
    if g.actor is None and _visitor() is not None:
        abort(404)
    if g.actor is None:
        raise refuse(
            NotSignedIn, "not_signed_in", "Sign in first.", way_out="Sign in, or send a device token."
        )
    if g.actor.device_id is None and request.method not in SAFE_METHODS:
        csrf.protect()
    g.actor.require(declared.roles)


def _admit_visitor(purpose: LinkPurpose) -> None:
    """Let in who came through a link of that purpose; staff have pages of their own."""
    g.actor = None
    found = _visitor()
    if found is None:
        raise refuse(
            NoLink,
            "no_link",
            "Open the link that we sent you first.",
            way_out="Ask us for a new link, by telephone.",
        )
    if found.purpose is not purpose:
        abort(404)
    if request.method not in SAFE_METHODS:
        sent = request.form.get("csrf_token") or request.headers.get("X-CSRFToken", "")
        if not hmac.compare_digest(sent.encode(), visitor_token(found).encode()):
            raise CSRFError("the visitor's token")
    g.visitor = found


def visitor_token(found: Visitor) -> str:
    """Return what a visitor's form has to send: it lives as long as the device, however long she takes."""
    key = str(current_app.config["SECRET_KEY"]).encode()
    return hmac.new(key, f"visitor\0{found.device_id}".encode(), sha256).hexdigest()


class NotSignedIn(Forbidden):
    """Nobody is signed in."""

    status = 401
    title = "Not signed in"


class NoLink(Forbidden):
    """Nobody came through a link, or not lately."""

    title = "Your link is needed"


def visitor_cookie() -> str:
    """Return the name of the cookie that a link leaves on a device."""
    return "__Host-housecall-link" if current_app.config["SESSION_COOKIE_SECURE"] else "housecall_link"


def _visitor() -> Visitor | None:
    secret = request.cookies.get(visitor_cookie(), "")
    return visitor_of(current_session(), secret, clock().now()) if secret else None


def visitor() -> Visitor:
    """Return who came through a link; only in routes of `PATIENT_LINK` and `PROVIDER_LINK`."""
    found: Visitor = g.visitor
    return found


def _who() -> Actor | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token:
        return actor_of_token(current_session(), token.strip(), clock().now())
    if current_user.is_authenticated:
        signed_in = cookie.get(SIGNED_IN_AT)
        session_ref = sha256(
            f"{cookie.get('_id', '')}{cookie.get('housecall_ref', '')}".encode()
        ).hexdigest()[:32]
        return actor_of_account(current_session(), current_user.id, session_ref, signed_in)
    return None


def actor() -> Actor:
    """Return who is asking; only in routes that are not public."""
    found: Actor | None = g.actor
    assert found is not None, "a public route asked for its actor"
    return found


def clock() -> Clock:
    """Return the app's clock."""
    found: Clock = current_app.extensions["housecall_clock"]
    return found


def note_reads(action: str, patient_ids: Iterable[UUID], subject_kind: str = "patient") -> None:
    """Note whose data this answer shows (45 CFR 164.312(b)); written once the view is done."""
    seen = sorted(set(patient_ids))
    who, watch = actor(), clock()

    def write(session: Any) -> None:
        for patient_id in seen:
            entry = AuditEntry(
                action=action, subject_kind=subject_kind, subject_id=patient_id, patient_id=patient_id
            )
            record(session, entry, who, watch)

    g.reads = write


def note_read(entry: AuditEntry) -> None:
    """Note one read that stands for all patients of an answer, such as a day's board."""
    who, watch = actor(), clock()
    g.reads = lambda session: record(session, entry, who, watch)


def keep_although_refused() -> None:
    """Commit what the view recorded although its answer is a refusal (what happened is never lost)."""
    g.keep_although_refused = True

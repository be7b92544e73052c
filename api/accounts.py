"""Signing in to the screens: Flask-Security over the accounts of `dispatch.identity`."""

import secrets
import threading
from datetime import timedelta
from typing import Any

from flask import Flask, current_app
from flask import session as cookie
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import user_logged_in
from flask_security import Security, SQLAlchemyUserDatastore, UserMixin
from flask_security.core import RoleMixin

from api.actor import SIGNED_IN_AT, clock, csrf
from api.db import db
from api.idle import TouchedSessions
from api.settings import Settings
from dispatch.identity.records import AccountRow, RoleRow


def _graft(behaviour: type, row: type) -> None:
    """Lend a mapped class the methods that Flask-Security expects of it.

    Its mixins cannot be base classes of the rows, because `dispatch` must not know Flask.
    """
    for cls in reversed(behaviour.__mro__[:-1]):
        for name, member in vars(cls).items():
            if not name.startswith("__") and (callable(member) or isinstance(member, property)):
                setattr(row, name, member)


_graft(UserMixin, AccountRow)
_graft(RoleMixin, RoleRow)

limiter = Limiter(get_remote_address)
# argon2id takes 64 MiB a hash: many sign-ins at once must not take the machine's memory.
hashing = threading.BoundedSemaphore(4)


def secure_accounts(app: Flask, settings: Settings) -> None:
    """Set up sign-in, sign-out and the rate limit on them."""
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SECURITY_PASSWORD_SALT=settings.secret_key[::-1],
        SECURITY_PASSWORD_HASH="argon2",  # noqa: S106 - the scheme's name
        SECURITY_PASSWORD_SCHEMES=["argon2"],
        SECURITY_PASSWORD_CONFIRM_REQUIRED=False,
        SECURITY_EMAIL_VALIDATOR_ARGS={"check_deliverability": False, "test_environment": True},
        SECURITY_REGISTERABLE=False,
        SECURITY_SEND_REGISTER_EMAIL=False,
        SECURITY_POST_LOGIN_VIEW="/",
        SECURITY_POST_LOGOUT_VIEW="/login",
        SECURITY_LOGIN_USER_TEMPLATE="login.html",
        SECURITY_LOGOUT_METHODS=["POST"],
        SECURITY_RETURN_GENERIC_RESPONSES=True,
        # Signatures rest on proofs of identity (api.proofs), so there is no page to verify oneself.
        SECURITY_FRESHNESS=timedelta(-1),
        SECURITY_CSRF_COOKIE_NAME=None,
        WTF_CSRF_CHECK_DEFAULT=False,
        WTF_CSRF_TIME_LIMIT=None,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.secure_cookies,
        SESSION_COOKIE_NAME="__Host-housecall" if settings.secure_cookies else "housecall",
        PERMANENT_SESSION_LIFETIME=settings.logoff_minutes * 60,
        SESSION_REFRESH_EACH_REQUEST=True,
        RATELIMIT_STORAGE_URI=settings.redis_url or "memory://",
        RATELIMIT_HEADERS_ENABLED=True,
    )
    # The rows carry the mixins' methods by `_graft`, which a type checker cannot see.
    Security(app, SQLAlchemyUserDatastore(db, AccountRow, RoleRow))  # type: ignore[arg-type]
    app.session_interface = TouchedSessions()
    csrf.init_app(app)
    limiter.init_app(app)
    app.extensions["housecall_login"] = app.view_functions["security.login"]
    app.view_functions["security.login"] = _login_in_turn
    user_logged_in.connect(_mark_session, app)


def _login_limit() -> str:
    limit: str = current_app.extensions["housecall_settings"].login_limit
    return limit


@limiter.limit(
    _login_limit, methods=["POST"]
)  # once: the limiter of a process keeps the limits of all its apps
def _login_in_turn() -> Any:
    with hashing:
        return current_app.extensions["housecall_login"]()


def _mark_session(_app: Any, **_kwargs: Any) -> None:
    """Give each sign-in a mark of its own: two sign-ins are never the same session."""
    cookie.permanent = True
    cookie["housecall_ref"] = secrets.token_hex(8)
    cookie[SIGNED_IN_AT] = clock().now().timestamp()

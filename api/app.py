"""The factory: settings -> extensions -> blueprints -> error pages -> the laws of the routes."""

import os
import secrets
import time

import structlog
from flask import Flask, Response, abort, g, request
from werkzeug.middleware.proxy_fix import ProxyFix

from api import actor as door
from api.accounts import secure_accounts
from api.db import Transactional, begin_session, db, open_database
from api.logs import configure_logs
from api.metrics import measure_requests
from api.migrations import require_migrated
from api.pages import pages
from api.problems import ProblemApi, answer_problems
from api.settings import Settings, read_settings
from api.v1 import blueprints
from dispatch.kernel.clock import Clock, SystemClock

LARGEST_REQUEST = 16 * 1024 * 1024
CONTENT_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
# A worker has a policy of its own. This one runs compiled code (docs/adr/0008-codes-by-camera.md) and reaches
# no page: it may load itself and its code, and nothing else.
CODE_READER = "js/scan-reader.js"
CODE_READER_POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'"
log = structlog.get_logger("housecall.requests")


def create_app(
    settings: Settings | None = None, clock: Clock | None = None, *, testing: bool = False
) -> Flask:
    """Build the app.

    Parameters
    ----------
    settings
        Read from the environment when not given.
    clock
        The machine's by default.
    testing
        True lets unforeseen errors through to the test that caused them.

    Raises
    ------
    SettingsInvalid, RouteWithoutPolicy, Unmigrated
        When the app must not serve.
    """
    settings = settings or read_settings(os.environ)
    configure_logs(settings.log_level)
    app = Transactional("api", static_folder="pages/static", template_folder="pages/templates")
    app.config.update(
        TESTING=testing,
        PROPAGATE_UNEXPECTED=testing,
        MAX_CONTENT_LENGTH=LARGEST_REQUEST,
        MAX_FORM_MEMORY_SIZE=LARGEST_REQUEST,
        SEND_FILE_MAX_AGE_DEFAULT=3600,
    )
    app.extensions["housecall_settings"] = settings
    app.extensions["housecall_clock"] = clock or SystemClock()
    if settings.proxies:
        near = settings.proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=near, x_proto=near, x_host=near)  # type: ignore[method-assign]
    app.jinja_options = {"autoescape": True, "trim_blocks": True, "lstrip_blocks": True}
    open_database(app, settings)
    with app.app_context():
        require_migrated(db.engine)
    secure_accounts(app, settings)
    _serve_api(app)
    app.register_blueprint(pages)
    measure_requests(app)
    answer_problems(app)
    _frame_requests(app, settings)
    app.extensions["housecall_policies"] = door.policies(app)
    return app


def _serve_api(app: Flask) -> None:
    app.config.update(
        API_TITLE="Housecall",
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX="/api/v1",
        OPENAPI_JSON_PATH="openapi.json",
    )
    api = ProblemApi(app)
    for blueprint in blueprints():
        api.register_blueprint(blueprint, url_prefix=f"/api/v1{blueprint.url_prefix or ''}")


def _frame_requests(app: Flask, settings: Settings) -> None:
    """Put what every request needs before it, and what every answer needs after it."""
    keyring = settings.keyring

    @app.before_request
    def _arrive() -> None:
        g.request_id = secrets.token_hex(8)
        g.arrived = time.monotonic()
        g.keyring = keyring
        begin_session()
        if "\0" in request.path:  # no name holds it, and PostgreSQL would not even compare with it
            abort(404)
        door.admit()

    @app.after_request
    def _leave(answer: Response) -> Response:
        headers = answer.headers
        g.took_s = time.monotonic() - g.get("arrived", time.monotonic())
        reads_codes = (
            request.endpoint == "static" and (request.view_args or {}).get("filename") == CODE_READER
        )
        headers.setdefault("Content-Security-Policy", CODE_READER_POLICY if reads_codes else CONTENT_POLICY)
        headers["X-Content-Type-Options"] = "nosniff"
        headers["Referrer-Policy"] = "same-origin"
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
        headers["Permissions-Policy"] = "geolocation=(self), camera=(self), microphone=()"
        headers["X-Request-Id"] = g.get("request_id", "")
        if settings.secure_cookies:
            headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
        if request.endpoint != "static":
            headers["Cache-Control"] = "no-store"
            who = g.get("actor")
            log.info(
                "request",
                method=request.method,
                route=str(request.url_rule),
                status=answer.status_code,
                ms=round(g.took_s * 1000, 1),
                account=str(who.account_id) if who else None,
                request_id=g.get("request_id"),
            )
        return answer

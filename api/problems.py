"""Refusals and errors become answers here, and only here.

The JSON API answers with problem+json (RFC 9457), the pages with a page or, for htmx, a fragment. No
answer and no log line carries a patient's data or a database's own words.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import structlog
from flask import Flask, Response, g, json, make_response, redirect, render_template, request, url_for
from flask_smorest import Api
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DataError, IntegrityError, OperationalError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException

from dispatch.kernel.refusals import Reason, Refusal

log = structlog.get_logger("housecall.problems")
PROBLEM_JSON = "application/problem+json"


def problem(
    status: int, title: str, reasons: tuple[Reason, ...] = (), extra: Mapping[str, Any] | None = None
) -> Response:
    """Make the answer to a request that was refused or failed, in the form the caller reads."""
    if request.path.startswith("/api/"):
        code = reasons[0].code if reasons else HTTPStatus(status).name.lower()
        body = {
            "type": f"urn:housecall:problem:{code}",
            "title": title,
            "status": status,
            "reasons": [_reason(reason) for reason in reasons],
            "request_id": g.get("request_id", ""),
        } | dict(extra or {})
        answer = make_response(json.dumps(body), status)
        answer.content_type = PROBLEM_JSON
        return answer
    if status == HTTPStatus.UNAUTHORIZED and not _is_htmx():
        # A form that came too late cannot be sent again by a link: lead to the first page instead.
        wanted = request.full_path.rstrip("?") if request.method == "GET" else "/"
        return make_response(redirect(url_for("security.login", next=wanted)))
    template = "problem_fragment.html" if _is_htmx() else "problem.html"
    page = render_template(template, status=status, title=title, reasons=reasons, extra=extra or {})
    return make_response(page, status)


def _is_htmx() -> bool:
    return request.headers.get("HX-Request") == "true"


def _reason(reason: Reason) -> dict[str, str]:
    parts = {"code": reason.code, "text": reason.text, "field": reason.field, "way_out": reason.way_out}
    return {name: text for name, text in parts.items() if text}


class ProblemApi(Api):  # type: ignore[misc]
    """flask-smorest answers every HTTP error in its own JSON, pages included; here it does not."""

    def handle_http_exception(self, error: HTTPException) -> Response:
        """Turn an HTTP error into a problem."""
        return from_http_error(error)


def from_http_error(error: HTTPException) -> Response:
    """Answer an HTTP error that a library raised, schema errors with a reason for each field."""
    status = error.code or 500
    data = getattr(error, "data", None) or {}
    reasons = tuple(_schema_reasons(data.get("messages", {})))
    if not reasons:
        reasons = (Reason(code=HTTPStatus(status).name.lower(), text=_plain(status, error)),)
    answer = problem(status, HTTPStatus(status).phrase, reasons)
    for name, value in (data.get("headers") or {}).items():
        answer.headers[name] = value
    allowed = getattr(error, "valid_methods", None)
    if allowed:
        answer.headers["Allow"] = ", ".join(sorted(allowed))
    retry = (
        error.get_response().headers.get("Retry-After") if status == HTTPStatus.TOO_MANY_REQUESTS else None
    )
    if retry:
        answer.headers["Retry-After"] = retry
    return answer


def _plain(status: int, error: HTTPException) -> str:
    if isinstance(error, CSRFError):
        return "The page's token is missing or too old. Load the page again."
    return {
        400: "The request could not be read.",
        404: "There is nothing at this address.",
        405: "This address does not take that method.",
        413: "That is larger than is accepted here.",
        415: "Send the body in the documented content type.",
        428: "Send If-Match with the ETag you last saw.",
        412: "Somebody changed it since you looked. Load it again.",
        429: "Too many tries. Wait a moment.",
    }.get(status, HTTPStatus(status).phrase)


def _schema_reasons(messages: Any, path: str = "") -> list[Reason]:
    """Flatten marshmallow's messages into one reason a field, path and rule named."""
    if isinstance(messages, dict):
        found = []
        for key, value in messages.items():
            if not path and key in {"json", "query", "headers", "form", "files", "path"}:
                step = ""
            elif isinstance(key, int):
                step = f"{path}[{key}]"
            else:
                step = f"{path}.{key}".lstrip(".") if key != "_schema" else path
            found += _schema_reasons(value, step)
        return found
    texts = messages if isinstance(messages, list) else [messages]
    return [Reason(code="field_not_valid", text=str(text), field=path) for text in texts if text]


def answer_problems(app: Flask) -> None:
    """Register the answers to everything that can go wrong."""

    @app.errorhandler(Refusal)
    def _refusal(refusal: Refusal) -> Response:
        answer = problem(refusal.status, refusal.title, refusal.reasons, refusal.extra)
        if refusal.status == HTTPStatus.UNAUTHORIZED:
            answer.headers.setdefault("WWW-Authenticate", "Bearer")
        return answer

    @app.errorhandler(StaleDataError)
    def _stale(_error: StaleDataError) -> Response:
        text = "Somebody changed it at the same moment. Load it again."
        return problem(412, "It changed since you looked", (Reason(code="changed_meanwhile", text=text),))

    @app.errorhandler(IntegrityError)
    def _integrity(error: IntegrityError) -> Response:
        log.warning("database_refused", constraint=_constraint(error))
        text = "The database refused it, because another change came first or a law forbids it."
        reason = Reason(code="database_refused", text=text, field=_constraint(error))
        return problem(409, "The present state does not allow this", (reason,))

    @app.errorhandler(DataError)
    def _unfit(_error: DataError) -> Response:
        text = "A value is too large, or holds what no database keeps. Nothing was stored."
        return problem(422, "The input is not valid", (Reason(code="value_unfit", text=text),))

    @app.errorhandler(OperationalError)
    def _operational(error: OperationalError) -> Response:
        log.error("database_unavailable", kind=type(error.orig).__name__)
        reason = Reason(
            code="database_unavailable", text="Nothing was stored.", way_out="Try again in a moment."
        )
        answer = problem(503, "The database cannot store this right now", (reason,))
        answer.headers["Retry-After"] = "5"
        return answer

    @app.errorhandler(HTTPException)
    def _http(error: HTTPException) -> Response:
        return from_http_error(error)

    @app.errorhandler(Exception)
    def _unexpected(error: Exception) -> Response:
        # The type and the place, never the message: it may hold a patient's data.
        trace = error.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        place = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else ""
        log.error("unexpected_error", kind=type(error).__name__, place=place)
        if app.config["PROPAGATE_UNEXPECTED"]:
            raise error
        reason = Reason(code="unexpected_error", text="This was not foreseen. Nothing was stored.")
        return problem(500, "Something went wrong on our side", (reason,))


def _constraint(error: IntegrityError) -> str:
    """Name the constraint that refused, never its values."""
    diagnosis = getattr(error.orig, "diag", None)
    if diagnosis is not None:
        return str(diagnosis.constraint_name or "")
    text = str(error.orig)
    return text.partition("constraint failed: ")[2] or text.partition(" is append-only")[0]

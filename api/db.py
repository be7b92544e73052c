"""One session a request, one commit after the view.

A view that answers with an error, or raises a refusal, leaves nothing behind. A request that PostgreSQL
ends because of a deadlock or a failed serialisation is run again: nothing of it was committed.
"""

from typing import Any

from flask import Flask, Response, g, request
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session as FlaskSession
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from api.settings import Settings
from dispatch.kernel.row import Row
from dispatch.kernel.storage import READ_ONLY, engine_options, prepare

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
# PostgreSQL: serialization_failure, deadlock_detected.
RUN_AGAIN = frozenset({"40001", "40P01"})
MOST_RUNS = 3


class RequestSession(FlaskSession):
    """A session that says whether its transaction only reads, so that readers wait for no writer."""

    def get_bind(self, *args: Any, **kwargs: Any) -> Any:
        """Return the engine, marked read-only where the request is a safe one."""
        bind = super().get_bind(*args, **kwargs)
        if self.info.get("reads_only") and isinstance(bind, Engine):
            # Always the same marked engine: for another one the session would take another connection, and
            # each statement would see the database at a moment of its own.
            marked = self.info.setdefault("reading", {})
            if bind not in marked:
                marked[bind] = bind.execution_options(**READ_ONLY)
            return marked[bind]
        return bind


db = SQLAlchemy(model_class=Row, session_options={"class_": RequestSession})


def open_database(app: Flask, settings: Settings) -> None:
    """Bind the app to the database of `settings`."""
    app.config["SQLALCHEMY_DATABASE_URI"] = settings.database_url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = engine_options(settings.database_url)
    db.init_app(app)
    with app.app_context():
        prepare(db.engine)


def current_session() -> Session:
    """Return the request's own session."""
    return db.session()


class Transactional(Flask):
    """A Flask app whose views run inside one transaction."""

    def dispatch_request(self) -> Response:
        """Run the view, then commit what it did, once."""
        for run in range(1, MOST_RUNS + 1):
            try:
                response = self.make_response(super().dispatch_request())
                if response.status_code < 400 or g.pop("keep_although_refused", False):
                    db.session.commit()
                    self._log_reads()
                else:
                    db.session.rollback()
            except DBAPIError as error:
                db.session.rollback()
                if run == MOST_RUNS or getattr(error.orig, "sqlstate", None) not in RUN_AGAIN:
                    raise
            except BaseException:
                db.session.rollback()
                raise
            else:
                return response
        raise AssertionError("unreachable: the last run returns or raises")

    def _log_reads(self) -> None:
        """Write down whose data was read: a short transaction of its own after a safe request."""
        reads = g.pop("reads", None)
        if reads:
            session = current_session()
            session.info["reads_only"] = False
            reads(session)
            session.commit()


def begin_session() -> None:
    """Give the request's session its keyring, its request id and its mode."""
    session = current_session()
    session.info["keyring"] = g.keyring
    session.info["request_id"] = g.request_id
    session.info["reads_only"] = request.method in SAFE_METHODS

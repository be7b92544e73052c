"""Server-rendered screens: one package each for dispatcher, nurse and compliance."""

import json
from functools import cache
from pathlib import Path

from flask import Blueprint, Response, jsonify, redirect, render_template, url_for
from sqlalchemy import text
from werkzeug.wrappers import Response as Answer

from api.actor import PUBLIC, SIGNED_IN, actor, clock, policy
from api.db import current_session
from api.demo.clock import DemoClock
from dispatch.kernel.actor import Role
from dispatch.kernel.quantities import mg_text
from dispatch.visits.safety.service import lateness

pages = Blueprint("pages", __name__)

HOMES = {
    Role.DISPATCHER: "/board",
    Role.NURSE: "/today",
    Role.COMPLIANCE: "/custody",
    Role.PHARMACIST: "/stock",
    Role.PRESCRIBER: "/clearance",
}


@cache
def _vendored_files() -> dict[str, str]:
    """Map a vendored file's bare name to its place under static/vendor."""
    manifest = json.loads((Path(__file__).parent / "static" / "vendor" / "manifest.json").read_text())
    return {entry["file"].rpartition("/")[2]: entry["file"] for entry in manifest["files"]}


def vendored(name: str) -> str:
    """Return the address of a vendored file such as ``htmx.min.js``."""
    return url_for("static", filename=f"vendor/{_vendored_files()[name]}")


# A global, because macros that a template imports do not see its context.
pages.add_app_template_global(mg_text)


@pages.app_context_processor
def _for_templates() -> dict[str, object]:
    present = clock()
    demo_now_ms = round(present.now().timestamp() * 1000) if isinstance(present, DemoClock) else None
    return {"homes": HOMES, "vendored": vendored, "demo_now_ms": demo_now_ms}


@pages.route("/")
@policy(SIGNED_IN)
def home() -> str | Answer:
    """Lead each person to the screen of their role, or let them choose where there are several."""
    mine = [(role, place) for role, place in HOMES.items() if actor().has(role)]
    if len(mine) == 1:
        return redirect(mine[0][1])
    return render_template("home.html", places=mine)


@pages.route("/api/v1/docs")
@policy(PUBLIC)
def api_docs() -> str:
    """Show the API's operations, to be tried by hand."""
    return render_template("api_docs.html")


@pages.route("/healthz")
@policy(PUBLIC)
def healthz() -> Response:
    """Tell that the process answers."""
    return jsonify(status="ok")


@pages.route("/readyz")
@policy(PUBLIC)
def readyz() -> Response:
    """Tell that the database answers, too, and how late the watch over nurses and patients is."""
    current_session().execute(text("SELECT 1"))
    watch = lateness(current_session())
    late_s = (clock().now() - watch.looked_at).total_seconds() if watch.looked_at else None
    return jsonify(status="ready", watch_last_look_s=None if late_s is None else max(0, round(late_s)))


from api import streams  # noqa: E402, F401 - the boards' live feed joins `pages`, too
from api.pages import (  # noqa: E402 - their routes join `pages`
    compliance,  # noqa: F401
    dispatcher,  # noqa: F401
    nurse,  # noqa: F401
    patient,  # noqa: F401
    prescriber,  # noqa: F401
)

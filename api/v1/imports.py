"""A real day by upload: the five CSV files of docs/import.md, all or nothing."""

from typing import Any

from flask import current_app, request
from marshmallow import Schema, fields

from api.actor import actor, clock, policy, roles
from api.db import current_session
from api.geocoding import geocode_by
from api.json_input import Blueprint
from dispatch.appointments.day_import import FILES, import_files
from dispatch.areas.service import area_by_slug
from dispatch.kernel.actor import Role
from dispatch.kernel.refusals import Invalid, Reasons

NAMES = tuple(f"{name}.csv" for name in FILES)
blueprint = Blueprint("imports", __name__, description="A real day from CSV files")


class TallySchema(Schema):
    """What became of one file's rows."""

    added = fields.Integer()
    changed = fields.Integer()
    unchanged = fields.Integer()


class ImportReportSchema(Schema):
    """How an import went; bad cells come as a problem (422) and nothing is written then."""

    ok = fields.Boolean()
    tallies = fields.Dict(keys=fields.String(), values=fields.Nested(TallySchema))
    days = fields.List(fields.String())
    points_to_confirm = fields.List(fields.String())


def _uploaded() -> dict[str, bytes]:
    """Return the files by name; large ones lie on the disk, so each part is closed once it is read."""
    found: dict[str, bytes] = {}
    wrong = Reasons()
    for name, parts in request.files.lists():
        for part in parts:
            if name in NAMES:
                found[name] = part.read()
            part.close()
        if name not in NAMES:
            wrong.add("unknown_file", f"Only {', '.join(NAMES)} are known.", field=name[:60])
        elif len(parts) > 1:
            wrong.add("file_sent_twice", "Send each file once.", field=name)
    if not request.files:
        wrong.add(
            "file_missing",
            "Send at least one file as multipart/form-data, the field named as the file.",
            way_out=f"Known are {', '.join(NAMES)}.",
        )
    wrong.raise_if_any(Invalid)
    return found


@blueprint.route("/areas/<slug>/imports", methods=["POST"])
@blueprint.response(201, ImportReportSchema)
@blueprint.doc(
    requestBody={
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {name: {"type": "string", "format": "binary"} for name in NAMES},
                }
            }
        },
    }
)
@policy(roles(Role.DISPATCHER, Role.ADMIN))
def upload(slug: str) -> dict[str, Any]:
    """Import nurses.csv, licences.csv, shifts.csv, patients.csv and appointments.csv, any of them."""
    session = current_session()
    area = area_by_slug(session, slug)
    found = _uploaded()
    geocode = geocode_by(current_app.extensions["housecall_settings"])
    report = import_files(session, found, actor(), clock(), area_id=area.id, geocode=geocode)
    report.refuse_if_bad()
    return report.as_json()

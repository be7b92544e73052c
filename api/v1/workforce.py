"""Nurses: what they may do, and when they work.

Who keeps the files (an administrator) writes nurses, licences and proofs. Suspending a licence is a brake,
so compliance may pull it, too; giving it back is the administrator's. Shifts are the dispatchers' daily
work. A nurse's home is shown to administrators alone.
"""

from typing import TYPE_CHECKING, Any
from uuid import UUID

from flask import Response, current_app, url_for
from marshmallow import Schema

from api.actor import actor, clock, policy, roles
from api.days import day_from
from api.db import current_session
from api.etags import seen_version, tagged
from api.geocoding import geocode_by
from api.idempotency import answered_once
from api.json_input import Blueprint
from api.paging import LINK, PageQuerySchema, paged
from api.v1 import workforce_schemas as forms
from dispatch.areas.service import area_by_slug, zone_of
from dispatch.kernel.actor import Role
from dispatch.kernel.refusals import Invalid, refuse
from dispatch.workforce import service
from dispatch.workforce.model import (
    Authorisation,
    Competency,
    Licence,
    LicenceKind,
    LicenceStatus,
    NurseDraft,
    Residence,
    Shift,
)
from dispatch.workforce.queries import nurses_after, shifts_on

if TYPE_CHECKING:
    from dispatch.workforce.records import LicenceRow, NurseRow, ShiftRow

blueprint = Blueprint("workforce", __name__, description="Nurses, licences, competencies and shifts")
READERS = roles(Role.DISPATCHER, Role.COMPLIANCE, Role.ADMIN)
KEEPERS = roles(Role.ADMIN)
BRAKES = roles(Role.ADMIN, Role.COMPLIANCE)
ROSTER = roles(Role.ADMIN, Role.DISPATCHER)
HOME = ("home_address", "home_lat", "home_lon")


def _home(sent: dict[str, Any], known: "NurseRow | None") -> tuple[float, float]:
    """Return where her routes begin: as given, as known of that address, or as looked up."""
    if "home_lat" in sent:
        return sent["home_lat"], sent["home_lon"]
    if known is not None and known.home_address == sent["home_address"]:
        return known.home_lat, known.home_lon
    placed = geocode_by(current_app.extensions["housecall_settings"])(sent["home_address"])
    if placed is None or placed.point is None:
        raise refuse(
            Invalid,
            "point_missing",
            "The address could not be looked up.",
            field="home_lat",
            way_out="Write it as 12 Oak St, Columbus, OH 43215, or give home_lat and home_lon.",
        )
    return placed.point.lat, placed.point.lon


def _draft(sent: dict[str, Any], known: "NurseRow | None" = None) -> NurseDraft:
    words = {name: tuple(sent[name]) for name in ("languages", "pet_allergies")}
    rest = {name: value for name, value in sent.items() if name not in HOME}
    return NurseDraft(**rest | words, home_address=sent["home_address"], home_point=_home(sent, known))


def _nurse_answer(row: "NurseRow", status: int = 200) -> Response:
    current_session().flush()
    hidden = () if actor().has(Role.ADMIN) else HOME
    there = url_for("workforce.one_nurse", nurse_id=row.id) if status != 200 else None
    return tagged(forms.NurseReadSchema(exclude=hidden).dump(row), row.version, status, there)


def _answer(schema: Schema, row: "LicenceRow | ShiftRow", status: int = 200) -> Response:
    current_session().flush()
    return tagged(schema.dump(row), row.version, status)


@blueprint.route("/areas/<slug>/nurses")
@blueprint.arguments(PageQuerySchema, location="query")
@blueprint.response(200, forms.NurseHeadSchema(many=True), headers=LINK)
@policy(READERS)
def list_nurses(asked: dict[str, Any], slug: str) -> "tuple[list[NurseRow], int, dict[str, str]]":
    """List an area's nurses by code."""
    session = current_session()
    area, limit = area_by_slug(session, slug), asked["limit"]
    return paged(nurses_after(session, area.id, asked["after"], limit + 1), limit, lambda row: row.code)


@blueprint.route("/areas/<slug>/nurses", methods=["POST"])
@answered_once
@blueprint.arguments(forms.NurseSchema)
@blueprint.response(201, forms.NurseReadSchema)
@policy(KEEPERS)
def add_nurse(sent: dict[str, Any], slug: str) -> Response:
    """Add a nurse; without licences, residence and shifts she is eligible for nothing yet."""
    session = current_session()
    area = area_by_slug(session, slug)
    return _nurse_answer(service.add_nurse(session, area.id, _draft(sent), actor(), clock()), 201)


@blueprint.route("/nurses/<uuid:nurse_id>")
@blueprint.response(200, forms.NurseReadSchema)
@policy(READERS)
def one_nurse(nurse_id: UUID) -> Response:
    """Show a nurse with her licences, competencies, authorisations and residences."""
    return _nurse_answer(service.nurse_by_id(current_session(), nurse_id))


@blueprint.route("/nurses/<uuid:nurse_id>", methods=["PUT"])
@blueprint.arguments(forms.NurseSchema)
@blueprint.response(200, forms.NurseReadSchema)
@policy(KEEPERS)
def change_nurse(sent: dict[str, Any], nurse_id: UUID) -> Response:
    """Change what is known of a nurse (If-Match: her ETag)."""
    seen = seen_version()
    draft = _draft(sent, service.nurse_by_id(current_session(), nurse_id))
    return _nurse_answer(
        service.change_nurse(current_session(), nurse_id, draft, actor(), clock(), seen=seen)
    )


@blueprint.route("/nurses/<uuid:nurse_id>/licences", methods=["POST"])
@answered_once
@blueprint.arguments(forms.LicenceSchema)
@blueprint.response(201, forms.LicenceReadSchema)
@policy(KEEPERS)
def enter_licence(sent: dict[str, Any], nurse_id: UUID) -> Response:
    """Enter a licence or its renewal; a discipline is not lifted by it."""
    licence = Licence(**sent | {"kind": LicenceKind(sent["kind"])})
    row = service.enter_licence(current_session(), nurse_id, licence, actor(), clock())
    return _answer(forms.LicenceReadSchema(), row, 201)


@blueprint.route("/licences/<uuid:licence_id>/suspension", methods=["POST"])
@answered_once
@blueprint.arguments(forms.SuspensionSchema)
@blueprint.response(200, forms.LicenceReadSchema)
@policy(BRAKES)
def suspend_licence(sent: dict[str, Any], licence_id: UUID) -> Response:
    """Act on a notice of suspension: the licence covers nothing from then on."""
    row = service.suspend_licence(current_session(), licence_id, actor(), clock(), **sent)
    return _answer(forms.LicenceReadSchema(), row)


@blueprint.route("/licences/<uuid:licence_id>/status", methods=["PUT"])
@blueprint.arguments(forms.LicenceStatusSchema)
@blueprint.response(200, forms.LicenceReadSchema)
@policy(KEEPERS)
def set_licence_status(sent: dict[str, Any], licence_id: UUID) -> Response:
    """Enter how the board of nursing holds a licence, reinstatement included."""
    status = LicenceStatus(sent.pop("status"))
    row = service.set_licence_status(current_session(), licence_id, status, actor(), clock(), **sent)
    return _answer(forms.LicenceReadSchema(), row)


@blueprint.route("/nurses/<uuid:nurse_id>/competencies", methods=["POST"])
@answered_once
@blueprint.arguments(forms.CompetencySchema)
@blueprint.response(201, forms.NurseReadSchema)
@policy(KEEPERS)
def enter_competency(sent: dict[str, Any], nurse_id: UUID) -> Response:
    """Enter a proof of a skill, or its renewal."""
    proof = Competency(**sent)
    return _nurse_answer(service.enter_competency(current_session(), nurse_id, proof, actor(), clock()), 201)


@blueprint.route("/nurses/<uuid:nurse_id>/authorisations", methods=["POST"])
@answered_once
@blueprint.arguments(forms.AuthorisationSchema)
@blueprint.response(201, forms.NurseReadSchema)
@policy(KEEPERS)
def enter_authorisation(sent: dict[str, Any], nurse_id: UUID) -> Response:
    """Enter that a DEA registrant makes the nurse its agent in a state, or renew it (21 CFR 1301.22)."""
    word = Authorisation(**sent)
    return _nurse_answer(
        service.enter_authorisation(current_session(), nurse_id, word, actor(), clock()), 201
    )


@blueprint.route("/nurses/<uuid:nurse_id>/residences", methods=["POST"])
@answered_once
@blueprint.arguments(forms.ResidenceSchema)
@blueprint.response(201, forms.NurseReadSchema)
@policy(KEEPERS)
def move_residence(sent: dict[str, Any], nurse_id: UUID) -> Response:
    """Enter since when a nurse has her primary residence in a state; earlier ones stay."""
    moved = Residence(**sent)
    return _nurse_answer(service.move_residence(current_session(), nurse_id, moved, actor(), clock()), 201)


@blueprint.route("/areas/<slug>/days/<day>/shifts")
@blueprint.arguments(PageQuerySchema, location="query")
@blueprint.response(200, forms.ShiftReadSchema(many=True), headers=LINK)
@policy(READERS)
def list_shifts(asked: dict[str, Any], slug: str, day: str) -> "tuple[list[ShiftRow], int, dict[str, str]]":
    """List the shifts that touch a day, in the order they were entered."""
    session = current_session()
    area, on, limit = area_by_slug(session, slug), day_from(day), asked["limit"]
    after = _key(asked["after"])
    return paged(shifts_on(session, area.id, on, zone_of(area), after, limit + 1), limit, lambda row: row.id)


def _key(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        text = "A page of shifts begins after a shift's id."
        raise refuse(Invalid, "key_malformed", text, field="after", way_out="Follow the link.") from None


@blueprint.route("/nurses/<uuid:nurse_id>/shifts", methods=["POST"])
@answered_once
@blueprint.arguments(forms.ShiftSchema)
@blueprint.response(201, forms.ShiftReadSchema)
@policy(ROSTER)
def add_shift(sent: dict[str, Any], nurse_id: UUID) -> Response:
    """Let a nurse work from then to then; 409 names every fatigue rule that stands against it."""
    row = service.add_shift(current_session(), nurse_id, Shift(**sent), actor(), clock())
    return _answer(forms.ShiftReadSchema(), row, 201)


@blueprint.route("/shifts/<uuid:shift_id>", methods=["PUT"])
@blueprint.arguments(forms.ShiftSchema)
@blueprint.response(200, forms.ShiftReadSchema)
@policy(ROSTER)
def change_shift(sent: dict[str, Any], shift_id: UUID) -> Response:
    """Let a shift begin or end at another time (If-Match: its ETag, the version in the list)."""
    seen = seen_version()
    row = service.change_shift(current_session(), shift_id, Shift(**sent), actor(), clock(), seen=seen)
    return _answer(forms.ShiftReadSchema(), row)


@blueprint.route("/shifts/<uuid:shift_id>", methods=["DELETE"])
@blueprint.response(204)
@policy(ROSTER)
def remove_shift(shift_id: UUID) -> None:
    """Take a shift away (If-Match: its ETag); plans that lean on it are stale from then on."""
    service.remove_shift(current_session(), shift_id, actor(), clock(), seen=seen_version())

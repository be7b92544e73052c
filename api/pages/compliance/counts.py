"""Blind counts by compliance or a pharmacist: the figure is locked before the expected one shows."""

from uuid import UUID

from flask import make_response, render_template, request
from werkzeug.wrappers import Response

from api.actor import actor, clock, policy, roles
from api.db import current_session
from api.pages import pages
from api.pages.reading import id_from_form, units_from_form
from dispatch.areas.service import area_by_slug, zone_of
from dispatch.custody import queries, service
from dispatch.custody.commands import BlindCount
from dispatch.custody.model import CountResult
from dispatch.kernel.actor import Role
from dispatch.kernel.ids import new_id
from dispatch.kernel.refusals import Refusal

COUNTERS = roles(Role.COMPLIANCE, Role.PHARMACIST)


@pages.route("/custody/<slug>/counts")
@policy(COUNTERS)
def custody_counts(slug: str) -> Response:
    """Show whose counts are due, and the form of a count."""
    return _page(slug)


@pages.route("/custody/<slug>/counts", methods=["POST"])
@policy(COUNTERS)
def enter_count(slug: str) -> Response:
    """Lock a count's figure; a first one that differs asks for a second, blind as well."""
    area_by_slug(current_session(), slug)
    try:
        command = BlindCount(
            count_id=id_from_form("count_id"),
            round_id=id_from_form("round_id"),
            holder=request.form.get("holder", "")[:100],
            counted_units=units_from_form(),
            product_id=_product(),
        )
        result = service.count(current_session(), command, actor(), clock())
    except Refusal as refusal:
        return _page(slug, refusal=refusal, status=refusal.status)
    return _page(slug, result=result)


def _product() -> UUID | None:
    return id_from_form("product_id") if request.form.get("product_id") else None


def _page(
    slug: str, result: CountResult | None = None, refusal: Refusal | None = None, status: int = 200
) -> Response:
    session = current_session()
    area = area_by_slug(session, slug)
    holders = queries.countables(session, area.id)
    chosen = request.values.get("holder", "")
    # A round goes on after a first figure that differs, and after one that was refused.
    again = result is not None and not result.finished
    keeps_round = again or (refusal is not None and "round_id" in request.form)
    page = render_template(
        "compliance/counts.html",
        area=area,
        zone=zone_of(area),
        now=clock().now(),
        due=queries.counts_due(session, area.id),
        holders=holders,
        holder=next((each for each in holders if each.holder == chosen), None),
        products=queries.products(session),
        product_id=request.values.get("product_id", ""),
        round_id=request.form.get("round_id", "") if keeps_round else str(new_id()),
        count_id=new_id(),
        again=again,
        result=result,
        refusal=refusal,
    )
    return make_response(page, status)

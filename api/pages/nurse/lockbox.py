"""The lock-box on the nurse's screen: pick up, open, draw, give, waste, return, close the shift.

Each form is one event of the custody ledger with the id it was rendered with, so that pressing twice is one
event. Claims and reused ids are kept by the ledger although the answer is a refusal.
"""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from api.accounts import limiter
from api.actor import actor, clock, keep_although_refused, policy, roles
from api.db import current_session
from api.pages import pages
from api.pages.nurse.today import show
from api.pages.reading import amount_from_form, id_from_form, text_from_form, units_from_form
from api.pages.signing import login_limit, signatures, who_tries
from dispatch.custody import queries as custody
from dispatch.custody import service
from dispatch.custody.commands import (
    Administer,
    Draw,
    ListedVial,
    OpenContainer,
    PickUp,
    ReportException,
    ReturnUnopened,
    WasteResidual,
)
from dispatch.custody.model import EventKind, Override, Receipt, Standing, Verdict, WasteMethod
from dispatch.custody.sentences import reasons as sentences
from dispatch.kernel.actor import Role
from dispatch.kernel.refusals import Conflict, Invalid, Reasons, Refusal, refuse
from dispatch.visits import closing, standing
from dispatch.visits import queries as visits

NURSE = roles(Role.NURSE)
MOST_ROWS = 20


def answered(deed: Callable[[], Receipt | tuple[Receipt, ...] | None]) -> Response:
    """Run a deed and lead back to the screen, or show at its top everything that speaks against it."""
    try:
        done = deed()
    except Refusal as refusal:
        if refusal.status == 404:
            raise
        if isinstance(refusal, Conflict):
            # What the ledger noted for compliance on the way is kept: a wrong seal, a shift not closed.
            keep_although_refused()
        return show(refusal=refusal, status=refusal.status)
    receipts = done if isinstance(done, tuple) else (done,)
    odd = [
        receipt for receipt in receipts if receipt and receipt.verdict in {Verdict.CLAIM, Verdict.ID_REUSED}
    ]
    if odd:
        keep_although_refused()
        said = [reason for receipt in odd for reason in sentences(receipt.reasons)]
        return show(refusal=Conflict(said), status=Conflict.status)
    return redirect(url_for("pages.today"), 303)


def _visit_id() -> UUID:
    return id_from_form("visit_id")


def told(standing_now: Standing, container_id: UUID) -> dict[str, Any]:
    """Gather what every deed on one vial says."""
    return {
        "event_id": id_from_form(),
        "container_id": container_id,
        "standing": standing_now,
        "reason": text_from_form("reason"),
    }


def _override() -> Override | None:
    why, who = (text_from_form(name) for name in ("override_reason", "override_authority"))
    if bool(why) != bool(who):
        text = "An override needs a reason and on whose word."
        raise refuse(Invalid, "override_incomplete", text, field="override_reason")
    return Override(reason=why, authority=who) if why else None


@pages.route("/today/pickup", methods=["POST"])
@limiter.limit(login_limit, key_func=who_tries)
@policy(NURSE)
def pick_up_vials() -> Response:
    """Take sealed vials: count, seals, the nurse's signature and the pharmacist's."""

    def deed() -> tuple[Receipt, ...]:
        session, pickup_id, pharmacy_id = current_session(), id_from_form(), id_from_form("pharmacy_id")
        listed = _listed()
        counted = units_from_form()
        signed = signatures(request.form, pickup_id, "pharmacist")
        command = PickUp(
            pickup_id=pickup_id,
            pharmacy_id=pharmacy_id,
            vials=listed,
            counted_units=counted,
            standing=standing.standing_at_pharmacy(session, pharmacy_id, actor(), clock()),
            proof=signed.own,
            witness=signed.other,
        )
        return service.pick_up(session, command, actor(), clock())

    return answered(deed)


def _listed() -> tuple[ListedVial, ...]:
    """Read the rows that were filled in: a serial number, its seal as read, an event id of its own."""
    rows, wrong = [], Reasons()
    for row in range(1, MOST_ROWS + 1):
        serial, seal = (request.form.get(f"{name}_{row}", "").strip() for name in ("serial", "seal"))
        if not serial and not seal:
            continue
        try:
            vial = custody.find_vial(current_session(), serial)
        except Refusal:
            wrong.add("no_such_vial", f"No vial bears the number {serial[:40]!r}.", field=f"serial_{row}")
            continue
        rows.append(
            ListedVial(event_id=id_from_form(f"event_{row}"), container_id=vial.container_id, seal=seal)
        )
    wrong.raise_if_any(Invalid)
    return tuple(rows)


@pages.route("/today/vials/<uuid:container_id>/open", methods=["POST"])
@policy(NURSE)
def open_vial(container_id: UUID) -> Response:
    """Compare the seal and break it, for one visit."""

    def deed() -> Receipt:
        session, visit_id = current_session(), _visit_id()
        command = OpenContainer(
            **told(standing.standing_at_visit(session, visit_id, actor(), clock()), container_id),
            place="visit",
            seal=request.form.get("seal", "").strip(),
            visit_id=visit_id,
            override=_override(),
        )
        return service.open_container(session, command, actor(), clock())

    return answered(deed)


@pages.route("/today/vials/<uuid:container_id>/draw", methods=["POST"])
@policy(NURSE)
def draw_up(container_id: UUID) -> Response:
    """Draw up for a visit, within its order."""

    def deed() -> Receipt:
        session, visit_id = current_session(), _visit_id()
        visit = visits.own_visit(session, visit_id, actor())
        command = Draw(
            **told(standing.standing_at_visit(session, visit_id, actor(), clock()), container_id),
            place="visit",
            visit_id=visit_id,
            amount_ug=amount_from_form(),
            order_ceiling_ug=visit.dose_ug or 0,
            override=_override(),
        )
        return service.draw(session, command, actor(), clock())

    return answered(deed)


@pages.route("/today/vials/<uuid:container_id>/give", methods=["POST"])
@policy(NURSE)
def give(container_id: UUID) -> Response:
    """Record what the patient was given."""

    def deed() -> Receipt:
        session, visit_id = current_session(), _visit_id()
        command = Administer(
            **told(standing.standing_at_visit(session, visit_id, actor(), clock()), container_id),
            place="visit",
            visit_id=visit_id,
            amount_ug=amount_from_form(),
        )
        return service.administer(session, command, actor(), clock())

    return answered(deed)


@pages.route("/today/vials/<uuid:container_id>/waste", methods=["POST"])
@limiter.limit(login_limit, key_func=who_tries)
@policy(NURSE)
def waste(container_id: UUID) -> Response:
    """Destroy what is left before a witness, who types an own secret."""

    def deed() -> Receipt:
        session, visit_id = current_session(), _visit_id()
        amount_ug, event_id = amount_from_form(), id_from_form()
        signed = signatures(request.form, event_id, "witness")
        command = WasteResidual(
            **told(standing.standing_at_visit(session, visit_id, actor(), clock()), container_id),
            place="visit",
            amount_ug=amount_ug,
            method=way_of_wasting(),
            visit_id=visit_id,
            proof=signed.own,
            witness=signed.other,
        )
        return service.waste_residual(session, command, actor(), clock())

    return answered(deed)


def way_of_wasting() -> WasteMethod:
    """Read how a residual was destroyed."""
    try:
        return WasteMethod(request.form.get("method", ""))
    except ValueError:
        raise refuse(Invalid, "method_missing", "Say how it was destroyed.", field="method") from None


@pages.route("/today/vials/<uuid:container_id>/return", methods=["POST"])
@limiter.limit(login_limit, key_func=who_tries)
@policy(NURSE)
def return_vial(container_id: UUID) -> Response:
    """Bring a sealed vial back; the pharmacist signs for it."""

    def deed() -> Receipt:
        session, event_id, pharmacy_id = current_session(), id_from_form(), id_from_form("pharmacy_id")
        signed = signatures(request.form, event_id, "pharmacist")
        command = ReturnUnopened(
            **told(standing.standing_at_pharmacy(session, pharmacy_id, actor(), clock()), container_id),
            place="pharmacy",
            pharmacy_id=pharmacy_id,
            seal=request.form.get("seal", "").strip(),
            proof=signed.own,
            witness=signed.other,
        )
        return service.return_unopened(session, command, actor(), clock())

    return answered(deed)


@pages.route("/today/vials/<uuid:container_id>/report", methods=["POST"])
@policy(NURSE)
def report_vial(container_id: UUID) -> Response:
    """Report a vial broken, lost, stolen or with a wrong seal; never refused."""

    def deed() -> Receipt:
        session = current_session()
        kind = request.form.get("kind", "")
        if kind not in {each.value for each in EventKind}:
            raise refuse(Invalid, "kind_missing", "Say what happened to the vial.", field="kind")
        now = standing.standing_in_area(session, actor(), clock())
        command = ReportException(**told(now, container_id), kind=EventKind(kind))
        return service.report_exception(session, command, actor(), clock())

    return answered(deed)


@pages.route("/today/shift/close", methods=["POST"])
@policy(NURSE)
def close_shift() -> Response:
    """Close the custody shift by a blind count, or show every vial that is not accounted for.

    The figure is kept before anything is shown. One that differs asks for a second; the form then carries
    the same round.
    """

    def deed() -> None:
        session, who, now = current_session(), actor(), clock()
        if not request.form.get("counted_units", "").strip():
            closing.close_shift(session, who, now)
            return
        round_id = id_from_form("round_id")
        result = service.count_own(session, id_from_form(), round_id, units_from_form(), who, now)
        if not result.finished:
            raise refuse(
                Conflict, "count_again", "That is not what is on record.", field="counted_units",
                way_out="Count once more, without looking anything up.",
            )  # fmt: skip
        closing.close_shift(session, who, now, round_id)

    return answered(deed)

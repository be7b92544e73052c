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
from api.pages.nurse.signing import login_limit, signatures, who_tries
from api.pages.nurse.today import show
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
from dispatch.kernel.quantities import ug_from_mg
from dispatch.kernel.refusals import Conflict, Invalid, Reasons, Refusal, refuse
from dispatch.visits import queries as visits
from dispatch.visits import standing

NURSE = roles(Role.NURSE)
MOST_ROWS = 20


def _answer(deed: Callable[[], Receipt | tuple[Receipt, ...] | None]) -> Response:
    """Run a deed and lead back to the screen, or show at its top everything that speaks against it."""
    try:
        done = deed()
    except Refusal as refusal:
        if refusal.status == 404:
            raise
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


def _event_id(name: str = "event_id") -> UUID:
    try:
        return UUID(request.form.get(name, ""))
    except ValueError:
        raise refuse(
            Invalid, "field_not_valid", "The form has lost its id. Load the page again.", field=name
        ) from None


def _amount_ug() -> int:
    try:
        return ug_from_mg(request.form.get("amount_mg", "").strip())
    except ValueError as error:
        raise refuse(Invalid, "amount_not_valid", f"Amount: {error}.", field="amount_mg") from None


def _visit_id() -> UUID:
    return _event_id("visit_id")


def _said(standing_now: Standing, container_id: UUID) -> dict[str, Any]:
    """What every deed on one vial says."""
    return {
        "event_id": _event_id(),
        "container_id": container_id,
        "standing": standing_now,
        "reason": request.form.get("reason", "").strip()[:500],
    }


def _override() -> Override | None:
    why, who = (
        request.form.get(name, "").strip()[:500] for name in ("override_reason", "override_authority")
    )
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
        session, pickup_id, pharmacy_id = current_session(), _event_id(), _event_id("pharmacy_id")
        listed = _listed()
        counted = request.form.get("counted_units", "")
        if not (counted.isascii() and counted.isdigit()):
            raise refuse(Invalid, "count_missing", "Count the vials you take.", field="counted_units")
        signed = signatures(request.form, pickup_id, "pharmacist")
        command = PickUp(
            pickup_id=pickup_id,
            pharmacy_id=pharmacy_id,
            vials=listed,
            counted_units=int(counted[:6]),
            standing=standing.standing_at_pharmacy(session, pharmacy_id, actor(), clock()),
            proof=signed.own,
            witness=signed.other,
        )
        return service.pick_up(session, command, actor(), clock())

    return _answer(deed)


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
        rows.append(ListedVial(event_id=_event_id(f"event_{row}"), container_id=vial.container_id, seal=seal))
    wrong.raise_if_any(Invalid)
    return tuple(rows)


@pages.route("/today/vials/<uuid:container_id>/open", methods=["POST"])
@policy(NURSE)
def open_vial(container_id: UUID) -> Response:
    """Compare the seal and break it, for one visit."""

    def deed() -> Receipt:
        session, visit_id = current_session(), _visit_id()
        command = OpenContainer(
            **_said(standing.standing_at_visit(session, visit_id, actor(), clock()), container_id),
            place="visit",
            seal=request.form.get("seal", "").strip(),
            visit_id=visit_id,
            override=_override(),
        )
        return service.open_container(session, command, actor(), clock())

    return _answer(deed)


@pages.route("/today/vials/<uuid:container_id>/draw", methods=["POST"])
@policy(NURSE)
def draw_up(container_id: UUID) -> Response:
    """Draw up for a visit, within its order."""

    def deed() -> Receipt:
        session, visit_id = current_session(), _visit_id()
        visit = visits.own_visit(session, visit_id, actor())
        command = Draw(
            **_said(standing.standing_at_visit(session, visit_id, actor(), clock()), container_id),
            place="visit",
            visit_id=visit_id,
            amount_ug=_amount_ug(),
            order_ceiling_ug=visit.dose_ug or 0,
            override=_override(),
        )
        return service.draw(session, command, actor(), clock())

    return _answer(deed)


@pages.route("/today/vials/<uuid:container_id>/give", methods=["POST"])
@policy(NURSE)
def give(container_id: UUID) -> Response:
    """Record what the patient was given."""

    def deed() -> Receipt:
        session, visit_id = current_session(), _visit_id()
        command = Administer(
            **_said(standing.standing_at_visit(session, visit_id, actor(), clock()), container_id),
            place="visit",
            visit_id=visit_id,
            amount_ug=_amount_ug(),
        )
        return service.administer(session, command, actor(), clock())

    return _answer(deed)


@pages.route("/today/vials/<uuid:container_id>/waste", methods=["POST"])
@limiter.limit(login_limit, key_func=who_tries)
@policy(NURSE)
def waste(container_id: UUID) -> Response:
    """Destroy what is left before a witness, who types an own secret."""

    def deed() -> Receipt:
        session, visit_id = current_session(), _visit_id()
        amount_ug, event_id = _amount_ug(), _event_id()
        signed = signatures(request.form, event_id, "witness")
        command = WasteResidual(
            **_said(standing.standing_at_visit(session, visit_id, actor(), clock()), container_id),
            place="visit",
            amount_ug=amount_ug,
            method=_method(),
            visit_id=visit_id,
            proof=signed.own,
            witness=signed.other,
        )
        return service.waste_residual(session, command, actor(), clock())

    return _answer(deed)


def _method() -> WasteMethod:
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
        session, event_id, pharmacy_id = current_session(), _event_id(), _event_id("pharmacy_id")
        signed = signatures(request.form, event_id, "pharmacist")
        command = ReturnUnopened(
            **_said(standing.standing_at_pharmacy(session, pharmacy_id, actor(), clock()), container_id),
            place="pharmacy",
            pharmacy_id=pharmacy_id,
            seal=request.form.get("seal", "").strip(),
            proof=signed.own,
            witness=signed.other,
        )
        return service.return_unopened(session, command, actor(), clock())

    return _answer(deed)


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
        command = ReportException(**_said(now, container_id), kind=EventKind(kind))
        return service.report_exception(session, command, actor(), clock())

    return _answer(deed)


@pages.route("/today/shift/close", methods=["POST"])
@policy(NURSE)
def close_shift() -> Response:
    """Close the custody shift, or show every vial that is not accounted for."""

    def deed() -> None:
        service.close_shift(current_session(), actor(), clock())

    return _answer(deed)

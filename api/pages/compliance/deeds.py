"""What compliance and a pharmacist do to one vial: reconcile, correct, set aside, restock, destroy, report.

Each form is one event with the id it was rendered with, so that pressing twice is one event. Whoever acts
types an own secret in place, and so does whoever signs as the second.
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
from api.pages.compliance.vial import show_vial
from api.pages.reading import amount_from_form, id_from_form, text_from_form
from api.pages.signing import login_limit, signature, signatures, who_tries
from dispatch.custody import service
from dispatch.custody.commands import Correct, Reconcile, ReportException, Reverse
from dispatch.custody.model import EventKind, Receipt, Standing, Verdict, WasteMethod
from dispatch.custody.sentences import reasons as sentences
from dispatch.custody.stock import service as stock
from dispatch.custody.stock.commands import Destroy, Restock, SetAside
from dispatch.kernel.actor import Role
from dispatch.kernel.refusals import Conflict, Invalid, Refusal, refuse

KEEPERS = roles(Role.COMPLIANCE, Role.PHARMACIST)
# An office worker stands in no visit's state and on no nurse's shift; neither is judged for these deeds.
IN_THE_OFFICE = Standing(licensed=True, on_shift=True, snapshot={"at": "office"})


def _answer(container_id: UUID, deed: Callable[[], Receipt | tuple[Receipt, ...]]) -> Response:
    """Run a deed and lead to its event, or show everything that speaks against it."""
    try:
        done = deed()
    except Refusal as refusal:
        if refusal.status == 404:
            raise
        return show_vial(container_id, refusal=refusal)
    receipts = done if isinstance(done, tuple) else (done,)
    odd = [each for each in receipts if each.verdict in {Verdict.CLAIM, Verdict.ID_REUSED}]
    if odd:
        keep_although_refused()
        said = [reason for each in odd for reason in sentences(each.reasons)]
        return show_vial(container_id, refusal=Conflict(said))
    sequence = receipts[-1].sequence
    return redirect(
        url_for("pages.custody_vial", container_id=container_id, _anchor=f"event-{sequence}"), 303
    )


def _said(container_id: UUID) -> dict[str, Any]:
    return {
        "event_id": id_from_form(),
        "container_id": container_id,
        "standing": IN_THE_OFFICE,
        "place": "office",
        "reason": text_from_form("reason"),
    }


@pages.route("/custody/vials/<uuid:container_id>/reconcile", methods=["POST"])
@limiter.limit(login_limit, key_func=who_tries)
@policy(roles(Role.COMPLIANCE))
def reconcile_vial(container_id: UUID) -> Response:
    """Compliance has checked a finished vial and signs."""

    def deed() -> Receipt:
        said = _said(container_id)
        command = Reconcile(**said, proof=signature(request.form, said["event_id"]).own)
        return service.reconcile(current_session(), command, actor(), clock())

    return _answer(container_id, deed)


@pages.route("/custody/vials/<uuid:container_id>/correct", methods=["POST"])
@limiter.limit(login_limit, key_func=who_tries)
@policy(KEEPERS)
def correct_entry(container_id: UUID) -> Response:
    """Take an entry back, or enter it anew with another amount; two approvers sign."""

    def deed() -> Receipt | tuple[Receipt, ...]:
        said = _said(container_id) | {"reverses": id_from_form("reverses")}
        anew = bool(text_from_form("amount_mg"))
        amount_ug = amount_from_form() if anew else 0
        corrected_event_id = id_from_form("corrected_event_id") if anew else None
        signed = signatures(request.form, said["event_id"], "second approver")
        said |= {"proof": signed.own, "witness": signed.other}
        session = current_session()
        if corrected_event_id is None:
            return service.reverse(session, Reverse(**said), actor(), clock())
        command = Correct(**said, corrected_event_id=corrected_event_id, amount_ug=amount_ug)
        return service.correct(session, command, actor(), clock())

    return _answer(container_id, deed)


@pages.route("/custody/vials/<uuid:container_id>/set-aside", methods=["POST"])
@limiter.limit(login_limit, key_func=who_tries)
@policy(KEEPERS)
def set_vial_aside(container_id: UUID) -> Response:
    """Take a vial at a stock point out of use."""

    def deed() -> Receipt:
        said = _said(container_id)
        kind = _one_of((EventKind.QUARANTINED, EventKind.EXPIRED), "kind", "Say why it is set aside.")
        command = SetAside(**said, kind=EventKind(kind), proof=signature(request.form, said["event_id"]).own)
        return stock.set_aside(current_session(), command, actor(), clock())

    return _answer(container_id, deed)


@pages.route("/custody/vials/<uuid:container_id>/restock", methods=["POST"])
@limiter.limit(login_limit, key_func=who_tries)
@policy(roles(Role.PHARMACIST))
def restock_vial(container_id: UUID) -> Response:
    """Put a returned vial back on the shelf, its seal read."""

    def deed() -> Receipt:
        said = _said(container_id)
        proof = signature(request.form, said["event_id"]).own
        command = Restock(**said, seal=text_from_form("seal", 100), proof=proof)
        return stock.restock(current_session(), command, actor(), clock())

    return _answer(container_id, deed)


@pages.route("/custody/vials/<uuid:container_id>/destroy", methods=["POST"])
@limiter.limit(login_limit, key_func=who_tries)
@policy(KEEPERS)
def destroy_vial(container_id: UUID) -> Response:
    """Destroy what was put aside before a second person."""

    def deed() -> Receipt:
        said = _said(container_id)
        method = _one_of(tuple(WasteMethod), "method", "Say how it was destroyed.")
        signed = signatures(request.form, said["event_id"], "witness")
        command = Destroy(**said, method=WasteMethod(method), proof=signed.own, witness=signed.other)
        return stock.destroy(current_session(), command, actor(), clock())

    return _answer(container_id, deed)


@pages.route("/custody/vials/<uuid:container_id>/report", methods=["POST"])
@policy(KEEPERS)
def report_vial_here(container_id: UUID) -> Response:
    """Report a vial broken, lost, stolen or with a wrong seal; never refused."""

    def deed() -> Receipt:
        said = _said(container_id)
        kind = _one_of(
            (EventKind.BROKEN, EventKind.LOST, EventKind.STOLEN, EventKind.SEAL_MISMATCH),
            "kind",
            "Say what happened to the vial.",
        )
        command = ReportException(**said, kind=EventKind(kind))
        return service.report_exception(current_session(), command, actor(), clock())

    return _answer(container_id, deed)


def _one_of(known: tuple[EventKind, ...] | tuple[WasteMethod, ...], name: str, text: str) -> str:
    chosen = request.form.get(name, "")
    if chosen not in {each.value for each in known}:
        raise refuse(Invalid, f"{name}_missing", text, field=name)
    return chosen

"""What a prescriber does on a case: record, review, sign overrides, decide, hold and release.

Whatever is signed wants the prescriber's own password in place; no secret is kept or shown again.
"""

from collections.abc import Callable
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from api.accounts import limiter
from api.actor import actor, clock, policy, roles
from api.db import current_session
from api.pages import pages
from api.pages.prescriber import reading
from api.pages.prescriber.case import case_page
from api.pages.reading import id_from_form
from api.pages.signing import login_limit, signature, who_tries
from dispatch.areas.service import area_by_id, zone_of
from dispatch.clearance import commands, service
from dispatch.clearance.model import ConsultationStatus, Decision, HoldCause, Mode, PdmpResult
from dispatch.clearance.queries import case_file
from dispatch.identity.model import ProofOfIdentity
from dispatch.intake.queries import case_view
from dispatch.kernel.actor import Role
from dispatch.kernel.refusals import Refusal

PRESCRIBERS = roles(Role.PRESCRIBER)
NOT_ITS_OWN = (404,)


def answer_on_case(case_id: UUID, anchor: str, deed: Callable[[], object]) -> Response:
    """Run a deed and lead back to the case, or show everything that speaks against it."""
    try:
        deed()
    except Refusal as refusal:
        if refusal.status in NOT_ITS_OWN:
            raise
        current_session().rollback()
        return case_page(case_id, refusal)
    return redirect(url_for("pages.clearance_case", case_id=case_id, _anchor=anchor), 303)


def _proof() -> ProofOfIdentity:
    return signature(request.form, id_from_form()).own


def zone_of_case(case_id: UUID) -> ZoneInfo:
    """Return the clocks by which a case is read."""
    return zone_of(area_by_id(current_session(), case_view(current_session(), case_id).area_id))


@pages.route("/clearance/cases/<uuid:case_id>/decision", methods=["POST"])
@limiter.limit(login_limit, key_func=who_tries)
@policy(PRESCRIBERS)
def decide_case(case_id: UUID) -> Response:
    """Decide on a case."""

    def deed() -> object:
        word = request.form.get("decision", "")
        if word not in set(Decision):
            raise reading.not_valid("decision", "Choose a decision.")
        command = commands.Decide(
            case_id=case_id,
            decision=Decision(word),
            reason=reading.words("reason"),
            acknowledged=frozenset(request.form.getlist("acknowledged")),
            target=reading.words("target"),
            recheck_on=reading.day_or_none("recheck_on"),
            proof=_proof(),
        )
        return service.decide(current_session(), command, actor(), clock())

    return answer_on_case(case_id, "decide", deed)


@pages.route("/clearance/cases/<uuid:case_id>/overrides", methods=["POST"])
@limiter.limit(login_limit, key_func=who_tries)
@policy(PRESCRIBERS)
def sign_clearance_override(case_id: UUID) -> Response:
    """Set a rule aside for a time, signed."""

    def deed() -> object:
        command = commands.SignOverride(
            case_id=case_id,
            rule=request.form.get("rule", "")[:60],
            reason=reading.words("reason"),
            monitoring=reading.words("monitoring"),
            expires_at=reading.end_of_day("expires_on", zone_of_case(case_id)),
            proof=_proof(),
        )
        return service.sign_override(current_session(), command, actor(), clock())

    return answer_on_case(case_id, "overrides", deed)


@pages.route("/clearance/cases/<uuid:case_id>/medications", methods=["POST"])
@limiter.limit(login_limit, key_func=who_tries)
@policy(PRESCRIBERS)
def review_medications(case_id: UUID) -> Response:
    """Review the medication list as it was shown."""

    def deed() -> object:
        named = [name for name in request.form if name.startswith("class.")]
        doses = {
            reading.entry_of(name): reading.amount_or_none(name)
            for name in request.form if name.startswith("dose.")
        }  # fmt: skip
        command = commands.ReviewMedications(
            case_id=case_id,
            digest=request.form.get("digest", "")[:100],
            classes={
                reading.entry_of(name): frozenset({request.form[name]} - {"none"})
                for name in named if request.form[name]
            },
            mg_per_day={entry: amount for entry, amount in doses.items() if amount is not None},
            plan=reading.words("plan"),
            proof=_proof(),
        )  # fmt: skip
        return service.review_medications(current_session(), command, actor(), clock())

    return answer_on_case(case_id, "medications", deed)


@pages.route("/clearance/cases/<uuid:case_id>/consultations", methods=["POST"])
@policy(PRESCRIBERS)
def book_clearance_consultation(case_id: UUID) -> Response:
    """Book a consultation with oneself."""

    def deed() -> object:
        account_id, begins_at = actor().account_id, reading.moment("begins_at", zone_of_case(case_id))
        mode = request.form.get("mode", "")
        if begins_at is None or mode not in set(Mode) or account_id is None:
            raise reading.not_valid("begins_at", "Give the moment, and how it is held.")
        command = commands.BookConsultation(
            case_id=case_id,
            prescriber_id=account_id,
            mode=Mode(mode),
            begins_at=begins_at,
            minutes=reading.number("minutes"),
        )
        return service.book_consultation(current_session(), command, actor(), clock())

    return answer_on_case(case_id, "consultation", deed)


@pages.route("/clearance/cases/<uuid:case_id>/consultations/<uuid:consultation_id>", methods=["POST"])
@policy(PRESCRIBERS)
def record_consultation(case_id: UUID, consultation_id: UUID) -> Response:
    """Record what was found in a consultation, or that it did not take place."""

    def deed() -> object:
        session = current_session()
        if request.form.get("do") == "no_show":
            ended = ConsultationStatus.NO_SHOW
            return service.end_consultation(session, consultation_id, ended, actor(), clock())
        result = request.form.get("pdmp_result", "")
        command = commands.RecordConsultation(
            consultation_id=consultation_id,
            answers=reading.answers(),
            audit_c=tuple(reading.number(f"audit_c_{n}", most=4) for n in (1, 2, 3)),
            pdmp_checked_at=reading.moment("pdmp_checked_at", zone_of_case(case_id)),
            pdmp_result=PdmpResult(result) if result in set(PdmpResult) else None,
            note=reading.words("note"),
        )
        return service.record_consultation(session, command, actor(), clock())

    return answer_on_case(case_id, "consultation", deed)


@pages.route("/clearance/cases/<uuid:case_id>/evaluations", methods=["POST"])
@policy(PRESCRIBERS)
def record_evaluation(case_id: UUID) -> Response:
    """Document an evaluation in person."""

    def deed() -> object:
        evaluated_at = reading.moment("evaluated_at", zone_of_case(case_id))
        if evaluated_at is None:
            raise reading.not_valid("evaluated_at", "Say when you evaluated the patient in person.")
        command = commands.RecordEvaluation(
            case_id=case_id,
            evaluated_at=evaluated_at,
            asa_class=reading.number("asa_class", most=6),
            weight_g=reading.grams("weight_kg"),
            risk_points=reading.number_or_none("risk_points"),
            note=reading.words("note"),
        )
        return service.record_evaluation(current_session(), command, actor(), clock())

    return answer_on_case(case_id, "evaluation", deed)


@pages.route("/clearance/cases/<uuid:case_id>/hold", methods=["POST"])
@policy(PRESCRIBERS)
def hold_treatment(case_id: UUID) -> Response:
    """Let treatment rest."""

    def deed() -> object:
        command = commands.Hold(case_id=case_id, cause=HoldCause.REQUESTED, reason=reading.words("reason"))
        return service.hold(current_session(), command, actor(), clock())

    return answer_on_case(case_id, "hold", deed)


@pages.route("/clearance/cases/<uuid:case_id>/release", methods=["POST"])
@limiter.limit(login_limit, key_func=who_tries)
@policy(PRESCRIBERS)
def release_treatment(case_id: UUID) -> Response:
    """Release the hold, signed."""

    def deed() -> object:
        held = case_file(current_session(), case_id, clock().now()).hold
        if held is None:
            raise reading.not_valid("hold_id", "There is no hold on this case.")
        command = commands.Release(hold_id=held.id, reason=reading.words("reason"), proof=_proof())
        return service.release_hold(current_session(), command, actor(), clock())

    return answer_on_case(case_id, "hold", deed)

"""What others hold against a start: clearance, order, series, fasting, suicidality, who is on call."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.orm import Session

from dispatch.appointments.care.model import FastingReport
from dispatch.appointments.care.rules.fasting import fasting_requirements
from dispatch.appointments.care.service.gate import care_path_required
from dispatch.appointments.records import AppointmentRow
from dispatch.areas.service import policies
from dispatch.clearance.model import Subject, TaskKind
from dispatch.clearance.queries import clearance_of, medication_review_valid, open_tasks
from dispatch.kernel.refusals import Reason
from dispatch.series.queries import infusion_blocks, infusion_of, order_in_force
from dispatch.visits.bedside.model import Chart, Class, Section, Unmet
from dispatch.visits.bedside.rules.checklist import blank
from dispatch.visits.bedside.rules.gates import Ordered
from dispatch.visits.safety.service import reachability

KEYS = ("visit.checklist", "visit.fasting")
NO_ORDER = Reason(
    code="no_order_in_force",
    text="No signed order is in force for this patient.",
    field="papers.order",
    way_out="A prescriber signs one.",
)
NO_REVIEW = Reason(
    code="medication_review_missing",
    text="The medication list was not reviewed as it is now.",
    field="papers.medications",
    way_out="A prescriber reviews it.",
)
RISK_OPEN = Reason(
    code="suicidality_high",
    text="The C-SSRS is high: no infusion until a prescriber has spoken with the patient and signed.",
    field="mood.cssrs",
    way_out="Call the prescriber now. The patient can call or text 988; in danger call 911.",
)


def against_start(session: Session, row: AppointmentRow, chart: Chart, at: datetime) -> list[Unmet]:
    """Return what the other chapters hold against a start at `at`."""
    law = policies(session, KEYS, row.area_id, row.patient.state)
    found: list[Unmet] = []
    if care_path_required(session, row.area_id, row.service, row.patient):
        found += _papers(session, row, at)
    if report := fasting_report(chart):
        found += [
            Unmet(
                reason=Reason(
                    code=each.reason.code,
                    text=each.reason.text,
                    field="today.last_solid",
                    way_out=each.reason.way_out,
                ),
                kind=Class(each.rule_class.value),
                step=6,
            )
            for each in fasting_requirements(report, at, law["visit.fasting"])
        ]
    waiting = open_tasks(session, Subject(patient_id=row.patient_id))
    if any(task.kind is TaskKind.SUICIDALITY_HIGH for task in waiting):
        found.append(Unmet(reason=RISK_OPEN, kind=Class.BLOCK, step=7))
    if law["visit.checklist"]["prescriber_reachable"]:
        found += _as_unmet(9, Class.REQUIRED, reachability(session, row.id, at))
    return found


def _papers(session: Session, row: AppointmentRow, at: datetime) -> list[Unmet]:
    clearance = clearance_of(session, row.patient_id, at)
    found = [] if clearance.cleared else _as_unmet(5, Class.BLOCK, clearance.unmet or (_not_cleared(),))
    if not medication_review_valid(session, row.patient_id, at):
        found.append(Unmet(reason=NO_REVIEW, kind=Class.BLOCK, step=5))
    if order_in_force(session, row.patient_id, at) is None:
        found.append(Unmet(reason=NO_ORDER, kind=Class.BLOCK, step=5))
    infusion = infusion_of(session, row.id)
    if infusion is not None:
        found += _as_unmet(5, Class.BLOCK, infusion_blocks(session, row.patient_id, infusion.number, at))
    return found


def _not_cleared() -> Reason:
    text = "The patient is not cleared."
    return Reason(code="not_cleared", text=text, field="papers.clearance", way_out="A prescriber decides.")


def ordered(session: Session, row: AppointmentRow, at: datetime) -> Ordered | None:
    """Return the order in force for a visit, None where none is needed or none is there."""
    if not care_path_required(session, row.area_id, row.service, row.patient):
        return None
    order = order_in_force(session, row.patient_id, at)
    terms = order.terms if order else None
    if order is None or terms is None or terms.weight_kg is None:
        return None
    rate = order.dose.rate_ml_h
    return Ordered(
        drawn_ug=order.dose.drawn_ug,
        weight_kg=terms.weight_kg,
        rate_ml_h=rate,
        rate_low_ml_h=rate if terms.rate_low_ml_h is None else terms.rate_low_ml_h,
        rate_high_ml_h=rate if terms.rate_high_ml_h is None else terms.rate_high_ml_h,
        reference=order.reference,
    )


def fasting_report(chart: Chart) -> FastingReport | None:
    """Return what the patient said of food and drink, None while it is not answered (which blocks itself)."""
    answers = chart.answers(Section.TODAY)
    solid, clear, fatty = (answers.get(name) for name in ("last_solid", "last_clear", "fatty"))
    if blank(solid) or blank(clear):
        return None
    ate_at, drank_at = datetime.fromisoformat(str(solid)), datetime.fromisoformat(str(clear))
    return FastingReport(
        last_solids_at=ate_at, last_clear_at=drank_at, last_fatty_at=ate_at if fatty == "yes" else None
    )


def _as_unmet(step: int, kind: Class, reasons: Iterable[Reason]) -> list[Unmet]:
    return [Unmet(reason=reason, kind=kind, step=step) for reason in reasons]

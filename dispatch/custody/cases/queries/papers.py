"""Documents of a case: what was attached, and DEA's forms filled in as far as the ledger knows."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.areas.service import policies
from dispatch.custody.cases.loading import Place, case_of, place_of, reported_before
from dispatch.custody.cases.model import Case, Step
from dispatch.custody.cases.records import CaseAttachmentRow
from dispatch.custody.cases.rules.form_fields import FORMS
from dispatch.custody.cases.rules.forms import (
    FormItem,
    FormSource,
    Known,
    Sheet,
    Trace,
    ndc_of,
    sheet_of,
)
from dispatch.custody.cases.rules.wording import short_mg
from dispatch.custody.cases.sentences import reason
from dispatch.custody.model import Posting, State, account_kind
from dispatch.custody.queries.history import EventLine, vial_history
from dispatch.custody.records import ContainerRow, CountRow, ProductRow
from dispatch.kernel.local_time import local_day
from dispatch.kernel.refusals import Conflict, NotFound

# What may be destroyed as inventory; drug that is lost, used up or wasted may not.
DESTROYABLE = frozenset(
    (
        State.DISPENSED, State.RETURNED, State.QUARANTINE, State.RECALLED, State.EXPIRED, State.BROKEN,
        State.SEAL_MISMATCH, State.DESTROYED,
    )
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class AttachmentLine:
    """A document of a case; its content is read apart."""

    attachment_id: UUID
    name: str
    media_type: str
    size_bytes: int
    sha256: str


def attachments(session: Session, case_id: UUID) -> tuple[AttachmentLine, ...]:
    """Return a case's documents, oldest first."""
    columns = (CaseAttachmentRow.id, CaseAttachmentRow.case_id)
    rows = session.scalars(
        select(CaseAttachmentRow).where(CaseAttachmentRow.case_id == case_id).order_by(*columns[:1])
    )
    return tuple(_line(row) for row in rows)


def attachment(session: Session, case_id: UUID, attachment_id: UUID) -> tuple[AttachmentLine, bytes]:
    """Return a document of a case with its content, or refuse with `NotFound`."""
    row = session.get(CaseAttachmentRow, attachment_id)
    if row is None or row.case_id != case_of(session, case_id).case_id:
        raise NotFound([reason("no_such_attachment")])
    return _line(row), row.content


def _line(row: CaseAttachmentRow) -> AttachmentLine:
    return AttachmentLine(
        attachment_id=row.id,
        name=row.name,
        media_type=row.media_type,
        size_bytes=row.size_bytes,
        sha256=row.sha256.hex(),
    )


def form_sheet(session: Session, case_id: UUID, form: str) -> Sheet:
    """Return a form of a case, filled in as far as the ledger, the policy and its steps know.

    Raises
    ------
    NotFound
        ``no_such_case``, ``no_such_form``.
    Conflict
        ``residual_is_no_inventory``, ``no_inventory_here`` for Form 41.
    """
    if form not in FORMS:
        raise NotFound([reason("no_such_form", "form")])
    case = case_of(session, case_id)
    place = place_of(session, case.opening)
    registrant = policies(session, ("custody.registrant",), case.opening.area_id, state=place.state or None)
    read = _source_106 if form == "106" else _source_41
    known, items = read(session, case, place)
    source = FormSource(
        items=items,
        registrant={key: str(value) for key, value in registrant["custody.registrant"].items()},
        known=_of_place(place) | known,
        entered=entered(case, form),
    )
    return sheet_of(form, source)


def entered(case: Case, form: str) -> dict[str, Step]:
    """Return what was entered into a form, by the field's key; the newest step counts."""
    return {
        code.partition(":")[2]: step for code, step in case.fields.items() if code.partition(":")[0] == form
    }


def _of_place(place: Place) -> dict[str, Known]:
    if place.pharmacy is None:
        return {}
    at = place.pharmacy
    trace = Trace(says=f"stock point {at.code}")
    return {"registrant_address": Known(value=f"{at.name}\n{at.address}\n{at.state}", traces=(trace,))}


def _source_106(session: Session, case: Case, place: Place) -> tuple[dict[str, Known], tuple[FormItem, ...]]:
    found_on = local_day(case.opening.discovered_at, place.zone)
    before = reported_before(session, case)
    traces = tuple(
        Trace(
            says=f"case of {local_day(each.opening.discovered_at, place.zone)}", case_id=each.opening.case_id
        )
        for each in before
    )
    opened = Trace(
        says="the case's opening", event_id=case.opening.event_id, container_id=case.opening.container_id
    )
    known = {
        "date_of_loss": Known(value=found_on.isoformat(), traces=(opened,)),
        "losses_24_months": Known(
            value=str(len(before)), traces=traces or (Trace(says="no case classified as theft or loss"),)
        ),
    }
    return known, _missing_drug(session, case)


def _missing_drug(session: Session, case: Case) -> tuple[FormItem, ...]:
    """Return what is gone: posted as lost, else the first signal's gap, else the units that were short."""
    opening = case.opening
    if opening.container_id is not None:
        container = session.get_one(ContainerRow, opening.container_id)
        history = vial_history(session, opening.container_id)
        lost = [event for event in history if _entered(event.postings, "lost")]
        amount_ug = sum(_entered(event.postings, "lost") for event in lost)
        if not amount_ug and opening.expected_ug is not None and opening.found_ug is not None:
            amount_ug = abs(opening.expected_ug - opening.found_ug)
            lost = [event for event in history if event.event_id == opening.event_id]
        if not amount_ug:
            return ()
        traces = tuple(_trace(event) for event in lost)
        return (_item(container.lot.product, container.lot.number, amount_ug, container.label_ug, traces),)
    count = session.get(CountRow, opening.count_id) if opening.count_id else None
    product = session.get(ProductRow, count.product_id) if count and count.product_id else None
    if count is None or product is None or count.counted_units >= count.expected_units:
        return ()
    short = count.expected_units - count.counted_units
    trace = Trace(says=f"blind count: {count.counted_units} of {count.expected_units} units")
    return (_item(product, "", short * product.label_ug, product.label_ug, (trace,)),)


def _source_41(session: Session, case: Case, place: Place) -> tuple[dict[str, Known], tuple[FormItem, ...]]:
    if case.opening.container_id is None:
        raise Conflict([reason("no_inventory_here")])
    container = session.get_one(ContainerRow, case.opening.container_id)
    history = vial_history(session, container.id)
    if any(_entered(event.postings, "patient") for event in history):
        raise Conflict([reason("residual_is_no_inventory", serial=container.serial)])
    if State(container.state) not in DESTROYABLE:
        raise Conflict([reason("no_inventory_here")])
    done = [event for event in history if event.kind.value == "destroyed" and event.applied]
    amount_ug = container.label_ug
    traces = tuple(_trace(event) for event in (done or history[-1:]))
    item = _item(container.lot.product, container.lot.number, amount_ug, container.label_ug, traces)
    return (_destroyed(done[-1], place) if done else {}), (item,)


def _destroyed(event: EventLine, place: Place) -> dict[str, Known]:
    traces = (_trace(event),)
    told = {
        "destroyed_on": local_day(event.at, place.zone).isoformat(),
        "method": event.method.replace("_", " "),
        "witness_1": event.actor,
        "witness_2": event.witness,
    }
    return {key: Known(value=value, traces=traces) for key, value in told.items() if value}


def _entered(postings: Sequence[Posting], kind: str) -> int:
    return sum(each.amount_ug for each in postings if account_kind(each.account) == kind)


def _trace(event: EventLine) -> Trace:
    return Trace(
        says=f"event {event.sequence} of vial {event.serial}",
        event_id=event.event_id,
        container_id=event.container_id,
    )


def _item(
    product: ProductRow, lot: str, amount_ug: int, package_ug: int, traces: tuple[Trace, ...]
) -> FormItem:
    full, rest = divmod(amount_ug, package_ug)
    per_ml = short_mg(product.concentration_ug_per_ml)
    package_ml = f"{product.label_ug / product.concentration_ug_per_ml:g}"
    return FormItem(
        product=product.name,
        product_code=product.code,
        ndc=ndc_of(product.gtin or ""),
        lot=lot,
        strength=f"{per_ml} mg/mL, {short_mg(product.label_ug)} mg in {package_ml} mL",
        dosage_form=product.form,
        full_packages=full,
        partial_packages=1 if rest else 0,
        amount_ug=amount_ug,
        traces=traces,
    )

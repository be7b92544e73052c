"""From rows to values: series, infusions, orders, and the policies that judge them."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from dispatch.areas.service import policies
from dispatch.kernel.refusals import NotFound, refuse
from dispatch.series.model import (
    Dose,
    Infusion,
    InfusionId,
    InfusionState,
    Order,
    OrderId,
    OrderVersion,
    Phase,
    Series,
    SeriesId,
)
from dispatch.series.records import ConsentRow, InfusionRow, OrderVersionRow, SeriesRow
from dispatch.series.rules.dosing import dose_of
from dispatch.series.rules.terms_text import read_sealed
from dispatch.series.states import ENDS, SeriesState

KEYS = (
    "series.dose_caps", "series.weight", "series.minutes", "series.order", "series.spacing",
    "series.response", "series.maintenance", "series.off_label_consent", "series.templates", "series.horizon",
    "identity.fresh_minutes",
)  # fmt: skip
JUDGES = ("series.dose_caps", "series.weight", "series.minutes", "series.order")


def series_policy(session: Session, row: SeriesRow) -> dict[str, Mapping[str, Any]]:
    """Return the policies in force for a series, by its area and state."""
    return policies(session, KEYS, row.area_id, row.state_code)


def series_row(session: Session, series_id: UUID, *, locked: bool = False) -> SeriesRow:
    """Return a series' row, or refuse with `NotFound`."""
    row = session.get(SeriesRow, series_id, with_for_update=locked or None)
    if row is None:
        raise refuse(NotFound, "no_such_series", "There is no such series.", field="series")
    return row


def open_series_row(session: Session, patient_id: UUID) -> SeriesRow | None:
    """Return the patient's series that goes on, None when there is none."""
    wanted = (
        select(SeriesRow)
        .where(SeriesRow.patient_id == patient_id, SeriesRow.status.not_in([end.value for end in ENDS]))
        .order_by(SeriesRow.id.desc())
        .limit(1)
    )
    return session.scalar(wanted)


def infusion_row_of(session: Session, appointment_id: UUID) -> InfusionRow | None:
    """Return the infusion that an appointment is."""
    return session.scalar(select(InfusionRow).where(InfusionRow.appointment_id == appointment_id))


def series_value(session: Session, row: SeriesRow) -> Series:
    """Return a series as a value."""
    consented = session.scalar(select(exists().where(ConsentRow.series_id == row.id)))
    return Series(
        series_id=SeriesId(row.id),
        patient_id=row.patient_id,
        area_id=row.area_id,
        state_code=row.state_code,
        template=row.template,
        state=SeriesState(row.status),
        infusions=tuple(infusion_value(each) for each in row.infusions),
        consented=bool(consented),
        reviewed_after=row.reviewed_after,
    )


def infusion_value(row: InfusionRow) -> Infusion:
    """Return an infusion as a value."""
    return Infusion(
        infusion_id=InfusionId(row.id),
        series_id=SeriesId(row.series_id),
        number=row.number,
        phase=Phase(row.phase),
        state=InfusionState(row.status),
        earliest=row.earliest,
        latest=row.latest,
        day=row.day,
        part=row.part,
        nurse_id=row.nurse_id,
        appointment_id=row.appointment_id,
        given_at=row.given_at,
    )


def version_rows(session: Session, series_id: UUID) -> list[OrderVersionRow]:
    """Return all versions of a series' order, the newest first."""
    wanted = select(OrderVersionRow).where(OrderVersionRow.series_id == series_id)
    return list(session.scalars(wanted.order_by(OrderVersionRow.number.desc())))


def newest_version_row(
    session: Session, series_id: UUID, at: datetime | None = None
) -> OrderVersionRow | None:
    """Return the newest version signed by an instant, None before the first."""
    wanted = select(OrderVersionRow).where(OrderVersionRow.series_id == series_id)
    if at is not None:
        wanted = wanted.where(OrderVersionRow.signed_at <= at)
    return session.scalar(wanted.order_by(OrderVersionRow.number.desc()).limit(1))


def version_value(row: OrderVersionRow) -> OrderVersion:
    """Return a signed version; its arithmetic is made anew from its terms."""
    terms, signed_over, acknowledged, external, reason = read_sealed(row.terms)
    return OrderVersion(
        order_id=OrderId(row.order_id),
        version=row.number,
        terms=terms,
        dose=_dose(row),
        signed_by=row.signed_by,
        signed_at=row.signed_at,
        expires_at=row.expires_at,
        signed_over=signed_over,
        acknowledged=acknowledged,
        external=external,
        reason=reason,
        policy=row.policy,
    )


def _dose(row: OrderVersionRow) -> Dose:
    terms = read_sealed(row.terms)[0]
    assert terms.weight_kg is not None
    assert terms.mg_per_kg is not None
    assert terms.concentration_ug_per_ml is not None
    assert terms.final_ml is not None
    assert terms.minutes is not None
    dose = dose_of(
        terms.weight_kg,
        terms.mg_per_kg,
        terms.concentration_ug_per_ml,
        terms.final_ml,
        terms.minutes,
        terms.draw_rounding,
    )
    if dose.drawn_ug != row.drawn_ug:
        raise RuntimeError(f"the amount of order version {row.id} is not what its terms come to")
    return dose


def order_value(series: SeriesRow, row: OrderVersionRow) -> Order:
    """Return the order of a series with a version as the current one."""
    return Order(
        order_id=OrderId(row.order_id),
        series_id=SeriesId(series.id),
        patient_id=series.patient_id,
        area_id=series.area_id,
        state=series.state_code,
        current=version_value(row),
    )


def last_given_mg_per_kg(session: Session, patient_id: UUID) -> Decimal | None:
    """Return the mg/kg under which the patient was last given an infusion, None before the first."""
    wanted = (
        select(OrderVersionRow)
        .join(InfusionRow, InfusionRow.given_under_id == OrderVersionRow.id)
        .join(SeriesRow, SeriesRow.id == InfusionRow.series_id)
        .where(SeriesRow.patient_id == patient_id, InfusionRow.given_at.is_not(None))
        .order_by(InfusionRow.given_at.desc())
        .limit(1)
    )
    row = session.scalar(wanted)
    return read_sealed(row.terms)[0].mg_per_kg if row else None

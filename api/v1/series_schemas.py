"""Forms of series and orders in the JSON API. Decimals are texts ("0.5"), so that none is rounded."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from api.fields import Day, Instant, Line
from dispatch.kernel.plain_text import LONGEST_LINE, LONGEST_NOTE
from dispatch.series.model import Antiemetic, Delivery, DrawRounding, Indication, Response, Route
from dispatch.series.service import PARTS

MOST_DIGITS = 12
LINE = validate.Length(0, LONGEST_LINE)
NOTE = validate.Length(0, LONGEST_NOTE)
WORD = validate.Length(1, 60)


class ExactDecimal(fields.String):
    """A number written in digits with a point, kept exactly."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else str(value)

    def _deserialize(  # type: ignore[override]
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> Decimal:
        text = super()._deserialize(value, attr, data, **kwargs)
        plain = text.isascii() and text.replace(".", "", 1).isdigit() and len(text) <= MOST_DIGITS
        if not plain:
            raise ValidationError('Write a number in plain digits, such as "0.5".')
        try:
            return Decimal(text)
        except InvalidOperation:
            raise ValidationError('Write a number in plain digits, such as "0.5".') from None


def _one_of(kind: Any) -> "fields.Enum[Any]":
    return fields.Enum(kind, by_value=True, load_default=None, allow_none=True)


class SeriesProposalSchema(Schema):
    """A series to be proposed; infusions left out is the template's usual number."""

    patient_id = fields.UUID(required=True)
    template = fields.String(required=True, validate=WORD)
    first_day = Day(required=True)
    infusions = fields.Integer(
        load_default=None, strict=True, allow_none=True, validate=validate.Range(1, 50)
    )


class SeriesInfusionSchema(Schema):
    """One infusion of a series."""

    number = fields.Integer()
    phase = fields.String()
    state = fields.String()
    earliest = fields.Date(allow_none=True)
    latest = fields.Date(allow_none=True)
    day = fields.Date(allow_none=True)
    part = fields.String(allow_none=True)
    nurse_id = fields.UUID(allow_none=True)
    appointment_id = fields.UUID(allow_none=True)
    given_at = fields.AwareDateTime(allow_none=True)


class SeriesSchema(Schema):
    """A series as it stands."""

    series_id = fields.UUID()
    patient_id = fields.UUID()
    template = fields.String()
    state = fields.String()
    consented = fields.Boolean()
    reviewed_after = fields.Integer()
    given = fields.Integer()
    infusions = fields.List(fields.Nested(SeriesInfusionSchema))


class SeriesTermsSchema(Schema):
    """What a prescriber writes on an order; what is left out is named in the refusal."""

    indication = _one_of(Indication)
    route = _one_of(Route)
    delivery = _one_of(Delivery)
    weight_kg = ExactDecimal(load_default=None, allow_none=True)
    weighed_on = Day(load_default=None, allow_none=True)
    mg_per_kg = ExactDecimal(load_default=None, allow_none=True)
    concentration_ug_per_ml = fields.Integer(
        load_default=None, strict=True, allow_none=True, validate=validate.Range(0, 1_000_000)
    )
    final_ml = ExactDecimal(load_default=None, allow_none=True)
    minutes = fields.Integer(
        load_default=None, strict=True, allow_none=True, validate=validate.Range(0, 1440)
    )
    rate_low_ml_h = ExactDecimal(load_default=None, allow_none=True)
    rate_high_ml_h = ExactDecimal(load_default=None, allow_none=True)
    antiemetic = _one_of(Antiemetic)
    draw_rounding = fields.Enum(DrawRounding, by_value=True, load_default=DrawRounding.NEAREST)


class SeriesSignedOverSchema(Schema):
    """A rule of class OVERRIDE that the prescriber signs over."""

    code = fields.String(required=True, validate=WORD)
    reason = Line(required=True, validate=LINE)
    expires_at = Instant(required=True)


class SeriesExternalSchema(Schema):
    """An order of a prescriber outside the company, to be countersigned."""

    prescriber_name = Line(required=True, validate=LINE)
    licence_number = Line(required=True, validate=LINE)
    licence_state = Line(required=True, validate=validate.Length(0, 2))
    signed_on = Day(required=True)
    outside_id = fields.UUID(
        load_default=None, allow_none=True, metadata={"description": "of the kept scan, where there is one"}
    )


class SeriesSignatureSchema(Schema):
    """The next version of an order, with the proof that was made for `event_id`."""

    event_id = fields.UUID(required=True)
    proof = fields.String(required=True, validate=validate.Length(1, 2000), load_only=True)
    terms = fields.Nested(SeriesTermsSchema, required=True)
    seen = fields.Integer(load_default=0, strict=True, validate=validate.Range(0, 1_000_000))
    signed_over = fields.List(
        fields.Nested(SeriesSignedOverSchema), load_default=[], validate=validate.Length(0, 20)
    )
    acknowledged = fields.List(fields.String(validate=WORD), load_default=[], validate=validate.Length(0, 20))
    external = fields.Nested(SeriesExternalSchema, load_default=None, allow_none=True)
    reason = Line(load_default="", validate=NOTE)


class SeriesDoseSchema(Schema):
    """The arithmetic of an order."""

    mg = ExactDecimal()
    draw_ml = ExactDecimal()
    drawn_ug = fields.Integer()
    final_ml = ExactDecimal()
    final_mg_ml = ExactDecimal()
    minutes = fields.Integer()
    rate_ml_h = ExactDecimal()
    mg_kg_h = ExactDecimal()


class SeriesFindingSchema(Schema):
    """A rule that an order breaks, and its class."""

    rule_class = fields.String()
    code = fields.String(attribute="reason.code")
    text = fields.String(attribute="reason.text")
    field = fields.String(attribute="reason.field")
    way_out = fields.String(attribute="reason.way_out")


class SeriesJudgementSchema(Schema):
    """What an order would come to, and everything it breaks; nothing is signed."""

    dose = fields.Nested(SeriesDoseSchema, allow_none=True)
    findings = fields.List(fields.Nested(SeriesFindingSchema))


class SeriesVersionSchema(Schema):
    """A signed version of an order."""

    order_id = fields.UUID()
    version = fields.Integer()
    terms = fields.Nested(SeriesTermsSchema)
    dose = fields.Nested(SeriesDoseSchema)
    signed_by = fields.UUID()
    signed_at = fields.AwareDateTime()
    expires_at = fields.AwareDateTime()


class SeriesConsentSchema(Schema):
    """The patient's signed consent to the off-label use."""

    text_version = fields.String(required=True, validate=WORD)
    signed_name = Line(required=True, validate=LINE)
    signed_at = Instant(required=True)


class SeriesHabitsSchema(Schema):
    """When the patient and the adult are free: ISO weekday -> parts of the day."""

    patient = fields.Dict(
        keys=fields.Integer(), values=fields.List(fields.String(validate=WORD)), required=True,
        validate=validate.Length(0, 7),
    )  # fmt: skip
    adult = fields.Dict(
        keys=fields.Integer(), values=fields.List(fields.String(validate=WORD)), required=True,
        validate=validate.Length(0, 7),
    )  # fmt: skip
    away = fields.List(Day(), load_default=[], validate=validate.Length(0, 400))


class SeriesPlaceSchema(Schema):
    """Where one infusion is laid."""

    number = fields.Integer(required=True, strict=True, validate=validate.Range(1, 50))
    day = Day(required=True)
    part = fields.String(required=True, validate=validate.OneOf(PARTS))
    nurse_id = fields.UUID(load_default=None, allow_none=True)
    nurse = fields.String(dump_only=True)
    stands = fields.Boolean(dump_only=True)


class SeriesWaySchema(Schema):
    """One way to lay a series."""

    places = fields.List(fields.Nested(SeriesPlaceSchema))
    review_on = fields.Date(allow_none=True)
    moved = fields.Integer()
    late = fields.Boolean()


class SeriesBlockSchema(Schema):
    """What would have to give where no way was found."""

    text = fields.String()


class SeriesWaysSchema(Schema):
    """The ways found, best first; none, with what blocks."""

    ways = fields.List(fields.Nested(SeriesWaySchema))
    blocks = fields.List(fields.Nested(SeriesBlockSchema))


class SeriesLayingSchema(Schema):
    """The way that is accepted."""

    places = fields.List(fields.Nested(SeriesPlaceSchema), required=True, validate=validate.Length(1, 50))


class SeriesReasonSchema(Schema):
    """Why an infusion could not be booked."""

    code = fields.String()
    text = fields.String()
    way_out = fields.String()


class SeriesBookedSchema(Schema):
    """What became of one infusion."""

    number = fields.Integer()
    appointment_id = fields.UUID(allow_none=True)
    reasons = fields.List(fields.Nested(SeriesReasonSchema))


class SeriesReviewSchema(Schema):
    """A review of the response, with the proof that was made for `event_id`."""

    event_id = fields.UUID(required=True)
    proof = fields.String(required=True, validate=validate.Length(1, 2000), load_only=True)
    go_on = fields.Boolean(required=True)
    response = _one_of(Response)
    note = Line(load_default="", validate=NOTE)


class SeriesDecisionSchema(Schema):
    """Pause, resume or stop, and why."""

    deed = fields.String(required=True, validate=validate.OneOf(["pause", "resume", "stop"]))
    reason = Line(required=True, validate=LINE)


class SeriesDecidedSchema(Schema):
    """Who paused, resumed or stopped a series, when and why."""

    deed = fields.String()
    reason = fields.String()
    by = fields.String()
    at = fields.AwareDateTime()


class SeriesDuePhq9Schema(Schema):
    """A PHQ-9 to be asked for."""

    series_id = fields.UUID()
    patient_id = fields.UUID()
    occasion = fields.String(attribute="follow_up.occasion")
    due_on = fields.Date(attribute="follow_up.due_on")
    overdue = fields.Boolean(attribute="follow_up.overdue")

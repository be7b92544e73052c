"""Forms of reports and inventories in the JSON API."""

from marshmallow import Schema, fields, validate

from api.fields import Day
from dispatch.custody.reports.service import BUSINESS, OCCASIONS


class CustodyReportQuerySchema(Schema):
    """What is asked of a report: local days, both included, or an instant; and one nurse."""

    first = fields.String(data_key="from", load_default="", metadata={"description": "2026-11-01"})
    last = fields.String(data_key="to", load_default="", metadata={"description": "2026-11-30"})
    as_of = fields.String(load_default="", metadata={"description": "local 2026-11-23T18:00, or with offset"})
    nurse = fields.String(load_default="", validate=validate.Length(0, 40))


class CustodyTakingAwaySchema(Schema):
    """Who takes a file away: proved anew, for this one export."""

    export_id = fields.UUID(required=True)
    proof = fields.String(
        validate=validate.Length(1, 1000),
        metadata={"description": "a proof of identity from POST /proofs for this export_id"},
    )


class CustodyOwnQuerySchema(Schema):
    """Local days, both included."""

    first = fields.String(data_key="from", load_default="")
    last = fields.String(data_key="to", load_default="")


class CustodyHeadingSchema(Schema):
    """A report that there is."""

    kind = fields.String()
    title = fields.String()
    asks = fields.String()
    shows = fields.String()
    citation = fields.String()


class CustodyColumnSchema(Schema):
    """A column; amounts are micrograms in `value` and milligrams in `text`."""

    name = fields.String()
    kind = fields.String()
    unit = fields.String()


class CustodyCellSchema(Schema):
    """A value, as it is shown, and the filter of the events that a figure is made of."""

    text = fields.String()
    value = fields.Raw(allow_none=True)
    events = fields.Dict(keys=fields.String(), values=fields.String(), allow_none=True)
    vial = fields.UUID(allow_none=True)


class CustodyReportSchema(Schema):
    """A report."""

    kind = fields.String()
    title = fields.String()
    area = fields.String()
    registrant = fields.String()
    period = fields.String()
    zone = fields.String()
    made_by = fields.String()
    made_at = fields.AwareDateTime()
    csv_sha256 = fields.String()
    policies = fields.Dict(keys=fields.String(), values=fields.String())
    columns = fields.List(fields.Nested(CustodyColumnSchema))
    rows = fields.List(fields.List(fields.Nested(CustodyCellSchema)))
    sums = fields.List(fields.Nested(CustodyCellSchema))
    notes = fields.List(fields.String())


class CustodyFigureQuerySchema(Schema):
    """A figure's filter, as its report gives it."""

    class Meta:
        """Each word is judged, and refused by its name, where filters are read."""

        unknown = "include"


class CustodyFigureEventSchema(Schema):
    """An event in a figure, and what it adds."""

    event_id = fields.UUID()
    container_id = fields.UUID()
    serial = fields.String()
    sequence = fields.Integer()
    kind = fields.String()
    at = fields.AwareDateTime()
    giver = fields.String()
    taker = fields.String()
    actor = fields.String()
    witness = fields.String()
    exception = fields.Boolean()
    reasons = fields.List(fields.String())
    adds = fields.Integer()


class CustodyFigureSchema(Schema):
    """A figure: its sum over all its events, and the first of them."""

    total = fields.Integer()
    number = fields.Integer()
    events = fields.List(fields.Nested(CustodyFigureEventSchema))


class CustodyCountedSchema(Schema):
    """What was counted of one lot in one place."""

    key = fields.String(required=True, validate=validate.Length(1, 100))
    units = fields.Integer(required=True, strict=True, validate=validate.Range(0, 100_000))


class CustodyInventorySchema(Schema):
    """An inventory to be kept: counted blind, signed by who took it, and a second person if there is one."""

    inventory_id = fields.UUID(required=True)
    pharmacy_id = fields.UUID(required=True)
    occasion = fields.String(required=True, validate=validate.OneOf(OCCASIONS))
    business = fields.String(required=True, validate=validate.OneOf(BUSINESS))
    day = Day(required=True)
    counted = fields.List(
        fields.Nested(CustodyCountedSchema), required=True, validate=validate.Length(0, 2000)
    )
    proof = fields.String(validate=validate.Length(1, 1000))
    witness_proof = fields.String(validate=validate.Length(1, 1000))


class CustodyInventoryTakenSchema(Schema):
    """An inventory as it was signed; its lines show what the ledger had beside what was counted."""

    id = fields.UUID()
    pharmacy_id = fields.UUID()
    occasion = fields.String()
    business = fields.String()
    day = Day()
    as_of = fields.AwareDateTime()
    taken_at = fields.AwareDateTime()
    taken_by = fields.UUID()
    witnessed_by = fields.UUID(allow_none=True)
    lines = fields.Raw()
    inventory_hash = fields.Function(lambda row: row.inventory_hash.hex())


class CustodyCountableSchema(Schema):
    """What is to be counted: where, and of which lot; not how many the ledger has."""

    key = fields.String()
    called = fields.String()
    product = fields.String()
    form = fields.String()
    lot = fields.String()
    expires_on = Day()


class CustodyCountableQuerySchema(Schema):
    """As of the opening or close of business on which day."""

    pharmacy_id = fields.UUID(required=True)
    business = fields.String(required=True, validate=validate.OneOf(BUSINESS))
    day = Day(required=True)

"""Forms of the custody ledger in the JSON API. Amounts are whole micrograms, instants are UTC."""

from marshmallow import Schema, fields, validate

from api.fields import Instant
from dispatch.custody.model import Basis, EventKind, WasteMethod
from dispatch.custody.witnessing import WitnessKind
from dispatch.kernel.quantities import MOST_UG

EXCEPTIONS = (EventKind.BROKEN, EventKind.LOST, EventKind.STOLEN, EventKind.SEAL_MISMATCH)
SHORT = validate.Length(0, 100)
LONG = validate.Length(0, 500)


def _amount() -> fields.Integer:
    return fields.Integer(required=True, strict=True, validate=validate.Range(1, MOST_UG))


def proof_of(about: str) -> fields.String:
    """Return the field of a proof of identity, as POST /proofs gives it."""
    return fields.String(validate=validate.Length(1, 1000), metadata={"description": about})


class DeedSchema(Schema):
    """What every deed on one vial says."""

    event_id = fields.UUID(required=True, metadata={"description": "UUIDv7 made by the client"})
    device_seq = fields.Integer(strict=True, validate=validate.Range(1, 2**53 - 1))
    device_time = Instant()
    reason = fields.String(load_default="", validate=LONG)
    proof = proof_of("the actor's proof of identity, from POST /proofs for this event_id")
    witness_proof = proof_of("the witness's or pharmacist's proof of identity for this event_id")


class OverrideSchema(Schema):
    """Going on although a blocking rule is not met, and on whose word."""

    reason = fields.String(required=True, validate=validate.Length(3, 500))
    authority = fields.String(required=True, validate=validate.Length(3, 200))


class OpenSchema(DeedSchema):
    """Break a vial's seal for a visit."""

    visit_id = fields.UUID(required=True)
    seal = fields.String(required=True, validate=SHORT)
    override = fields.Nested(OverrideSchema)


class DrawSchema(DeedSchema):
    """Draw up for a visit."""

    visit_id = fields.UUID(required=True)
    amount_ug = _amount()
    override = fields.Nested(OverrideSchema)


class AdministerSchema(DeedSchema):
    """What the patient was given."""

    visit_id = fields.UUID(required=True)
    amount_ug = _amount()
    completes = fields.Boolean(load_default=True)
    presence = fields.String(load_default="", validate=validate.Length(0, 40))


class WasteSchema(DeedSchema):
    """Destroy leftover drug before a witness."""

    visit_id = fields.UUID(required=True)
    amount_ug = _amount()
    method = fields.String(required=True, validate=validate.OneOf([each.value for each in WasteMethod]))
    witness_kind = fields.String(
        load_default=WitnessKind.PRESENT.value, validate=validate.OneOf([each.value for each in WitnessKind])
    )
    companion = fields.String(
        load_default="", validate=validate.Length(0, 40),
        metadata={"description": "who of the patient's saw it, as a relation; never a name"},
    )  # fmt: skip


class ReturnSchema(DeedSchema):
    """Bring a sealed vial back; the pharmacist signs."""

    pharmacy_id = fields.UUID(required=True)
    seal = fields.String(required=True, validate=SHORT)


class ReportSchema(DeedSchema):
    """A vial broke, is lost, was stolen or has a wrong seal."""

    kind = fields.String(required=True, validate=validate.OneOf([each.value for each in EXCEPTIONS]))


class ListedVialSchema(Schema):
    """A vial of a pickup, with its seal as read."""

    event_id = fields.UUID(required=True)
    serial = fields.String(required=True, validate=validate.Length(1, 100))
    seal = fields.String(required=True, validate=SHORT)


class PickUpSchema(Schema):
    """A nurse takes sealed vials; she and the pharmacist sign for `pickup_id`."""

    pickup_id = fields.UUID(required=True)
    pharmacy_id = fields.UUID(required=True)
    vials = fields.List(fields.Nested(ListedVialSchema), required=True, validate=validate.Length(1, 50))
    counted_units = fields.Integer(required=True, strict=True, validate=validate.Range(0, 1000))
    proof = proof_of("the nurse's proof of identity for pickup_id")
    witness_proof = proof_of("the pharmacist's proof of identity for pickup_id")


class NewVialSchema(Schema):
    """A vial of a delivery."""

    event_id = fields.UUID(required=True)
    serial = fields.String(required=True, validate=validate.Length(1, 100))
    seal = fields.String(required=True, validate=validate.Length(1, 100))


class DeliverySchema(Schema):
    """Vials of one lot arrive at a pharmacy."""

    pharmacy_id = fields.UUID(required=True)
    product_code = fields.String(required=True, validate=validate.Length(1, 40))
    lot_number = fields.String(required=True, validate=validate.Length(1, 60))
    expires_on = fields.Date(required=True)
    basis = fields.String(required=True, validate=validate.OneOf([each.value for each in Basis]))
    invoice = fields.String(load_default="", validate=SHORT)
    vials = fields.List(fields.Nested(NewVialSchema), required=True, validate=validate.Length(1, 500))


class CountSchema(Schema):
    """A blind count: what was counted, before the expected figure shows."""

    count_id = fields.UUID(required=True)
    round_id = fields.UUID(required=True)
    holder = fields.String(
        required=True,
        validate=validate.Length(1, 100),
        metadata={"description": "nurse:UUID or pharmacy:UUID"},
    )
    counted_units = fields.Integer(required=True, strict=True, validate=validate.Range(0, 100_000))
    product_id = fields.UUID(load_default=None)


class CloseShiftSchema(Schema):
    """The blind count that the shift closes with."""

    round_id = fields.UUID()


class CountResultSchema(Schema):
    """The answer to a count; what is expected stays null until the round is finished."""

    count_id = fields.UUID()
    round_id = fields.UUID()
    attempt = fields.Integer()
    counted_units = fields.Integer()
    finished = fields.Boolean()
    expected_units = fields.Integer(allow_none=True)
    variance_units = fields.Integer(allow_none=True)


class CustodyReasonSchema(Schema):
    """A rule that was not met."""

    code = fields.String()
    text = fields.String()
    way_out = fields.String()


class CustodyReceiptSchema(Schema):
    """The answer to an event; the same again for the same bytes."""

    event_id = fields.UUID()
    container_id = fields.UUID()
    sequence = fields.Integer()
    kind = fields.String()
    state = fields.String()
    verdict = fields.String(metadata={"description": "stored, flagged, claim or id_reused"})
    reasons = fields.List(fields.Nested(CustodyReasonSchema))
    event_hash = fields.String()
    stored_at = fields.AwareDateTime()
    replayed = fields.Boolean()


class VialLineSchema(Schema):
    """One vial with its sums."""

    container_id = fields.UUID()
    serial = fields.String()
    product = fields.String()
    lot = fields.String()
    expires_on = fields.Date()
    state = fields.String()
    holder = fields.String(attribute="holder_label")
    label_ug = fields.Integer()
    overfill_ug = fields.Integer()
    drawn_ug = fields.Integer()
    given_ug = fields.Integer()
    wasted_ug = fields.Integer()
    returned_ug = fields.Integer()
    lost_ug = fields.Integer()
    balance_ug = fields.Integer()
    residual_ug = fields.Integer()
    witness = fields.String()
    exceptions = fields.Integer()
    last_event = fields.String()
    last_event_at = fields.AwareDateTime(allow_none=True)


class NurseTotalsSchema(Schema):
    """What went through one nurse's hands on a day."""

    nurse_id = fields.UUID()
    code = fields.String()
    taken_units = fields.Integer()
    drawn_ug = fields.Integer()
    given_ug = fields.Integer()
    wasted_ug = fields.Integer()
    returned_ug = fields.Integer()
    sealed_units = fields.Integer()
    residual_ug = fields.Integer()
    exceptions = fields.Integer()


class CustodyDaySchema(Schema):
    """An area's custody day."""

    vials = fields.List(fields.Nested(VialLineSchema))
    nurses = fields.List(fields.Nested(NurseTotalsSchema))


class VisitTotalsSchema(Schema):
    """What was drawn for, given at and wasted after one visit."""

    visit_id = fields.UUID()
    drawn_ug = fields.Integer()
    given_ug = fields.Integer()
    wasted_ug = fields.Integer()
    serials = fields.List(fields.String())


class SignatureLineSchema(Schema):
    """Who signed, in which part."""

    role = fields.String()
    name = fields.String()
    account_id = fields.UUID()
    proved_at = fields.AwareDateTime(allow_none=True)
    signed_at = fields.AwareDateTime()


class PostingSchema(Schema):
    """One line of an event's double entry."""

    account = fields.String()
    amount_ug = fields.Integer()


class EventLineSchema(Schema):
    """One event of a vial's history."""

    event_id = fields.UUID()
    sequence = fields.Integer()
    kind = fields.String()
    at = fields.AwareDateTime()
    from_state = fields.String()
    to_state = fields.String()
    from_holder = fields.String()
    to_holder = fields.String()
    amount_ug = fields.Integer(allow_none=True)
    balance_ug = fields.Integer()
    visit_id = fields.UUID(allow_none=True)
    method = fields.String()
    witness_kind = fields.String()
    witness_strength = fields.String()
    rate_ug_per_min = fields.Integer(allow_none=True)
    measured_ug = fields.Integer(allow_none=True)
    prime_ug = fields.Integer(allow_none=True)
    supersedes = fields.UUID(allow_none=True)
    reason = fields.String()
    applied = fields.Boolean()
    exception = fields.Boolean()
    reasons = fields.List(fields.String())
    signatures = fields.List(fields.Nested(SignatureLineSchema))
    postings = fields.List(fields.Nested(PostingSchema))
    event_hash = fields.String()


class LedgerQuerySchema(Schema):
    """At which instant; now when left out."""

    at = Instant()


class LedgerTotalSchema(Schema):
    """What a class of accounts held of a lot."""

    where = fields.String()
    product = fields.String()
    lot = fields.String()
    amount_ug = fields.Integer()

"""Forms of messages in the JSON API: never their words."""

from marshmallow import Schema, fields, validate


class FailedMessagesQuerySchema(Schema):
    """Of which area."""

    area = fields.String(
        required=True, validate=validate.Regexp(r"[\w-]{1,60}\Z"), metadata={"example": "columbus"}
    )


class FailedMessageSchema(Schema):
    """A message that did not go out."""

    message_id = fields.UUID()
    kind = fields.String()
    queued_at = fields.AwareDateTime()
    tries = fields.Integer()
    contact = fields.String(metadata={"description": "self, provider or adult"})
    code = fields.String(metadata={"description": "why the last try failed, such as no_address"})
    makes_sense = fields.Boolean(metadata={"description": "whether it may be sent again"})
    reference = fields.String(metadata={"description": "of the patient; empty for another recipient"})
    case_id = fields.UUID(allow_none=True)


class RetriedMessageSchema(Schema):
    """The message that says a failed one once more."""

    message_id = fields.UUID()

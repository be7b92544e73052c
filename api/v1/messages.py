"""Messages that did not go out: which, why, and once more."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from api.actor import actor, clock, policy, roles
from api.db import current_session
from api.idempotency import answered_once
from api.json_input import Blueprint
from api.v1.messages_schemas import FailedMessageSchema, FailedMessagesQuerySchema, RetriedMessageSchema
from dispatch.appointments.care.queries import FailedLine, failed_in
from dispatch.areas.service import area_by_slug
from dispatch.kernel.actor import Role
from dispatch.messages import service

blueprint = Blueprint("messages", __name__, description="Messages that did not go out")
DISPATCHERS = roles(Role.DISPATCHER)


@blueprint.route("/messages")
@blueprint.arguments(FailedMessagesQuerySchema, location="query")
@blueprint.response(200, FailedMessageSchema(many=True))
@policy(DISPATCHERS)
def failed_messages(sent: dict[str, Any]) -> Sequence[FailedLine]:
    """List an area's messages of the last 14 days that failed and were not sent again, newest first."""
    session = current_session()
    area = area_by_slug(session, sent["area"])
    return failed_in(session, area.id, clock().now())


@blueprint.route("/messages/<uuid:message_id>/retry", methods=["POST"])
@answered_once
@blueprint.response(201, RetriedMessageSchema)
@policy(DISPATCHERS)
def retry_message(message_id: UUID) -> dict[str, Any]:
    """Send a failed message once more; asked for again, it is the same message."""
    return {"message_id": service.retry_message(current_session(), message_id, actor(), clock())}

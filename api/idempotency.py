"""What a phone sends may arrive twice: the same Idempotency-Key gets the same answer.

The answer is kept in the transaction of the deed itself, so that either both exist or neither does.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from flask import Response, make_response, request

from api.actor import actor, clock
from api.db import current_session
from dispatch.identity.service import answer_given, keep_answer
from dispatch.kernel.refusals import Invalid, refuse

View = TypeVar("View", bound=Callable[..., Any])
LONGEST_KEY = 100


def answered_once(view: View) -> View:
    """Decorate a view (outermost but for the route): its deed is done once a key.

    The header is required from devices and honoured from screens.
    """

    @wraps(view)
    def once(*args: Any, **kwargs: Any) -> Response:
        key = request.headers.get("Idempotency-Key", "")
        if not key and actor().device_id is not None:
            raise refuse(
                Invalid,
                "idempotency_key_missing",
                "A phone sends an Idempotency-Key with every deed.",
                field="Idempotency-Key",
                way_out="Send a fresh UUID and repeat it when you try again.",
            )
        if len(key) > LONGEST_KEY or not key.isprintable():
            raise refuse(
                Invalid,
                "idempotency_key_not_valid",
                f"A key has at most {LONGEST_KEY} printable characters.",
                field="Idempotency-Key",
            )
        if not key:
            return make_response(view(*args, **kwargs))
        asked = f"{request.method} {request.path}\n".encode() + request.get_data()
        before = answer_given(current_session(), actor(), key, asked)
        if before is not None:
            answer = make_response(before.answer, before.status)
            answer.content_type = before.content_type
            answer.headers["Idempotency-Replayed"] = "true"
            return answer
        answer = make_response(view(*args, **kwargs))
        if answer.status_code < 400:
            keep_answer(
                current_session(),
                actor(),
                key,
                asked,
                answer.status_code,
                answer.get_data(),
                answer.content_type,
                clock(),
            )
        return answer

    return once  # type: ignore[return-value]

"""What two people may edit carries its version as the ETag; who changes it sends that back in If-Match."""

from typing import Any

from flask import Response, abort, jsonify, make_response, request

LONGEST_NUMBER = 9


def seen_version() -> int:
    """Return the version that If-Match carries; without one the request is answered 428."""
    tags = request.if_match.as_set() if request.if_match else set()
    if len(tags) != 1:
        abort(428)
    tag = tags.pop().strip('"')
    # What is no number is no version: the service then says which one there is.
    return int(tag) if tag.isascii() and tag.isdigit() and len(tag) <= LONGEST_NUMBER else -1


def tagged(shown: Any, version: int, status: int = 200, location: str | None = None) -> Response:
    """Answer with what is shown, its version as the ETag; 304 where a reader has it already."""
    answer = make_response(jsonify(shown), status)
    answer.set_etag(str(version))
    if location is not None:
        answer.headers["Location"] = location
    if request.method in {"GET", "HEAD"}:
        answer.make_conditional(request)
    return answer

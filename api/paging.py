"""Lists come in pages: the next one begins after the last key of this one, whatever is added meanwhile."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from flask import request, url_for
from marshmallow import Schema, fields, validate

RowT = TypeVar("RowT")
MOST_ROWS = 200
LINK = {"Link": {"description": 'The next page, rel="next"; left out on the last.'}}


class PageQuerySchema(Schema):
    """Which page: that after a key, from the link of the page before."""

    after = fields.String(load_default="", validate=validate.Length(0, 40))
    limit = fields.Integer(load_default=100, validate=validate.Range(1, MOST_ROWS))


def paged(
    rows: Sequence[RowT], limit: int, key: Callable[[RowT], Any]
) -> tuple[list[RowT], int, dict[str, str]]:
    """Return a page, its status and its headers.

    Parameters
    ----------
    rows
        Up to one more than `limit`; that one says that there is a next page.
    key
        What the rows are ordered by.
    """
    page = list(rows[:limit])
    if len(rows) <= limit:
        return page, 200, {}
    assert request.endpoint is not None
    following = url_for(request.endpoint, **(request.view_args or {}), after=str(key(page[-1])), limit=limit)
    return page, 200, {"Link": f'<{following}>; rel="next"'}

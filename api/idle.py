"""A screen that nobody touches signs off, however lively its board is.

Flask prolongs a session with every request. A live board asks by itself whenever something changes, so
those requests must not count as somebody being there.
"""

from flask import Flask, request
from flask.sessions import SecureCookieSessionInterface, SessionMixin

# What an open board, or a nurse's open page, fetches by itself.
BY_ITSELF = frozenset(
    {
        "pages.board_day", "pages.board_run", "pages.day_events", "pages.plan_of_today", "pages.own_safety",
        "pages.held_now",
    }
)  # fmt: skip


class TouchedSessions(SecureCookieSessionInterface):
    """Prolongs a session only when a person did something."""

    def should_set_cookie(self, app: Flask, session: SessionMixin) -> bool:
        """Tell whether the answer carries a fresh cookie."""
        if request.endpoint in BY_ITSELF and not session.modified:
            return False
        return super().should_set_cookie(app, session)

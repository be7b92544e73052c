"""Pages are drawn and walked on SQLite: what they ask and do is tried on both databases below them."""

from datetime import timedelta

import pytest

from tests.builders.nurse_screen import NINA, a_staffed_town, stock_up
from tests.builders.visits import SEVEN, Town
from tests.builders.web import a_browser


@pytest.fixture
def database_url(fresh_sqlite: str) -> str:
    """An empty database with the whole schema."""
    return fresh_sqlite


@pytest.fixture
def stocked(app, engine, clock) -> Town:
    """At ten in Columbus, before the first visit: two vials lie at the pharmacy for it."""
    clock.at = SEVEN + timedelta(hours=3)
    town = a_staffed_town(app, engine)
    stock_up(app, engine, clock, town)
    return town


@pytest.fixture
def nina(app, stocked):
    """The browser of the nurse whose visits they are."""
    return a_browser(app, NINA)

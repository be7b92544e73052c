"""Pages are drawn and walked on SQLite: what they ask and do is tried on both databases below them."""

import pytest


@pytest.fixture
def database_url(fresh_sqlite: str) -> str:
    """An empty database with the whole schema."""
    return fresh_sqlite

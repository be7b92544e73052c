"""The exact engine's loops are compiled before any test counts on its seconds."""

import pytest

from routing.engine.exact.warming import warm_up


@pytest.fixture(scope="session", autouse=True)
def _compiled() -> None:
    warm_up()

"""The inner loops are compiled, whether or not the outcome can be kept on disk."""

from collections.abc import Callable
from typing import Any

import pytest
from numba.core import caching

from routing.engine.compiled import compiled, inlined


def twice(number: int) -> int:
    return 2 * number


@pytest.mark.parametrize("way", [compiled, inlined])
def test_where_nothing_can_be_written_a_function_is_compiled_in_memory(
    monkeypatch: pytest.MonkeyPatch, way: Callable[..., Any]
) -> None:
    monkeypatch.setattr(caching.CacheImpl, "_locator_classes", [])
    fast = way(twice)
    assert fast(21) == 42
    assert fast.nopython_signatures

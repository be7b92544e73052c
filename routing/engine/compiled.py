"""How the inner loops of the exact engine become machine code.

Numba compiles each function once and keeps the result on disk beside the module (or in the directory that
``NUMBA_CACHE_DIR`` names), so that only the first planning worker after an upgrade waits for it. It is
imported by the planning worker alone, never by a web request: importing it takes longer than answering one.
The compiled functions let go of Python's global lock, so that nurses are priced in threads.
"""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

import numba

P = ParamSpec("P")
R = TypeVar("R")


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function of numbers and arrays on its first call; without the global lock, cached on disk."""
    fast: Callable[P, R] = numba.njit(cache=True, nogil=True)(function)
    return fast

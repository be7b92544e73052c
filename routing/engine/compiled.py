"""How the inner loops of the exact engine become machine code.

Numba compiles each function once and keeps the result on disk beside the modules (or in the directory that
``NUMBA_CACHE_DIR`` names), so that only the first planning worker after an upgrade waits for it. Where no
such place can be written, each process compiles for itself, in memory. Numba is imported by the planning
worker alone, never by a web request: importing it takes longer than answering one. The compiled functions
let go of Python's global lock, so that nurses are priced in threads.
"""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import numba

KEPT_AS = 16  # digits of the fingerprint that names the folder


def _keep_apart(engine: Path) -> None:
    """Keep compiled code by the fingerprint of all modules of the engine.

    Numba looks only at the file of each function. But constants and functions of one module are compiled
    into others: after a change there, it would go on with old code.
    """
    sources = sorted(engine.rglob("*.py"))
    fingerprint = hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()
    folder = Path(os.environ.get("NUMBA_CACHE_DIR") or engine / "__pycache__")
    numba.config.CACHE_DIR = str(folder / f"numba-{fingerprint[:KEPT_AS]}")  # type: ignore[attr-defined]


_keep_apart(Path(__file__).parent)


def is_cold() -> bool:
    """Whether nothing of the engine as it stands has been compiled and kept."""
    return not Path(numba.config.CACHE_DIR).is_dir()  # type: ignore[attr-defined]


P = ParamSpec("P")
R = TypeVar("R")


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function of numbers and arrays on its first call; without the global lock, cached on disk."""
    return _compiled(function, forceinline=False)


def inlined(function: Callable[P, R]) -> Callable[P, R]:
    """Compile as `compiled` does, into each place where the function is called.

    For the innermost functions: a `Side` is some hundred words, which a real call would copy every time.
    They make no array, either (see `lean`).
    """
    return _compiled(function, forceinline=True, _nrt=False)


def lean(function: Callable[P, R]) -> Callable[P, R]:
    """Compile as `compiled` does, without counting who holds which array.

    For functions that make no array and assign no row to a row. Counting costs an atomic operation for every
    row that is looked at; it made the heuristic three to six times as slow, and pricing eleven times (numba
    issue 2345).
    """
    return _compiled(function, _nrt=False)


def _compiled(function: Callable[P, R], **options: Any) -> Callable[P, R]:
    fast: Callable[P, R]
    try:
        fast = numba.njit(cache=True, nogil=True, **options)(function)
    except RuntimeError:  # neither the module's directory, nor the user's, nor the one named can be written
        fast = numba.njit(nogil=True, **options)(function)
    return fast

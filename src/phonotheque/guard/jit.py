"""Functions that numba compiles when they are called first, and keeps for the next process.

numba keeps compiled code in a folder that the user can write: `NUMBA_CACHE_DIR`, beside the module,
or in his home. A service may have none of them: then each process compiles anew. No other place is
taken: whoever can write there has his code run here.

Law: no other module of the guard calls numba, so that each compiled function runs anywhere.
"""

from __future__ import annotations

from typing import Any

import numba


def compiled(function: Any = None, **options: Any) -> Any:
    """Return a function compiled, kept where that is possible; as a decorator with or without
    options.

    Args:
        function: In the part of Python that numba knows.
        options: As `numba.njit` has them.
    """
    if function is None:
        return lambda given: compiled(given, **options)
    try:
        return numba.njit(cache=True, **options)(function)
    except RuntimeError:  # nowhere to keep it
        return numba.njit(**options)(function)

"""How the loops over pixels are compiled, and the plain numbers in them."""

import os
from pathlib import Path

import numba
import numpy as np

from core.files import state_of, user_cache


def _compiled_folder() -> str:
    """Where machine code is kept: a folder for each state of the kernels' sources.

    Kernels contain the constants and kernels of other files, but numba asks only
    whether a kernel's own file has changed.
    """
    chosen = os.environ.get("NUMBA_CACHE_DIR") or user_cache() / "kernels"
    return str(Path(chosen) / state_of(Path(__file__).parent.glob("*.py")))


numba.config.CACHE_DIR = _compiled_folder()  # type: ignore[attr-defined]

kernel = numba.njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
"""Compiles a function to machine code, kept on disk for the next start.

Kernels release the interpreter. Fast math may assume that no number is nan or infinite.
"""

# In single precision: a plain 0.5 would make a whole loop double.
ZERO, QUARTER, HALF = np.float32(0.0), np.float32(0.25), np.float32(0.5)
ONE, TWO = np.float32(1.0), np.float32(2.0)

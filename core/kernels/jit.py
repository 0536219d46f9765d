"""How the loops over pixels are compiled, and the plain numbers in them."""

import numba
import numpy as np

kernel = numba.njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
"""Compiles a function to machine code, kept on disk for the next start.

Kernels release the interpreter. Fast math may assume that no number is nan or infinite.
"""

# In single precision: a plain 0.5 would make a whole loop double.
ZERO, QUARTER, HALF = np.float32(0.0), np.float32(0.25), np.float32(0.5)
ONE, TWO = np.float32(1.0), np.float32(2.0)

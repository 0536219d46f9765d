"""How the loops over pixels are compiled."""

import numba

kernel = numba.njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
"""Compiles a function to machine code, kept on disk for the next start.

Kernels release the interpreter. Fast math may assume that no number is nan or infinite.
"""

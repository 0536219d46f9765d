"""The loops over pixels, compiled by numba. Importing one of these modules is slow."""

#!/usr/bin/env bash
# Set up if need be, check style and types, run the tests on all cores. Arguments go to pytest.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/check.sh
exec .venv/bin/python -m pytest --numprocesses auto --maxprocesses 8 "$@"

#!/usr/bin/env bash
# Set up if need be, check style and types, run the tests. Arguments go to pytest.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/check.sh
exec .venv/bin/python -m pytest "$@"

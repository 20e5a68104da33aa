# Two commands for a newcomer: `make demo` and `make test`. Each sets itself up.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
SECONDS_OF_TORTURE ?= 600

# Tests start hundreds of processes: what is compiled is kept, whatever the shell says.
test torture: export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help setup demo test torture check bench real lock clean

help: ## show this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -e 's/:.*## /\t/' | expand -t 10

setup: $(VENV)/.ready ## make .venv with the locked packages and .venv/bin/phono

$(VENV)/.ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(None if (3, 11) <= v < (3, 14) else "Phonotheque needs Python 3.11 to 3.13; this is %d.%d. Try: make PYTHON=python3.13 setup" % v)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e .
	@$(BIN)/python -m scripts.fonts
	@touch $@

demo: setup ## make a small label out of nothing and walk the whole way with it
	@$(BIN)/phono demo

test: setup ## all tests but the long ones, under 8 minutes
	$(BIN)/python -m tests -rs

torture: setup ## kills, faults and fuzz for SECONDS_OF_TORTURE (600)
	$(BIN)/python -m tests.torture --seconds $(SECONDS_OF_TORTURE)

check: setup ## style, types, layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: setup ## the figures, beside their peers
	$(BIN)/python -m bench

real: setup ## the main job on 1.3 GB of free music from Debian (needs apt-get)
	$(BIN)/python -m scripts.real

lock: ## resolve requirements.lock anew (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --group dev --extra charts --extra guard --extra listen --extra valkey pyproject.toml -o requirements.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --extra spark -c requirements.lock pyproject.toml -o requirements-spark.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --group wider -c requirements.lock pyproject.toml -o requirements-wider.lock

clean: ## remove what setup made
	rm -rf $(VENV)

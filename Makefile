# Holdgate: `make run` and `make test` need only Python 3.11 or newer; everything else is installed here.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PORT ?= 8000
SANDBOX_PORT ?= 8001
DATA_DIR ?= ./data
CHROMIUM ?= /usr/bin/chromium
WORKERS ?= 4
export DATA_DIR CHROMIUM

BIN := .venv/bin
PYTHON := $(BIN)/python
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
# Checks look at the code only: no file of a running copy is touched.
CHECK := DEVELOPMENT=1 DATABASE_URL=sqlite://:memory: $(PYTHON)
LOCK := $(BIN)/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 \
	--generate-hashes --no-header --no-annotate $(if $(UPGRADE),--upgrade)

.PHONY: help run test bench chaos peer lint fmt lock clean chromium

help: ## what can be asked
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /make \1\t/' | expand -t 14

run: .venv/run.stamp ## everything on this machine; Ctrl-C stops it (PORT, SANDBOX_PORT, PROVISIONING_PORT, DATA_DIR, DATABASE_URL)
	@DEVELOPMENT=1 $(PYTHON) manage.py serve --port $(PORT) --sandbox-port $(SANDBOX_PORT)

test: .venv/dev.stamp chromium lint ## lint, types, layers, migrations and the whole test suite on both databases
	$(CHECK) manage.py makemigrations --check --dry-run
	NETSUITE_ACCOUNT=SANDBOX1 NETSUITE_BASE_URL=http://127.0.0.1:8001 NETSUITE_AUTH=tba \
	  NETSUITE_CONSUMER_KEY=key NETSUITE_CONSUMER_SECRET=secret NETSUITE_TOKEN_ID=id NETSUITE_TOKEN_SECRET=secret \
	  $(CHECK) manage.py check --fail-level WARNING
	$(PYTHON) -m pytest -n $(WORKERS) --maxschedchunk 2
	$(PYTHON) -m pytest -n $(WORKERS) --maxschedchunk 2 --db=postgresql -m both_databases

bench: .venv/dev.stamp ## the benchmarks: a table, and JSON in bench/results/
	$(PYTHON) -m bench

chaos: .venv/dev.stamp ## breaks things on purpose and checks every promise (SIZE=full, ONLY="kills frozen")
	$(PYTHON) -m bench.chaos $(ONLY) --size $(or $(SIZE),small)

peer: .venv/dev.stamp ## the same work beside another program, installed into bench/.peer/ (SIZE=10000 customers)
	$(PYTHON) -m bench.peer --customers $(or $(SIZE),2000)

lint: .venv/dev.stamp ## style, format, types, order of the layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(CHECK) -m mypy
	$(BIN)/lint-imports

fmt: .venv/dev.stamp ## repairs style and format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: .venv/dev.stamp ## writes the lock files from pyproject.toml (UPGRADE=1: newest versions)
	$(LOCK) --output-file requirements.txt
	$(LOCK) --extra dev --constraint requirements.txt --output-file requirements-dev.txt

clean: ## removes the environment, caches and test artifacts; never data
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis staticfiles test-artifacts
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(PYTHON):
	@for python in python3 python3.13 python3.12 python3.11; do \
	  if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    "$$python" -m venv .venv && exit 0; rm -rf .venv; exit 1; \
	  fi; \
	done; \
	echo "Holdgate needs Python 3.11 or newer." >&2; exit 1

.venv/run.stamp: requirements.txt | $(PYTHON)
	@echo "Installing the packages of requirements.txt: once, about a minute."
	@$(PYTHON) -m pip install -qq --require-hashes -r requirements.txt
	@touch $@

.venv/dev.stamp: requirements-dev.txt | $(PYTHON)
	@echo "Installing the packages of requirements-dev.txt: once, about a minute."
	@$(PYTHON) -m pip install -qq --require-hashes -r requirements-dev.txt
	@touch $@ .venv/run.stamp

chromium:
	@if [ ! -x "$(CHROMIUM)" ]; then \
	  echo "The browser tests need Chromium: installing it with apt-get."; \
	  { $(SUDO) apt-get update -qq && $(SUDO) apt-get install -yqq --no-install-recommends chromium; } || { \
	    echo "Could not install it. Install Chromium, then: make test CHROMIUM=/path/to/chromium" >&2; exit 1; }; \
	fi

# labkit's commands: `make` lists them. Everything is installed into .venv, nothing outside this folder.
.DEFAULT_GOAL := help
.PHONY: help lab install dev test lint types tests bench bench-explore bench-view notebooks check-notebooks clean

VENV := .venv
RUN := $(VENV)/bin/python -m
PIP := $(RUN) pip install --quiet --disable-pip-version-check
WELCOME := notebooks/00-welcome.ipynb

# A stamp holds for this folder only: a virtual environment does not survive being moved.
HERE := $(shell pwd | cksum | cut -d ' ' -f 1)
LAB := $(VENV)/.installed-$(HERE)
DEV := $(VENV)/.installed-dev-$(HERE)
BENCH := $(VENV)/.installed-bench-$(HERE)

# The generations of ipykernel that the live view is tested with, each in a folder of its own in .venv.
KERNELS := 6.31.0 7.1.0 7.4.0

# JupyterLab's own settings, in .venv only: no question about Jupyter's news over a learner's first notebook.
OVERRIDES := $(VENV)/share/jupyter/lab/settings/overrides.json
QUIET := '{"@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": false}}'

# The frontend is plain JavaScript with its types in comments. deno checks them and lints it: one program, from PyPI, that needs no network.
deno = if [ -x $(VENV)/bin/deno ]; then DENO_DIR=$(VENV)/deno DENO_NO_UPDATE_CHECK=1 $(VENV)/bin/deno $(1); \
  elif [ -n "$(CI)" ]; then echo "deno is not in $(VENV), and continuous integration must check the frontend: is there a wheel of it for this machine?" >&2; exit 1; \
  else echo "Skipped: deno is not in $(VENV) (PyPI has no wheel of it for this machine). The frontend's JavaScript was not checked."; fi

help: ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' Makefile | awk -F '\t' '{printf "  make %-16s %s\n", $$1, $$2}'

lab: $(LAB) ## Open JupyterLab on the first notebook
	@echo "Opening JupyterLab on $(WELCOME). Ctrl-C here ends it."
	@$(RUN) jupyter_core trust notebooks/*.ipynb >/dev/null
	@$(RUN) jupyterlab --ServerApp.root_dir=. --LabApp.default_url=/lab/tree/$(WELCOME) --Application.log_level=WARN \
	  $$(test "$$(id -u)" != 0 || echo --allow-root) $(LAB_ARGS)

install: $(LAB) ## Install labkit into .venv

dev: $(DEV) ## Install labkit and what its tests need into .venv

test: lint types tests ## Check everything: format, lint, types, tests

lint: $(DEV) ## Check format and lint
	@echo "Checking format and lint (ruff)."
	@$(RUN) ruff check . && $(RUN) ruff format --check .
	@echo "Linting the frontend (deno)."
	@$(call deno,lint --quiet)

types: $(DEV) ## Check types
	@echo "Checking types (mypy)."
	@$(RUN) mypy
	@echo "Checking the frontend's types (deno)."
	@$(call deno,check --quiet labkit/view/frontend)

tests: $(DEV) ## Run the tests alone; TEST_ARGS="tests/repo -k name" chooses among them
	@echo "Running the tests (pytest)."
	@$(RUN) pytest -n 2 --dist loadgroup $(TEST_ARGS)

bench: $(BENCH) ## Measure the engine against its peers; BENCH_ARGS="--json FILE" keeps the figures
	@$(RUN) bench $(BENCH_ARGS)

bench-explore: $(BENCH) ## Search for every seeded bug: runs, seconds, length before and after; BENCH_ARGS="--only raft"
	@$(RUN) bench.bugs $(BENCH_ARGS)

bench-view: $(DEV) ## Measure the picture in headless Chromium: frames a second, opening, scrubbing; BENCH_ARGS="--json FILE"
	@$(RUN) bench.view $(BENCH_ARGS)

notebooks: $(DEV) ## Execute the walk-throughs in notebooks/ and write their outputs
	@$(RUN) tests.notebooks.executor

check-notebooks: $(DEV) ## Execute the walk-throughs and compare with the outputs written
	@$(RUN) tests.notebooks.executor --check

clean: ## Remove .venv and the caches
	@rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(LAB): pyproject.toml | $(VENV)/bin/python
	@echo "Installing labkit and JupyterLab into $(VENV). The first time this takes a minute or two."
	@$(PIP) --editable .
	@mkdir -p $(dir $(OVERRIDES)) && echo $(QUIET) > $(OVERRIDES) && touch $@

$(DEV): pyproject.toml | $(VENV)/bin/python
	@echo "Installing labkit and what its tests need into $(VENV)."
	@$(PIP) --editable '.[dev]'
	@for version in $(KERNELS); do $(PIP) --no-deps --upgrade --target $(VENV)/kernels/$$version ipykernel==$$version || exit 1; done
	@touch $@

$(BENCH): pyproject.toml | $(VENV)/bin/python
	@echo "Installing labkit and the benchmarks' peers into $(VENV)."
	@$(PIP) --editable '.[bench]' && touch $@

# The first of these that is Python 3.11 or later and can make virtual environments.
PYTHONS := $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11

$(VENV)/bin/python:
	@suitable=; for python in $(PYTHONS); do \
	  $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
	  suitable=$$python; \
	  $$python -c 'import ensurepip, venv' 2>/dev/null || continue; \
	  echo "Creating $(VENV) with $$($$python --version)."; \
	  exec $$python -m venv --clear $(VENV); \
	done; \
	if [ -n "$$suitable" ]; then \
	  echo "$$suitable cannot make virtual environments. On Debian or Ubuntu: sudo apt-get install $$(basename $$suitable)-venv"; \
	else \
	  echo "labkit needs Python 3.11 or later, and found none. Install one, or say where it is: make lab PYTHON=/path/to/python"; \
	fi >&2; exit 1

# Everything runs in .venv, made by the system's own Python; nothing outside this folder is touched.

SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready
# python3.11 where it works, so that every machine tests the oldest supported version.
PYTHON ?= $(shell for p in python3.11 python3; do \
	$$p -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
# Settings of pip that would send packages elsewhere than into .venv.
PIP := env -u PIP_USER -u PIP_TARGET -u PIP_PREFIX -u PIP_ROOT -u PYTHONHOME -u PYTHONPATH \
	$(BIN)/python -m pip --disable-pip-version-check --no-input
WORKERS ?= 2

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint bench docs clean

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | while IFS='	' read -r name text; \
		do printf 'make %-8s %s\n' "$$name" "$$text"; done

setup: $(READY) ## install Tidegate and its tools into .venv

$(READY): pyproject.toml
	@test -n '$(PYTHON)' || { echo 'Python 3.11 or later with venv is needed; on Debian: apt install python3-venv' >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(PIP) install --quiet --upgrade 'pip>=25.1'
	@$(PIP) install --quiet --editable . --group dev
	@touch $@

demo: setup ## release examples/digits to a registry on this machine, and show its trace
	@$(BIN)/python scripts/demo.py

test: lint ## run the linters and all tests
	@$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile --quiet

lint: setup ## check format, style, types and imports
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

bench: setup ## measure against docker, buildah, skopeo and crane, those that are here
	@$(BIN)/python -m benchmarks

docs: setup ## write the reference pages anew from the code
	@$(BIN)/python docs/generate.py

clean: ## remove what make made
	rm -rf $(VENV) .demo tidegate-report .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache

# make demo    edit 96 pictures with the bundled editor: no GPU, no model hub
# make test    formatting, types and tests
# make lint    formatting and types only
# make clean   remove the environment and caches; runs in data/ stay
#
# PYTHON=python3.12 make demo   with another Python, 3.11 or newer

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
INSTALL := $(PIP) install --quiet --constraint constraints.txt

.PHONY: help demo test lint clean

help:
	@sed -n 's/^# \{0,1\}//p' Makefile

demo: .venv/.models
	$(BIN)/syned generate --source shapes

test: lint
	$(BIN)/pytest -m "not slow and not network"

lint: .venv/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# torch goes first and alone, so that a build chosen by hand (CPU, CUDA) stays.
.venv/.models: pyproject.toml constraints.txt
	@echo "installing Syned into .venv, once; this takes minutes"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(INSTALL) "$$(grep '^torch==' constraints.txt)"
	@$(INSTALL) --editable ".[models]"
	@touch $@

.venv/.dev: .venv/.models
	@$(INSTALL) --editable ".[models,paraphrase,idc,dev]"
	@touch $@

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist

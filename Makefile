# Needs make and Python 3.10 or later; everything else goes into virtual environments in this folder.

PYTHON ?= python3
SHELL := /bin/sh
.DEFAULT_GOAL := help

# The stamp carries Python's version: another PYTHON, or a changed pyproject.toml, builds the environment anew.
VERSION := $(shell $(PYTHON) -c "import sys; print('%d.%d.%d' % sys.version_info[:3])" 2>/dev/null)
USER_STAMP := .venv/.ready-$(VERSION)
DEV_STAMP := .venv-dev/.ready-$(VERSION)
TORCH_STAMP := .venv-dev/.torch-$(VERSION)
PIP_FLAGS := --quiet --disable-pip-version-check

.PHONY: help demo test test-slow test-torch test-browser bench lint fix types readme clean

help:  ## list these targets
	@sed -n 's/^\([a-z-]*\):.*## /\1@/p' Makefile | while IFS=@ read -r name text; do \
		printf '  make %-12s %s\n' "$$name" "$$text"; done

demo: $(USER_STAMP)  ## train for one minute on Python's documentation, then let the network write
	.venv/bin/charrnn train @python-docs --minutes 1 --name demo
	.venv/bin/charrnn sample --prime "The "

test: $(DEV_STAMP)  ## the fast tests
	.venv-dev/bin/python -m pytest -q

test-slow: $(DEV_STAMP)  ## the tests that kill processes, resume in new ones and compile for other processors
	.venv-dev/bin/python -m pytest -q -m slow

test-torch: $(TORCH_STAMP)  ## the comparison with PyTorch (a big download)
	.venv-dev/bin/python -m pytest -q -m torch

test-browser: $(DEV_STAMP)  ## open the page of inspect-cells in a real Chromium, where one is installed
	@.venv-dev/bin/python -m pip install $(PIP_FLAGS) -e '.[dev,browser]'
	.venv-dev/bin/python -m pytest -q -m browser -rs

bench: $(TORCH_STAMP)  ## measure the speed beside PyTorch's (a big download)
	.venv-dev/bin/python -m benchmarks

lint: $(DEV_STAMP)  ## check the style
	.venv-dev/bin/ruff check .

fix: $(DEV_STAMP)  ## mend what of the style can be mended by itself
	.venv-dev/bin/ruff check --fix .

types: $(DEV_STAMP)  ## check the types
	.venv-dev/bin/mypy

readme: $(DEV_STAMP)  ## write the help texts into the README anew
	.venv-dev/bin/cog -r README.md

clean:  ## remove the environments and caches; runs in checkpoints/ stay
	rm -rf .venv .venv-dev .pytest_cache .ruff_cache .mypy_cache .hypothesis build dist
	find charrnn tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

# $(call environment,FOLDER,WHAT TO INSTALL)
define environment
	@$(PYTHON) -c "" 2>/dev/null || { \
		echo "make: no $(PYTHON) here; install Python 3.10 or later, or say make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 10))" || { \
		echo "make: $(PYTHON) is Python $(VERSION); 3.10 or later is needed: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c "import ensurepip, venv" 2>/dev/null || { \
		echo "make: $(PYTHON) has no venv module; install it (Debian, Ubuntu: apt install python3-venv)" >&2; exit 1; }
	@echo "building $(1) with Python $(VERSION)"
	@$(PYTHON) -m venv --clear $(1)
	@$(1)/bin/python -m pip install $(PIP_FLAGS) -e '$(2)'
	@touch $@
endef

$(USER_STAMP): pyproject.toml
	$(call environment,.venv,.)

$(DEV_STAMP): pyproject.toml
	$(call environment,.venv-dev,.[dev])

$(TORCH_STAMP): $(DEV_STAMP)
	@.venv-dev/bin/python -m pip install $(PIP_FLAGS) -e '.[dev,torch]'
	@touch $@

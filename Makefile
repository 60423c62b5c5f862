# Everything that is run here by hand or by CI; `make` alone lists it.
#
# The environment is made by .ci/venv, which does nothing when it is up to date.
# Another interpreter: make run PYTHON=python3.12

PYTHON ?= python3
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help venv run serve test lint bench golden requirements clean

help:  ## list these targets
	@echo "make TARGET, where TARGET is one of"
	@sed -n 's/^\([a-z]*\):.*  ## /\1|/p' Makefile | while IFS='|' read -r name text; do \
		printf '  %-13s %s\n' "$$name" "$$text"; \
	done

venv:  ## make .venv, or mend it; the other targets do this first
	@sh .ci/venv "$(PYTHON)" "$(origin PYTHON)"

run: venv  ## do the whole job once for the example site: feeds, pages, newsletters
	@$(BIN)/pipeline run

serve: venv  ## serve the feeds, the pages and the local mailbox until Ctrl-C
	@$(BIN)/pipeline serve

test: venv  ## run all tests, and list what this machine lacks for some of them
	@sh .ci/postgresql
	@$(BIN)/python -m pytest -n 2

lint: venv  ## check the code as CI does: ruff, its formatting, mypy
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy

bench: venv  ## measure speed and size, write var/bench.json, fail where a bound is missed
	@FULL=$(FULL) $(BIN)/python -m tests.benchmarks $(ONLY)

golden: venv  ## write the golden files anew; look at the difference before you commit it
	@$(BIN)/python -m pytest -n 2 --renew-golden

requirements: venv  ## renew requirements.txt: the newest releases that pyproject.toml allows
	@sh .ci/requirements

clean:  ## remove .venv, caches and builds; var/ stays, it holds what was sent to whom
	@rm -rf .venv .pytest_cache .ruff_cache .mypy_cache .hypothesis build dist
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
	@echo "Removed .venv, caches and builds. var/ is untouched."

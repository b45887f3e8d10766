# Every target does its own set-up in .venv; a second call finds it done.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
extra = PIP_CONSTRAINT=constraints.txt $(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[$(1)]'

.PHONY: help demo test test-all repeat check bench fuzz soak signals mutants coverage picture constraints clean
.DEFAULT_GOAL := help

help: ## show the targets
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 14

demo: $(READY) ## the built-in example, then real files and a real local server
	$(BIN)/asyncmodes compare
	$(BIN)/python examples/local_server.py

test: check ## lint, types, import directions, then all tests
	$(BIN)/python -m pytest

test-all: ## the same on every Python from 3.11 on that this machine has
	@$(PYTHON) tests/every_python.py

repeat: $(READY) ## the tests 20 times in a row, shuffled, with every core busy; TIMES=3 takes less
	$(BIN)/python -m tests.repeating

check: $(READY) ## lint, types, import directions
	$(BIN)/ruff check --quiet asyncmodes tests examples
	$(BIN)/ruff format --check --quiet asyncmodes tests examples
	$(BIN)/mypy --no-error-summary
	$(BIN)/lint-imports >$(VENV)/lint-imports.log || { cat $(VENV)/lint-imports.log; exit 1; }

bench: $(READY) ## measure against the goals, side by side, as ratios; ONLY="cli specs" picks
	@$(call extra,bench) 2>/dev/null || echo 'some peers cannot be installed here, and are left out'
	$(BIN)/python -m tests.bench $(ONLY)

fuzz: $(READY) ## 1,460,000 generated inputs; ONLY=specs picks, INPUTS=0.1 takes a tenth
	$(call extra,fuzz)
	$(BIN)/python -m tests.fuzz $(ONLY)

soak: $(READY) ## half an hour against a faulty server; MINUTES=2 takes less
	$(BIN)/python -m tests.soak

signals: $(READY) ## interrupt the program at 300 moments; COUNT=1000 takes more, ONLY=export a phase
	$(BIN)/python -m tests.interrupting

coverage: $(READY) ## which lines and branches the tests reach, and that all of the heart is reached
	$(call extra,coverage)
	$(BIN)/python -m coverage run -m pytest -q -p no:randomly
	$(BIN)/python -m coverage report
	$(BIN)/python -m tests.uncovered

mutants: $(READY) ## change the heart and see that the tests notice; ONLY='modes text' takes some
	$(call extra,mutants)
	nice -n 15 $(BIN)/python -m tests.mutants $(ONLY)

picture: $(READY) ## draw the README's pictures anew
	$(BIN)/asyncmodes compare --clock virtual -m sequential -m parallel -m limited=2 -o examples/compare.svg >/dev/null
	$(BIN)/asyncmodes compare --spec examples/burnt-toast.toml --clock virtual -m sequential -m parallel -m parallel+cancel -m settled -o examples/burnt-toast.svg >/dev/null
	$(BIN)/python -m tests.pictures

constraints: $(READY) ## pin what is installed now
	$(BIN)/python -m pip freeze --exclude-editable --exclude asyncmodes >constraints.txt

clean: ## remove what the targets made
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .fuzz .coverage mutants .venv-*

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "asyncmodes needs Python 3.11 or newer, and '$(PYTHON)' is none; name one: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || \
	  { echo "asyncmodes needs Python's venv module, and '$(PYTHON)' lacks it; install it (Debian, Ubuntu: apt install python3-venv)" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	PIP_CONSTRAINT=constraints.txt $(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $(READY)

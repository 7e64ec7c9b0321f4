# `make demo` and `make test` are all that a new machine with Python, pip, git and make needs.
# `make check` is what CI runs. Each makes the environment it uses, and makes it anew when
# pyproject.toml has changed.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

# Each of the many processes that tests start would compile everything anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test check format lint types contracts slow mutation
.DELETE_ON_ERROR:

## demo: import a real data set and show what the core makes of it; ARGS are passed on
demo: $(VENV)/demo-ready
	$(BIN)/regulars demo $(ARGS)

## test: every test but the slow ones, and the coverage gate
test: $(VENV)/dev-ready
	$(BIN)/pytest --numprocesses auto --cov

## check: everything CI runs
check: lint types contracts slow test

lint: $(VENV)/dev-ready
	$(BIN)/ruff format --check
	$(BIN)/ruff check

types: $(VENV)/dev-ready
	$(BIN)/mypy
	$(BIN)/pyright --pythonpath $(BIN)/python

contracts: $(VENV)/dev-ready
	$(BIN)/lint-imports --no-logo

## slow: what takes long or explores at random, and the laws over far more examples
slow: $(VENV)/dev-ready
	$(BIN)/pytest --numprocesses auto -m "slow or law" --timeout 900 --hypothesis-profile long

## mutation: change the loyalty core in small ways and see whether types or its tests notice; MUTANTS
## are those to try, as 'regulars.domain.lots.*'; what was tried before is tried again if it changed
mutation: $(VENV)/dev-ready
	PATH="$(abspath $(BIN)):$$PATH" mutmut run $(MUTANTS)
	$(BIN)/mutmut results | grep -v "caught by type check" || true

## format: write the code as the linter wants it
format: $(VENV)/dev-ready
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

$(VENV)/demo-ready: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "regulars needs Python 3.11 or later, and $(PYTHON) is `$(PYTHON) --version 2>&1`." \
	       "Name another one: make PYTHON=python3.12" >&2; exit 1; }
	@echo "Making $(VENV) (about half a minute)"
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --editable ".[demo]"
	@touch $@

# --group needs pip 25.1, which Python 3.11 does not bring.
$(VENV)/dev-ready: $(VENV)/demo-ready
	$(BIN)/python -m pip install --quiet --group dev
	@touch $@

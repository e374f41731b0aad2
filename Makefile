# One virtual environment, made once and remade when the pins change. Nothing is assumed but
# Python >= 3.11 and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PIP_CONSTRAINT := requirements.lock
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export OMP_NUM_THREADS := 1

.PHONY: install app test test-quick lint bench clean

install: $(VENV)/.app  ## the environment that the dashboard needs

app: install  ## the dashboard on http://127.0.0.1:8501
	$(BIN)/steepness app

test: $(VENV)/.dev  ## the whole suite
	@$(BIN)/python -m dashboard.bench.chromium
	$(BIN)/python -m pytest

test-quick: $(VENV)/.dev  ## what takes under a minute
	$(BIN)/python -m pytest -m "not browser and not slow"

lint: $(VENV)/.dev  ## format, rules, types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

bench: $(VENV)/.dev  ## how quick the page is, in a real browser
	$(BIN)/steepness bench app

clean:  ## everything that make made
	rm -rf $(VENV) dashboard/static .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(VENV)/.app: pyproject.toml requirements.lock
	@$(PYTHON) -c "import sys; sys.exit(0 if sys.version_info >= (3, 11) else 'Steepness needs Python 3.11 or newer; this is %s. Give one: make PYTHON=python3.12 ...' % sys.version.split()[0])"
	$(PYTHON) -m venv $(VENV)
	@echo "installing the pinned dependencies (torch is large: a few minutes)"
	$(BIN)/python -m pip install --quiet --editable ".[speech,hub]"
	@touch $@

$(VENV)/.dev: $(VENV)/.app
	$(BIN)/python -m pip install --quiet --editable ".[speech,hub,test,lint]"
	@touch $@

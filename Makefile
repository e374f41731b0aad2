# One virtual environment, made once and remade when the pins change. Nothing is assumed but
# Python >= 3.11 and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# The tests are shared out to so many, file by file: those that share a study stay together.
# (Not --dist loadgroup: pytest-xdist 3.8.0 does not see its groups under pytest 9.2.0.)
# Their order is that of tests/conftest.py, the long ones first; xdist's own counts tests alone.
PROCESSES ?= 2
PYTEST = $(BIN)/python -m pytest -n $(PROCESSES) --dist loadfile --no-loadscope-reorder
export PIP_CONSTRAINT := requirements.lock
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export OMP_NUM_THREADS := 1

.PHONY: install app test test-quick soak audit lint bench docs clean

install: $(VENV)/.app  ## the environment that the dashboard needs

app: install  ## the dashboard on http://127.0.0.1:8501
	$(BIN)/steepness app

test: $(VENV)/.dev  ## the whole suite
	@$(BIN)/python -m dashboard.bench.chromium
	$(PYTEST)

test-quick: $(VENV)/.dev  ## what needs no browser and is not slow
	$(PYTEST) -m "not browser and not slow and not soak"

soak: $(VENV)/.dev  ## what takes minutes to hours: faults, floods and fuzz
	$(BIN)/python -m pytest -m soak

lint: $(VENV)/.dev  ## format, rules, types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

audit: $(VENV)-audit/.tools  ## known vulnerabilities in what is pinned; a bill of materials
	$(VENV)-audit/bin/python .ci/audit.py

bench: $(VENV)/.dev  ## how quick the page is, in a real browser
	$(BIN)/steepness bench app

docs: $(VENV)/.docs  ## how-tos, gallery and reference, in site/
	$(BIN)/python -m sphinx -W --keep-going --quiet -b html docs site

clean:  ## everything that make made
	rm -rf $(VENV) $(VENV)-audit sbom.json site dist .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(VENV)/.app: pyproject.toml requirements.lock
	@$(PYTHON) -c "import sys; sys.exit(0 if sys.version_info >= (3, 11) else 'Steepness needs Python 3.11 or newer; this is %s. Give one: make PYTHON=python3.12 ...' % sys.version.split()[0])"
	$(PYTHON) -m venv $(VENV)
	@echo "installing the pinned dependencies (torch is large: a few minutes)"
	$(BIN)/python -m pip install --quiet --editable ".[speech,hub]"
	@touch $@

# Apart from what is audited. PIP_CONSTRAINT would hold the tools to our own pins.
$(VENV)-audit/.tools: Makefile
	$(PYTHON) -m venv $(VENV)-audit
	PIP_CONSTRAINT= $(VENV)-audit/bin/python -m pip install --quiet pip-audit==2.10.1 cyclonedx-bom==7.5.0
	@touch $@

$(VENV)/.dev: $(VENV)/.app
	$(BIN)/python -m pip install --quiet --editable ".[speech,hub,test,lint]"
	@touch $@

$(VENV)/.docs: $(VENV)/.app
	$(BIN)/python -m pip install --quiet --editable ".[speech,hub,docs]"
	@touch $@

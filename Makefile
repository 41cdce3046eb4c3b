PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
# A sales history beside the checkout is used where there is one; name your own with HISTORY=path.
HISTORY ?= $(wildcard ../shared/data/online_retail_sku_country_day.parquet)

.DEFAULT_GOAL := help
.PHONY: help train test test-slow lint types contracts wheel check clean lock

help: ## Show what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/'

# Python compiles what is imported as it is imported: all 17,000 files would take half of the time to install. pip
# unpacks on one core, so that two of them share the packages; a third finds out whether any of them needs one more.
INSTALL := $(BIN)/pip install --quiet --no-compile
# A package costs as much as 20 MB: the two large ones and a third of the others are half of the work.
FIRST := ^(ray|torch|[a-l].*)==
.venv/.installed: requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11")'
	$(PYTHON) -m venv .venv
	grep -E '$(FIRST)' requirements.lock > .venv/first.txt
	grep -vE '$(FIRST)' requirements.lock > .venv/second.txt
	$(INSTALL) --no-deps -r .venv/first.txt -e . & first=$$!; \
	$(INSTALL) --no-deps -r .venv/second.txt; second=$$?; wait $$first && exit $$second
	$(INSTALL) -r requirements.lock
	touch $@

train: .venv/.installed ## Train the main job and print its table (ARGS="key=value …" to change it)
	$(BIN)/entrepot train $(if $(HISTORY),demand.path=$(HISTORY)) $(ARGS)

# Two processes of one thread each, for the 2 cores of CI: more threads would only get into each other's way.
# A file's tests stay together, since they share what is dear to make; in the order of tests/conftest.py.
PYTEST := OMP_NUM_THREADS=1 $(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder

test: .venv/.installed ## Run the tests, but for those that start clusters, servers and other processes
	$(PYTEST) -m "not slow" $(ARGS)

test-slow: .venv/.installed ## Run the others
	$(PYTEST) -m slow $(ARGS)

lint: .venv/.installed ## Check style and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/.installed ## Check types
	$(BIN)/mypy src tests

contracts: .venv/.installed ## Check that imports run one way
	$(BIN)/lint-imports

wheel: .venv/.installed ## Build the wheel through the sdist and import it elsewhere
	PYTHON=$(BIN)/python bash .ci/check_wheel.sh

check: ## What CI runs
	bash .ci/run

lock: ## Write requirements.lock anew from what .venv holds
	$(BIN)/pip freeze --exclude-editable | sed -E 's/\+cpu$$//' > requirements.lock

clean: ## Remove the environment and caches
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis src/*.egg-info

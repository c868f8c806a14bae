# `make help` lists what there is to do. Every target brings its own environment up to date first.

VENV  := .venv
BIN   := $(VENV)/bin
STAMP := $(VENV)/.installed
SPARK := $(VENV)/.spark
PYTEST_ARGS ?=

# The first interpreter that is new enough. 3.11 comes first because the lock file is tested on it.
FIND_PYTHON = for python in python3.11 python3.12 python3.13 python3; do \
	if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then echo $$python; exit; fi; done

COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --extra dev --generate-hashes \
	--custom-compile-command "make lock"

PACKAGES = portal ledger abs disclosure regulator dashboards

.DEFAULT_GOAL := help
.PHONY: demo serve test check static bench records browser spark lock clean help

demo: $(STAMP) ## Install, make a consortium, replicate it, report on it; print where everything is
	@$(BIN)/glasspool demo

serve: $(STAMP) ## Open the pages of the node on this machine: GLASSPOOL_HOME, or else the demo's
	@GLASSPOOL_HOME="$${GLASSPOOL_HOME:-$$(if [ -d demo/node ]; then echo demo/node; fi)}" $(BIN)/glasspool serve

test: $(SPARK) ## Install what the tests need and run all of them (PYTEST_ARGS="-k name" for some)
	@.ci/system-packages tests
	@$(BIN)/python -m pytest -n auto $(PYTEST_ARGS)

check: static ## Format, lint, types, imports and the fast tests; needs no network once installed
	@$(BIN)/python -m pytest -n auto -m "not slow and not browser" $(PYTEST_ARGS)

static: $(STAMP) ## The part of `check` that runs nothing: format, lint, types, imports
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(STAMP) ## Measure everything there is a goal for: about an hour and 15 GB in the temporary folder
	@for each in sync waterfall pool stress scale lookthrough network outside duplicates_accuracy duplicates; do $(BIN)/python -m tests.benchmarks.$$each || exit; done

records: $(STAMP) ## Write docs/records.md and docs/schemas again, from the kinds the code knows
	@$(BIN)/glasspool records --output docs

browser: $(STAMP) ## Only the tests that drive a browser
	@.ci/system-packages tests
	@$(BIN)/python -m pytest -m browser $(PYTEST_ARGS)

spark: $(SPARK) ## Bring Spark (500 MB) for the tests and snapshots that run on it; it needs Java 17

lock: $(BIN)/uv ## Renew the lock files from pyproject.toml (UPGRADE=1 takes newer versions too)
	$(COMPILE) $(if $(UPGRADE),--upgrade) --output-file requirements.lock pyproject.toml
	$(COMPILE) --extra spark --constraint requirements.lock --output-file requirements-spark.lock pyproject.toml

clean: ## Remove the environment, builds and caches; data of a node is left alone
	rm -rf $(VENV) build dist *.egg-info .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find $(PACKAGES) tests -name __pycache__ -type d -prune -exec rm -rf {} +

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(STAMP): pyproject.toml requirements.lock | $(BIN)/python
	@echo "Installing into $(VENV)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(SPARK): $(STAMP) requirements-spark.lock
	@echo "Installing Spark into $(VENV)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-spark.lock
	@touch $@

# Debian ships Python without the part that makes environments, so the first try may fail and the second succeed.
$(BIN)/python:
	@python=$$($(FIND_PYTHON)); \
	if [ -z "$$python" ] || ! $$python -m venv $(VENV) >/dev/null 2>&1; then \
		rm -rf $(VENV) && .ci/system-packages python && python=$$($(FIND_PYTHON)) && \
		if [ -z "$$python" ]; then echo "Glasspool needs Python 3.11 or later: install it and run make again." >&2; exit 2; fi && \
		$$python -m venv $(VENV); \
	fi

$(BIN)/uv:
	@$(MAKE) --no-print-directory $(STAMP)

# Everything a person does here. `make` alone lists it.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
UV     := uv==0.13.8
LOCKS  := requirements.lock requirements-dev.lock
LOCK   := --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header --quiet

# Keep compiled modules even where the environment says not to: each process would compile all of Dagster again, 3 s.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help run up test chaos check format bench lock clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(STAMP) ## Run the nightly pipeline on the sample backtests and show the recommended allocation
	@$(BIN)/fund demo

up: $(STAMP) ## Start the Dagster UI, daemon, code servers and HTTP API; Ctrl-C stops all of it
	@$(BIN)/fund up

test: $(STAMP) ## Run every test, on SQLite and on a real PostgreSQL, with a real browser
	@$(BIN)/python -m fund_pipeline_tests.browser_setup
	@$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder

chaos: $(STAMP) ## Run thousands of random trials; each fault comes with the seed that shows it again
	@$(BIN)/python -m fund_pipeline_tests.chaos
	@$(BIN)/pytest -n 2 --hypothesis-profile=anew $$(grep -rl --include='test_*.py' 'from hypothesis import' fund_pipeline_tests)

check: $(STAMP) ## Lint, formatting, types and import layers
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(STAMP) ## Format the code and fix what the linter can
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: $(STAMP) ## Measure the speed claims, each as a ratio to a peer in the same run
	@$(BIN)/python -m benchmarks

lock: $(STAMP) ## Resolve the dependencies again into the lock files (names, versions, hashes)
	@$(BIN)/uv pip compile pyproject.toml --extra dev --extra bench --extra build --upgrade $(LOCK) --output-file requirements-dev.lock
	@$(BIN)/uv pip compile pyproject.toml --extra build --constraint requirements-dev.lock $(LOCK) --output-file requirements.lock

clean: ## Remove the virtual environment and the caches; the embedded home .fund stays
	@rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# uv where the index has it for this machine, else pip: the same lock, the same hashes.
$(STAMP): $(LOCKS) pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Setting up $(VENV) from requirements-dev.lock (a minute or two the first time)"
	@if $(BIN)/python -m pip install --quiet --disable-pip-version-check $(UV); then \
		$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements-dev.lock && \
		$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e . ; \
	else \
		$(BIN)/python -m pip install --quiet --require-hashes -r requirements-dev.lock && \
		$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e . ; \
	fi
	@touch $(STAMP)

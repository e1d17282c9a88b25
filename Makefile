# Every command of this repository. `make help` lists them.
SHELL := /bin/sh
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help setup demo test check bench fuzz docs format clean

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: .venv/ready ## Prepare .venv with everything; quick when nothing changed

.venv/ready: pyproject.toml constraints.txt scripts/setup
	@scripts/setup

demo: setup ## Set everything up and run the whole scenario on this machine
	@$(BIN)/lampgate lab

test: setup ## Set everything up and run all tests
	@scripts/browser
	@scripts/valkey
	@scripts/oidc-provider
	$(BIN)/python -m pytest $(PYTEST_ARGS)

check: setup ## Lint, format check, types, import direction
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: setup ## Compare with every peer that is on this machine
	@$(BIN)/python -m bench --write docs/benchmarks

fuzz: setup ## Fuzz parsers, cookies, paths and configurations, a minute each (SECONDS=…)
	@$(BIN)/python -m tests.fuzz $(or $(SECONDS),60)

docs: setup ## Draw the pages that are drawn from the code
	$(BIN)/python -m lampgate.config.oauth2_proxy.reference > docs/oauth2-proxy-options.md
	$(BIN)/python -m lampgate.config.native.schema > docs/lampgate.schema.json
	$(BIN)/python -m lampgate.config.check.page > docs/findings.md
	$(BIN)/python -c 'from tests.conformance.lessons import page; print(page(), end="")' > docs/oauth2-proxy-lessons.md
	$(BIN)/python -c 'from tests.differential.differences import page; print(page(), end="")' > docs/oauth2-proxy-differences.md

format: setup ## Format the code and mend what can be mended
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean: ## Remove everything that was made here
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

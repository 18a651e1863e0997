# make run    set up and open Morgan (ARGS="…" are handed to it)
# make test   set up and check everything
# make help   the other targets

SETUP := sh packaging/scripts/setup.sh
BIN := .venv/bin
ARGS ?=
TESTS ?= tests
JOBS ?= 2

.PHONY: run setup test lint format types explore bench pin dist clean help

run:
	@$(SETUP) run
	@exec $(BIN)/python -m morgan_tui $(ARGS)

setup:
	@$(SETUP) dev

test: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal $(TESTS)

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

format: setup
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: setup
	$(BIN)/mypy

explore: setup
	$(BIN)/python -m pytest -n $(JOBS) --hypothesis-profile=explore $(TESTS)

bench: setup
	@$(BIN)/python -m tests.benchmarks $(ARGS)

pin: setup
	@sh packaging/scripts/pin.sh

dist: setup
	$(BIN)/python -m pip wheel --no-deps --wheel-dir dist .

clean:
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find morgan_core morgan_tui tests -name __pycache__ -type d -prune -exec rm -rf {} +

help:
	@echo "run     set up and open Morgan; ARGS=\"ask …\" are handed to it"
	@echo "test    set up and check everything: style, types, import contracts, tests"
	@echo "lint    style and import contracts"
	@echo "format  put the style right"
	@echo "types   mypy"
	@echo "explore the tests with new examples at every run"
	@echo "bench   the benchmark suite, as JSON"
	@echo "pin     write the installed versions to packaging/constraints.txt"
	@echo "dist    build the wheel into dist/"
	@echo "clean   remove .venv and everything that was built"

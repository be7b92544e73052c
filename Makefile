# Everything a newcomer types. Needs only Python 3.11+ and make; `make help` lists the targets.
PYTHON ?= python3
VENV   := .venv
SEEDS  ?= 3
BIN    := $(VENV)/bin
UV     := $(BIN)/uv
UV_VERSION := 0.13.8
export UV_PYTHON := $(CURDIR)/$(BIN)/python

.DEFAULT_GOAL := help
.PHONY: help install demo serve test check format lint types bench bench-boards bench-public bench-pictures bench-custody peers lock clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort

$(UV):
	$(PYTHON) -c 'import sys; sys.exit("Housecall needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Set PYTHON=/path/to/python3.11.") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

$(VENV)/.runtime: requirements/runtime.lock pyproject.toml | $(UV)
	$(UV) pip install --quiet --require-hashes -r requirements/runtime.lock
	$(UV) pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements/dev.lock $(VENV)/.runtime
	$(UV) pip install --quiet --require-hashes -r requirements/dev.lock
	@touch $@

install: $(VENV)/.runtime ## make .venv with what Housecall needs to run

demo: install ## seed a day in Columbus, plan it, play the morning, serve the screens
	$(BIN)/housecall demo

serve: install ## serve the database that HOUSECALL_DATABASE_URL names
	$(BIN)/housecall serve

test: $(VENV)/.dev ## all tests; names what it left out
	$(BIN)/python -c "from routing.engine.exact.warming import warm_up; warm_up()" # compiled once, not by each test process
	$(BIN)/pytest -n auto --dist worksteal

check: format lint types test ## format, lint, types, import laws, tests

format: $(VENV)/.dev
	$(BIN)/ruff format --check .

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/lint-imports

types: $(VENV)/.dev
	$(BIN)/mypy

bench: $(VENV)/.dev $(VENV)/.peers ## measure two boards, the day board's page (and the public instances below BENCH_DATA)
	$(BIN)/housecall bench boards --size 100/28 --seeds 2 --seconds 10
	$(BIN)/python -m benchmarks.board_page
	$(if $(BENCH_DATA),$(BIN)/python -m benchmarks public --data $(BENCH_DATA) --family sdvrptw-skills --seconds 20)
	$(if $(BENCH_DATA),$(BIN)/python -m benchmarks public --data $(BENCH_DATA) --family mdvrptw --seconds 20)

bench-boards: $(VENV)/.peers ## remake the boards' tables of docs/benchmarks.md (SEEDS=3: 90 minutes; TABLES=targets for one)
	$(BIN)/housecall bench tables $(TABLES) --seeds $(SEEDS)

MOST_VISITS = 100
FAMILIES = sdvrptw-skills mdvrptw vrptw-solomon mtvrptw-reload hhcrsp-mankowska hhcrsp-extended
bench-public: $(VENV)/.runtime ## public instances below BENCH_DATA, 60 s each, then the published routes timed again (FAMILIES=one; MOST_VISITS=600 for all)
	for family in $(FAMILIES); do $(BIN)/python -m benchmarks public --data $(BENCH_DATA) --family $$family --most-visits $(MOST_VISITS) || exit 1; $(BIN)/python -m benchmarks public --data $(BENCH_DATA) --family $$family --verify | tail -1; done

bench-pictures: $(VENV)/.runtime ## draw cost and bound over time again, and profile one solve
	$(BIN)/housecall bench plot --seconds 120
	$(BIN)/housecall bench profile --size 200/55 --seconds 60

bench-custody: $(VENV)/.dev ## events a second of the custody ledger, their p99 beside others, a race for one vial
	$(BIN)/python -m benchmarks custody

peers: $(VENV)/.peers ## install the other solvers that `housecall bench boards` compares with

$(VENV)/.peers: requirements/peers.lock $(VENV)/.runtime
	$(UV) pip install --quiet --require-hashes -r requirements/peers.lock
	@touch $@

lock: $(UV) ## renew requirements/*.lock: hashes, no host's address
	$(UV) pip compile -q --universal --generate-hashes --no-emit-index-url --no-annotate --no-header -p 3.11 pyproject.toml --group build -o requirements/runtime.lock
	$(UV) pip compile -q --universal --generate-hashes --no-emit-index-url --no-annotate --no-header -p 3.11 pyproject.toml --group build --group dev -o requirements/dev.lock
	$(UV) pip compile -q --universal --generate-hashes --no-emit-index-url --no-annotate --no-header -p 3.11 pyproject.toml --group build --group peers -o requirements/peers.lock

clean:
	rm -rf $(VENV) build *.egg-info var

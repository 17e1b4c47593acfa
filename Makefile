# Every target works in a fresh clone and runs the set-up first if needed; `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV  := .venv
BIN   := $(VENV)/bin
STAMP := $(VENV)/.setup-done
# The first Python on the PATH that is new enough, else python3, whose version the set-up then reports.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && exit; done; echo python3)

.PHONY: help docs reference messages setup demo test test-slow test-all test-faults test-browser check bench bench-full bench-stages bench-ingest bench-stress bench-inventory bench-accuracy wheel lock clean distclean

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  \1\t\2/' | expand -t 18

setup: $(STAMP)  ## create .venv from the lock files and download Delta's jars, once

$(STAMP): requirements.lock requirements-build.lock pyproject.toml lepton_spark/delta_jars.sha256 scripts/bootstrap.py
	@command -v $(PYTHON) >/dev/null || { echo 'setup: Python: found no $(PYTHON); allowed: 3.11 or newer. Install one and run: make setup PYTHON=python3.11' >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.version_info < (3, 11) and sys.exit("setup: Python: found %d.%d; allowed: 3.11 or newer. Install one and run: make setup PYTHON=python3.11" % sys.version_info[:2])'
	@$(PYTHON) -B scripts/bootstrap.py
	@touch $@

demo: $(STAMP)  ## forecast from a year of a real grocer's sales, from raw lines to published tables
	$(BIN)/lepton run --conf conf/base.yaml conf/demo.yaml
	@echo "The sales of the demo end in 2017, so its forecasts are of the past. Its lead time is an example (conf/demo.yaml)."

PYTEST := $(BIN)/python -m pytest -n 3 --dist loadscope --no-loadscope-reorder

test: $(STAMP)  ## run the quick tests (about 15 minutes on two cores)
	@$(PYTEST) -m "not slow and not faults and not browser" --durations=15

test-slow: $(STAMP)  ## run the tests that make test leaves out, except those of make test-faults and test-browser
	@$(PYTEST) -m "slow and not faults and not browser" --durations=15

test-all: $(STAMP)  ## run all tests except those of make test-faults and test-browser, as CI does
	@$(PYTEST) -m "not faults and not browser" --durations=15

test-browser: $(STAMP)  ## draw the report in Chromium (apt-get install chromium; installs playwright)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check "playwright>=1.50"
	@$(BIN)/python -m pytest tests/browser -m browser

test-faults: $(STAMP)  ## kill real runs at every stage and check recovery (hours; LEPTON_FAULTS=12 for twelve points)
	@LEPTON_FAULTS=$${LEPTON_FAULTS:-all} $(BIN)/python -m pytest tests/faults tests/pipelines -m "faults or kills" --log-cli-level=INFO

check: $(STAMP)  ## check lint, format, types, import layers and catalogues; list missing translations
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python scripts/messages.py --check

bench: $(VENV)/.peers-done  ## measure speed at 1,000 and 10,000 products, beside peers (minutes)
	$(BIN)/python benchmarks/speed.py --series 1000 10000 --folder output/bench

bench-full: $(VENV)/.peers-done  ## the same up to 1,000,000 products, and copy table and chart to docs (an hour)
	$(BIN)/python benchmarks/speed.py --series 1000 10000 100000 1000000 --folder output/bench-full
	cp output/bench-full/speed.csv docs/performance.csv
	cp output/bench-full/speed.svg docs/performance.svg

bench-stages: $(STAMP)  ## measure the stages from the panel on, 20,000 products of 730 days
	$(BIN)/python benchmarks/throughput.py

bench-ingest: $(STAMP)  ## measure a first run on 14.6 million daily lines, stage by stage
	$(BIN)/python benchmarks/ingest.py --folder output/bench-ingest

bench-stress: $(STAMP)  ## forecast made-up shops with a known truth (under 15 minutes)
	$(BIN)/python benchmarks/stress.py

bench-inventory: $(VENV)/.peers-done  ## simulate stock on the public sets, and copy table and chart to docs
	$(BIN)/python benchmarks/inventory.py --csv docs/inventory.csv --chart docs/inventory.svg

bench-accuracy: $(VENV)/.peers-done  ## compare accuracy with peer libraries, installed first (about 50 minutes)
	$(BIN)/python benchmarks/accuracy.py --csv docs/accuracy.csv

$(VENV)/.peers-done: $(STAMP) requirements-peers.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-peers.lock
	@touch $@

docs: $(STAMP)  ## build the documentation into output/docs
	$(BIN)/sphinx-build -W -q -b html docs output/docs
	@echo "output/docs/index.html"

reference: $(STAMP)  ## write docs/reference anew from the settings, tables and commands
	$(BIN)/python scripts/write_reference.py

messages: $(STAMP)  ## collect the messages of the code into the catalogues of translations, and list those missing
	$(BIN)/python scripts/messages.py

wheel: $(STAMP)  ## build the wheel, and a copy lepton_spark.zip for spark-submit --py-files
	rm -rf build dist
	$(BIN)/python -m pip wheel --quiet --no-deps --no-build-isolation --no-index --wheel-dir dist .
	cp dist/lepton_spark-*.whl dist/lepton_spark.zip
	rm -rf build

lock:  ## update the lock files (needs the network and uv)
	scripts/lock

clean:  ## delete the output of builds, tests and runs; keeps .venv
	rm -rf build dist output warehouse spark-warehouse metastore_db derby.log *.egg-info
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find lepton_spark jobs tests benchmarks scripts -name __pycache__ -type d -prune -exec rm -rf {} +

distclean: clean  ## also delete .venv with Delta's jars
	rm -rf $(VENV)

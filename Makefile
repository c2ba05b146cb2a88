# Everything is set up by the target that needs it: a fresh Debian 12 machine wants only `make`.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

READY := $(VENV)/ready

.PHONY: help
help: ## print this help
	@echo "Gridwatch: make TARGET"
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-12s %s\n", $$1, $$2}'

.PHONY: run
run: setup ## a story with simulated devices: leak, person in care, lease, gas (SECONDS=20 ends by itself, INFLUX=1 writes to InfluxDB)
	@$(BIN)/gridwatch demo $(if $(SECONDS),--seconds $(SECONDS)) $(if $(filter 1,$(INFLUX)),--influx)

.PHONY: test
test: setup ## every test, with real servers on loopback
	@$(BIN)/pytest

.PHONY: check
check: $(READY) ## format, lint, types, layers, known vulnerabilities (AUDIT=1 insists on the network)
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m tests.audit $(if $(filter 1,$(AUDIT)),--required)

.PHONY: format
format: $(READY) ## put the code into its form
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix --quiet .

.PHONY: rules
rules: $(READY) ## every case of every rule, by the engine of the service
	@$(BIN)/gridwatch rules test

.PHONY: bench
bench: setup ## speed against the null consumer mosquitto_sub, latency, memory
	@$(BIN)/python -m tests.bench

.PHONY: bench-fleet
bench-fleet: setup ## memory and speed of one process that simulates 100,000 devices
	@$(BIN)/python -m tests.bench.fleet

.PHONY: bench-million
bench-million: $(READY) ## memory, start and idle ticks of the rules of a million subjects
	@$(BIN)/python -m tests.bench.million

.PHONY: soak
soak: setup ## the whole stack under load with faults at random, and a ledger of it (MINUTES=2 SEED=7)
	@$(BIN)/python -m tests.soak --minutes $(or $(MINUTES),2) --seed $(or $(SEED),7)

.PHONY: quality
quality: $(READY) ## leaks found and false alarms of the water rules on real meters (FILE=readings.csv.gz)
	@$(BIN)/python -m tests.quality $(or $(FILE),tests/samples/daiad/readings.csv)

.PHONY: replay
replay: setup ## real household meters through the path (FILE=readings.csv.gz)
	@$(BIN)/gridwatch demo --replay $(or $(FILE),tests/samples/daiad/readings.csv)

.PHONY: docs
docs: $(READY) ## write what is generated in docs: settings, metrics, rules, JSON Schemas
	@$(BIN)/gridwatch settings > docs/settings.md
	@$(BIN)/gridwatch metrics > docs/metrics.md
	@$(BIN)/gridwatch rules list --markdown > docs/rules.md
	@$(BIN)/python -m ingest.schemas docs/payloads

.PHONY: ca
ca: $(READY) ## certificates of a trial for the broker, made here and never committed (FOLDER=.run/ca HOST=localhost)
	@$(BIN)/gridwatch broker ca $(or $(FOLDER),.run/ca) $(addprefix --host ,$(HOST))

.PHONY: setup
setup: $(READY) ## Python packages, and the programs of the distribution that are missing
	@deploy/install-servers

$(READY): pyproject.toml constraints.txt
	@echo "setting up $(VENV)"
	@$(PYTHON) -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	  || deploy/install-python
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

.PHONY: clean
clean: ## remove what was built here
	@rm -rf $(VENV) build *.egg-info .*_cache .hypothesis

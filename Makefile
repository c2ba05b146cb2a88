# Everything is set up by the target that needs it: a fresh Debian 12 machine wants only `make`.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

READY := $(VENV)/ready
FUZZ_READY := $(VENV)/fuzz-ready

.PHONY: help
help: ## print this help
	@echo "Gridwatch: make TARGET"
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-15s %s\n", $$1, $$2}'

.PHONY: run
run: setup ## a story with simulated devices: leak, person in care, lease, gas (SECONDS=20 ends by itself, INFLUX=1 writes to InfluxDB)
	@$(BIN)/gridwatch demo $(if $(SECONDS),--seconds $(SECONDS)) $(if $(filter 1,$(INFLUX)),--influx)

.PHONY: test
test: setup ## every test, with real servers on loopback
	@$(BIN)/pytest

.PHONY: container-check
container-check: $(READY) ## build the image, run it and the whole stack; wants docker with compose (STAND_INS=1: Debian's packages for other images)
ifeq ($(STAND_INS),1)
	@mkdir -p .run && deploy/container/stand-ins > .run/stand-ins.env
endif
	@$(if $(filter 1,$(STAND_INS)),STAND_INS=.run/stand-ins.env) $(BIN)/pytest -m containers -rP tests/containers

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
quality: $(READY) ## leaks found and false alarms of the water rules on real meters (FILE=readings.csv.gz SEED=1)
	@$(BIN)/python -m tests.quality $(or $(FILE),tests/samples/daiad/readings.csv) --seed $(or $(SEED),0)

.PHONY: replay
replay: setup ## real household meters through the path (FILE=readings.csv.gz)
	@$(BIN)/gridwatch demo --replay $(or $(FILE),tests/samples/daiad/readings.csv)

.PHONY: fuzz
fuzz: $(FUZZ_READY) ## every decoder against a fuzzer that watches its branches (SECONDS=30 each, KIND=door for one, SEED=1)
	@$(BIN)/python -m tests.fuzz --seconds $(or $(SECONDS),30) --seed $(or $(SEED),1) $(if $(KIND),--kind $(KIND))

.PHONY: docs
docs: $(READY) ## write what is generated in docs: settings, metrics, rules, JSON Schemas
	@$(BIN)/gridwatch settings > docs/settings.md
	@$(BIN)/gridwatch metrics > docs/metrics.md
	@$(BIN)/gridwatch rules list --markdown > docs/rules.md
	@$(BIN)/python -m ingest.schemas docs/payloads

.PHONY: dashboards
dashboards: $(READY) ## write Grafana's dashboards, deploy/grafana/dashboards (RUNBOOKS=https://... where these files can be read)
	@$(BIN)/python -m dashboards deploy/grafana/dashboards $(RUNBOOKS)

.PHONY: site
site: $(READY) ## the documents as a site in build/site, with search, for reading without a network; a broken link is an error
	@NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --config-file website/mkdocs.yml
	@echo "build/site/index.html"

.PHONY: screenshots
screenshots: setup ## pictures of the terminal view and of the start page, into docs/pictures
	@deploy/install-servers pictures
	@$(BIN)/python -m website.pictures docs/pictures/terminal.png
	@$(MAKE) --no-print-directory site
	@$(BIN)/python -m website.pictures docs/pictures/start-page.png build/site/index.html

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
	@$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,docs]'
	@touch $@

$(FUZZ_READY): $(READY)
	@$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[fuzz]'
	@touch $@

.PHONY: clean
clean: ## remove what was built here
	@rm -rf $(VENV) build *.egg-info .*_cache .hypothesis

# The commands of the project. Everything they need is in .venv, made from the locked requirements.txt.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
LIBRARIES := $(VENV)/libraries
INSTALLED := $(VENV)/installed

.DEFAULT_GOAL := help
.PHONY: help install bench coverage faults fuzz run demo distributed-demo council backfill docs mutants test check audit format lint types sql lock upgrade-lock clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | expand -t 18

install: $(INSTALLED) ## Make .venv from the locked requirements (any of the commands below does it itself)

# uv is part of the lock: pip checks its hash, then uv installs the rest in seconds. Where uv cannot reach the package
# index that pip is set up for, pip installs everything.
$(LIBRARIES): requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || \
	  { echo "Python 3.11, 3.12 or 3.13 is needed; say which one with PYTHON=/path/to/python3.12" >&2; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	@awk '/^[a-z]/ { wanted = /^uv==/ } wanted && !/^    #/' requirements.txt > $(VENV)/uv.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r $(VENV)/uv.txt
	VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet --require-hashes -r requirements.txt || \
	  $(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

$(INSTALLED): $(LIBRARIES) pyproject.toml
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

bench: $(INSTALLED) ## Measure how fast it is, as ratios to floors measured in the same run ([PARTS="bulk dags fleet"])
	@$(BIN)/python -m bench $(PARTS)

faults: $(INSTALLED) ## Kill, cut and fill at 330 points of the councils' nights, run again, compare ([PARTS="core airflow"])
	@$(BIN)/python -m faults $(PARTS)

fuzz: $(INSTALLED) ## Put broken and hostile exports through every parser ([TARGETS="csv xml"] [SECONDS=60])
	@$(BIN)/python -m fuzz $(TARGETS) $(if $(SECONDS),--seconds "$(SECONDS)")

run: $(INSTALLED) ## Run the main job: thirteen councils' exports through Airflow to the platform; stays up until Ctrl-C
	@$(BIN)/python -m demo run

demo: $(INSTALLED) ## The same without staying up; writes .local/demo/summary.json
	@$(BIN)/python -m demo demo

distributed-demo: $(INSTALLED) ## The same with Redis, two Celery workers and an object store ([WORKERS=N])
	@$(BIN)/python -m demo distributed $(if $(WORKERS),--workers "$(WORKERS)")

council: $(INSTALLED) ## Start a new council: make council NAME=east-riding [SAMPLE=export.csv]
	@$(BIN)/local-digital scaffold $(if $(SAMPLE),--sample "$(SAMPLE)") -- "$(NAME)"

# Airflow's own backfill, for whole London days. While `make run` is up, its Airflow is meant; else the one that the
# environment tells.
backfill: $(INSTALLED) ## Run past nights again: make backfill COUNCIL=solihull FROM=2026-03-01 TO=2026-03-07 [DRY_RUN=1]
	@[ -n "$(COUNCIL)" ] && [ -n "$(FROM)" ] && [ -n "$(TO)" ] || \
	  { echo "usage: make backfill COUNCIL=solihull FROM=2026-03-01 TO=2026-03-07 [DRY_RUN=1]" >&2; exit 2; }
	@[ -f "include/councils/$(COUNCIL).yaml" ] || [ -n "$$LOCAL_DIGITAL_CONFIG" ] || \
	  { echo "there is no file include/councils/$(COUNCIL).yaml" >&2; exit 2; }
	@if [ -z "$$AIRFLOW__DATABASE__SQL_ALCHEMY_CONN" ] && [ -f .local/demo/airflow.env ]; then . .local/demo/airflow.env; fi; \
	$(BIN)/airflow backfill create --dag-id "council_$(COUNCIL)" --from-date "$(FROM)T00:00:00" \
	  --to-date "$(TO)T23:59:59" --reprocess-behavior completed --max-active-runs 1 $(if $(DRY_RUN),--dry-run)

docs: $(INSTALLED) ## Write the reference pages under docs/ anew (CHECK=1 only says which are out of date)
	@$(BIN)/python -m reference_docs $(if $(CHECK),--check)

test: $(INSTALLED) ## Run the tests
	$(BIN)/python -m pytest

coverage: $(INSTALLED) ## Run the tests and say which lines and branches of the core they do not reach
	rm -rf .local/coverage && mkdir -p .local/coverage
	$(BIN)/coverage run -m pytest
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report --fail-under 95
	$(BIN)/coverage json --quiet -o .local/coverage/report.json
	@$(BIN)/python -c 'import json, sys; share = json.load(sys.stdin)["totals"]["percent_branches_covered"]; \
	  print(f"branches by themselves: {share:.1f} %; at least 95 are asked"); sys.exit(share < 95)' < .local/coverage/report.json

mutants: $(INSTALLED) ## Change what decides, a little at a time; say which changes no test notices (hours; [PARTS="code disclosure"])
	@if [ -n "$(PARTS)" ]; then $(BIN)/python -m mutants $(PARTS); \
	  else for kind in code served statements; do $(BIN)/python -m mutants $$kind || exit; done; fi

check: lint types sql test ## Format, lint, types, SQL lint and tests

# Apart from `check`: it asks a service on the network which holes are known, and tomorrow there may be others.
audit: $(INSTALLED) ## Look for known holes in the locked packages (needs a network)
	@$(BIN)/pip-audit --require-hashes --disable-pip --progress-spinner off --format json --requirement requirements.txt | \
	  $(BIN)/python .ci/audit.py

format: $(INSTALLED) ## Put the code into its form
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lint: $(INSTALLED)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/bandit --quiet --recursive --configfile pyproject.toml include plugins dags .docker
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yaml

types: $(INSTALLED)
	$(BIN)/mypy

sql: $(INSTALLED)
	$(BIN)/sqlfluff lint sql include/demo include/bench include/faults

# The image's lock is a part of the full one, in the same versions.
LOCK = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --custom-compile-command "make lock"

lock: $(INSTALLED) ## Resolve requirements.in into the locks with hashes; what is locked keeps its version
	$(LOCK) $(UPGRADE) requirements.in --output-file requirements.txt
	$(LOCK) --constraints requirements.txt .docker/requirements.in --output-file .docker/requirements.txt

upgrade-lock: ## Resolve everything anew, to the newest versions there are, install it and run all checks
	$(MAKE) lock UPGRADE=--upgrade
	$(MAKE) check

clean: ## Remove .venv and everything under .local (data of make run too)
	rm -rf $(VENV) .local

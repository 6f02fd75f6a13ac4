# `make help` lists what there is to do. Needs python3 (3.11 or newer), make and git; the rest is installed
# into .venv from the lock files under requirements/.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DONE := $(VENV)/.done
TOOL := tools/node_modules/.bin
WORKERS ?= 3
FUZZ_REQUESTS ?= 50
FUZZ_SEED ?= 12
SOAK_MINUTES ?= 30
FAULTS := tests/faults tests/store/test_grants.py tests/store/test_rolling_upgrade.py tests/api/test_commit.py \
	tests/api/test_concurrency.py tests/exchange/test_killed_worker.py tests/notices/test_killed.py tests/extracts/test_jobs.py
comma := ,
BENCH ?=
ARGS ?=
TESTS ?=
UPGRADE ?=
MUTANTS ?= src/ungdom/workflow src/ungdom/release/disclosure

# An environment variable of the caller's must not lead an install elsewhere, nor have every start compile all anew.
unexport PYTHONHOME PYTHONPATH VIRTUAL_ENV PYTHONDONTWRITEBYTECODE
export PIP_USER := 0
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Where pip is pointed at a mirror, uv goes there too.
ifdef PIP_INDEX_URL
export UV_DEFAULT_INDEX ?= $(PIP_INDEX_URL)
endif
# Trust the machine's own certificates, if it has any: a network may sign with an authority of its own.
ifneq ($(wildcard /etc/ssl/cert.pem /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt),)
export UV_SYSTEM_CERTS ?= true
export NODE_USE_SYSTEM_CA ?= 1
endif

UV_INSTALL := $(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python
# The first start compiles nothing, also where Python is told to write no bytecode.
BYTECODE := $(BIN)/python -m compileall -q -j 0 src
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock' $(UPGRADE)

SITE := $(VENV)/docs/bin/sphinx-build --quiet --fresh-env --fail-on-warning --keep-going --jobs auto -c docs . build/site

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup run test web compare check lock lock-node bench bench-full attack scale faults faults-full soak fuzz thorough spark mutants audit sbom release docs docs-site docs-pictures clean

help: ## list the targets
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(DONE)/node $(DONE)/clients ## create .venv with everything for development and tests
	@echo "ready: make run, make test, make check"

run: $(DONE)/run ## start the demo with 1,000 invented cases (ARGS="--port 8100", ARGS="--fresh --cases national")
	@$(BIN)/ungdom demo --serve $(ARGS)

test: $(DONE)/node $(DONE)/clients ## run every test (WORKERS=3, TESTS=tests/workflow to narrow, ARGS=… for pytest)
	@$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(ARGS) $(TESTS)

web: $(DONE)/node ## every page and state of the pages in every look with axe, and pictures of all in build/web; minutes
	@$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal tests/web/every_look.py $(ARGS) $(TESTS)

compare: $(DONE)/dev ## compare the data that the tests carry with ../shared, where it was taken from
	@test -d ../shared || { echo "There is nothing to compare with: ../shared is not beside this checkout."; exit 1; }
	@$(BIN)/python -m pytest tests/compare/published.py

check: $(DONE)/node $(DONE)/docs ## lint, format check, types, import layers, the linters of the OpenAPI document, the site
	@echo "1/7 ruff check"
	@$(BIN)/ruff check .
	@echo "2/7 ruff format"
	@$(BIN)/ruff format --check .
	@echo "3/7 mypy --strict"
	@$(BIN)/mypy
	@MYPYPATH=client/src $(BIN)/mypy --strict client/src client/generate.py
	@echo "4/7 import layers"
	@$(BIN)/lint-imports
	@echo "5/7 spectral"
	@PATH="$(abspath $(BIN)):$$PATH" $(TOOL)/spectral lint --ruleset tools/spectral.yaml --fail-severity hint openapi/*.json
	@echo "6/7 redocly"
	@PATH="$(abspath $(BIN)):$$PATH" REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true \
		$(TOOL)/redocly lint --config tools/redocly.yaml --format stylish openapi/v1.json
	@echo "7/7 site of the documents"
	@$(SITE)

bench: $(DONE)/dev $(DONE)/peers ## all benchmarks in ten minutes, written into bench/results.md (BENCH=intake, ARGS=…)
	@$(BIN)/python bench/run.py $(BENCH) $(ARGS)

bench-full: $(DONE)/dev $(DONE)/peers ## the same with the full sizes and without a limit; an hour or more
	@$(BIN)/python bench/run.py --full $(BENCH) $(ARGS)

attack: $(DONE)/dev ## attack on two releases of the national demo (T35), written into bench/results.md
	@$(BIN)/python bench/run.py --full attack $(ARGS)

scale: $(DONE)/dev ## three replicas, four workers, PgBouncer, a balancer, a streaming replica; capacity (needs haproxy, pgbouncer)
	@$(BIN)/python bench/run.py --full scale $(ARGS)

# Each step of the office is killed before and after the commits of a place so often (FAULTS_PAIRS).
faults: $(DONE)/dev ## kills, restarts, full disks, backups on both databases, 10,000 decisions
	@$(BIN)/python -m tests.faults.whole_batch --database sqlite postgresql $(ARGS)
	@FAULTS_PAIRS=2 $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile $(FAULTS)

faults-full: $(DONE)/dev ## the same without a limit: 100,000 decisions, every commit; hours
	@$(BIN)/python -m tests.faults.whole_batch --decisions 100000 --database sqlite postgresql $(ARGS)
	@FAULTS_PAIRS=100 $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile $(FAULTS)

soak: $(DONE)/dev ## mixed load on both databases: whether anything grows or is lost (SOAK_MINUTES=30)
	@$(BIN)/python -m tests.faults.soak --minutes $(SOAK_MINUTES) $(ARGS)

fuzz: $(DONE)/dev ## many requests from the OpenAPI document in the name of every role (FUZZ_REQUESTS=50, FUZZ_SEED=12)
	@FUZZ_REQUESTS=$(FUZZ_REQUESTS) FUZZ_SEED=$(FUZZ_SEED) $(BIN)/python -m pytest -n $(WORKERS) tests/api/test_fuzz.py $(ARGS)

thorough: $(DONE)/dev ## the random walks, 100,000 cases whose stages tile, and every history in every view
	@HYPOTHESIS_PROFILE=thorough $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal tests/model tests/redaction \
		tests/intake/test_order.py tests/stories/test_who_is_who.py tests/api/test_door.py $(ARGS)

spark: $(DONE)/spark ## the counts behind the curves on Apache Spark, a worker killed on the way (ARGS=…)
	@$(BIN)/python bench/spark.py $(ARGS)

# In a copy of the tracked files: a run that is interrupted leaves no mutant behind in the checkout.
mutants: $(DONE)/dev $(DONE)/mutants ## which changes of the code no test notices; hours (MUTANTS=path to narrow)
	@rm -rf .mutants && mkdir .mutants && git ls-files -z | xargs -0 cp --parents -t .mutants
	@sed 's|@MODULES@|$(patsubst %,"%"$(comma),$(MUTANTS))|; s|@PYTHON@|$(abspath $(BIN))/python|' tools/mutants.toml \
		> .mutants/session.toml
	@cd .mutants && ../$(VENV)/mutants/bin/cosmic-ray init session.toml session.sqlite
	@cd .mutants && ../$(VENV)/mutants/bin/cr-filter-operators session.sqlite session.toml
	@cd .mutants && PYTHONPATH=src PYTEST_DISABLE_PLUGIN_AUTOLOAD=1 ../$(VENV)/mutants/bin/cosmic-ray exec session.toml session.sqlite
	@cd .mutants && ../$(VENV)/mutants/bin/cr-report --surviving-only --show-diff session.sqlite

audit: $(DONE)/dev $(DONE)/audit ## known holes in the locked packages, secrets in the tracked files; minutes
	@$(VENV)/audit/bin/python tools/audit.py

release: $(DONE)/dev ## prepare the release VERSION=…: checks, version, change log, dist/ with wheels, sources and SBOM
	@$(BIN)/python tools/release.py $(VERSION)

sbom: $(DONE)/audit ## write build/sbom.json, the packages of the service (CycloneDX, from requirements/run.txt)
	@$(VENV)/audit/bin/python tools/audit.py sbom

docs: $(DONE)/dev ## regenerate the generated files (docs/, openapi/ and the models of client/)
	@$(BIN)/python -m tests.api.record_examples
	@$(BIN)/ungdom docs
	@$(BIN)/ungdom openapi --out openapi/v1.json
	@$(BIN)/python client/generate.py

docs-pictures: $(DONE)/node ## take the pictures of the tutorial anew, in a browser, into docs/
	@UNGDOM_TAKE_PICTURES=yes $(BIN)/python -m pytest -q tests/web/test_tutorial_pictures.py

# The same files as a site. A warning is an error, and so is a page that would load something from another host.
docs-site: $(DONE)/docs ## build the documents as a site in build/site, for reading without a network
	@$(SITE)
	@echo "ready: build/site/index.html"

lock: $(DONE)/uv ## resolve the lock files again (UPGRADE=--upgrade takes newer versions)
	@echo "1/9 requirements/uv.txt"
	@$(COMPILE) --group pyproject.toml:bootstrap --output-file requirements/uv.txt >/dev/null
	@echo "2/9 requirements/run.txt"
	@$(COMPILE) pyproject.toml --extra postgres --extra amqp --extra extracts --group build --output-file requirements/run.txt >/dev/null
	@echo "3/9 requirements/dev.txt"
	@$(COMPILE) pyproject.toml --all-extras --group build --group dev --constraint requirements/run.txt \
		--output-file requirements/dev.txt >/dev/null
	@echo "4/9 requirements/spark.txt"
	@$(COMPILE) --group pyproject.toml:spark --constraint requirements/dev.txt --output-file requirements/spark.txt \
		>/dev/null
	@echo "5/9 requirements/clients.txt"
	@$(COMPILE) --group pyproject.toml:clients --output-file requirements/clients.txt >/dev/null
	@echo "6/9 requirements/mutants.txt"
	@$(COMPILE) --group pyproject.toml:mutants --output-file requirements/mutants.txt >/dev/null
	@echo "7/9 requirements/audit.txt"
	@$(COMPILE) --group pyproject.toml:audit --output-file requirements/audit.txt >/dev/null
	@echo "8/9 requirements/docs.txt"
	@$(COMPILE) --group pyproject.toml:docs --output-file requirements/docs.txt >/dev/null
	@echo "9/9 requirements/peers.txt"
	@$(COMPILE) --group pyproject.toml:peers --constraint requirements/run.txt --output-file requirements/peers.txt >/dev/null

lock-node: $(DONE)/dev ## resolve tools/package-lock.json again after a change of tools/package.json
	@cd tools && PATH="$(abspath $(BIN)):$$PATH" npm install --package-lock-only --ignore-scripts --no-audit --no-fund \
		--omit-lockfile-registry-resolved

clean: ## remove the environment and everything that tools left behind
	@rm -rf $(VENV) .mutants tools/node_modules .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis .coverage \
		.coverage.* htmlcov build dist src/*.egg-info
	@find src tests bench client migrations -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

# --- the environment: a stamp for each step, redone when its lock file changes --------------------

$(DONE)/uv: requirements/uv.txt
	@echo "1/4 creating the environment …"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "ungdom needs Python 3.11 or newer; '$(PYTHON)' is $$($(PYTHON) --version 2>/dev/null || echo not here)."; \
		echo "Name a newer one: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "This Python lacks its venv module; on Debian and Ubuntu it is in the package python3-venv."; exit 1; }
	@$(PYTHON) -m venv $(VENV)
	@echo "2/4 installing uv …"
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements/uv.txt
	@mkdir -p $(DONE) && touch $@

$(DONE)/run: requirements/run.txt pyproject.toml $(DONE)/uv
	@echo "3/4 installing the locked packages …"
	@$(UV_INSTALL) --require-hashes -r requirements/run.txt
	@echo "4/4 installing ungdom itself …"
	@$(UV_INSTALL) --no-deps --no-build-isolation -e .
	@$(BYTECODE)
	@touch $@

$(DONE)/dev: requirements/dev.txt pyproject.toml $(DONE)/uv
	@echo "3/4 installing the locked packages, development tools included …"
	@$(UV_INSTALL) --require-hashes -r requirements/dev.txt
	@echo "4/4 installing ungdom itself …"
	@$(UV_INSTALL) --no-deps --no-build-isolation -e .
	@$(BYTECODE)
	@touch $@ $(DONE)/run

# Node itself comes from a locked Python package. --ignore-scripts: no package runs anything when it is installed.
$(DONE)/node: tools/package-lock.json tools/unpack_browser.py $(DONE)/dev
	@echo "installing the OpenAPI linters and the browser of the tests …"
	@cd tools && PATH="$(abspath $(BIN)):$$PATH" npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null
	@$(BIN)/python tools/unpack_browser.py tools/node_modules/@sparticuz/chromium/bin $(VENV)/browser
	@touch $@

# Tools with an environment of their own, which the service and its tests do not import.
TOOLS_APART = clients mutants audit peers docs
$(TOOLS_APART:%=$(DONE)/%): $(DONE)/%: requirements/%.txt $(DONE)/uv
	@echo "installing requirements/$*.txt into $(VENV)/$* …"
	@$(PYTHON) -m venv --without-pip $(VENV)/$*
	@$(BIN)/uv pip install --quiet --compile-bytecode --python $(VENV)/$*/bin/python --require-hashes -r $<
	@touch $@

$(DONE)/spark: requirements/spark.txt $(DONE)/dev
	@echo "installing Apache Spark and a Java for it: 500 MB are fetched …"
	@$(UV_INSTALL) --require-hashes --no-build-isolation -r requirements/spark.txt
	@touch $@

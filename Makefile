# `make serve` and `make test` set up everything they need in .venv; nothing else is installed anywhere.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# One more than there are processors: many tests wait for something.
WORKERS = $(shell $(PYTHON) -c 'import os; print(1 + (os.cpu_count() or 1))')
PYTEST = $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal
# The tests start hundreds of processes. Where this is set, as images of Python do, each of them compiles all modules anew.
unexport PYTHONDONTWRITEBYTECODE
SHARED = --hypothesis-profile=fewer -m "shared or not (wheel or matrix or once)" --state sqlite tests/provider tests/web
# On two replicas those that go by HTTP, the page in a browser too.
REPLICAS = --hypothesis-profile=fewer -m "shared or not (wheel or matrix)" --state postgresql tests/web $(shell grep -rl '^from mockserver\.web' tests/provider)
LOCK = --quiet --universal --python-version 3.10 --generate-hashes --no-annotate --custom-compile-command "make locks" $(ARGS)

# Some tests share what takes a minute to set up. Each such folder is run by one process, beside the others.
IMAGE = tests/packaging/test_image.py
THIRD_PARTIES = tests/third_parties
# Two at a time where `make` keeps their lines apart (GNU make 4): much of it waits for a network, a disk or a client.
SIDE_BY_SIDE = $(if $(filter output-sync,$(.FEATURES)),--jobs=2 --output-sync=target)

.PHONY: help serve test check rest lint unit coverage environments wheel matrix long image third-parties shared growth proof bench documents locks site screenshots dist release clean

help:  ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

serve: $(VENV)/.runs  ## serve the endpoint on 127.0.0.1:8787 (options: make serve ARGS="--port 0")
	@exec $(BIN)/apigames-mock serve $(ARGS)

test: lint unit  ## lint, types, and the whole suite on one Python: before every commit
	@echo "all tests passed; make check tries other Pythons and dependencies, the wheel, coverage and the proof too"

check: test rest  ## everything that CI checks
	@echo "all checks passed"

# What CI runs after `make test`; what takes longest begins first.
rest: $(VENV)/.tests
	@$(MAKE) $(SIDE_BY_SIDE) environments image third-parties long shared coverage wheel growth proof

lint: $(VENV)/.tests  ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

unit: $(VENV)/.tests  ## the tests, in parallel
	$(PYTEST) -m "not wheel and not matrix" tests

coverage: $(VENV)/.tests  ## branch coverage of contract/ and provider/ by their own tests and those of web/ and doctor: 95 %
	$(PYTEST) --cov --cov-report= --hypothesis-profile=fewer -m "not wheel and not matrix and not once" tests/contract tests/provider tests/storage tests/web tests/cli/doctor
	$(BIN)/python -m coverage report --fail-under=95 --include='mockserver/contract/*,mockserver/provider/*'

environments: $(VENV)/.tests  ## the tests under every other Python, and with the lowest dependencies (ONLY="3.12 lowest")
	$(BIN)/python -m tools.environments $(ONLY)

wheel: $(VENV)/.tests  ## build wheel and sdist, and try them in fresh environments
	$(PYTEST) -m wheel tests

matrix: image third-parties long  ## the slow tests: environments of their own, other people's tools, long runs

image: $(VENV)/.tests
	$(BIN)/python -m pytest -m matrix $(IMAGE)

third-parties: $(VENV)/.tests
	$(BIN)/python -m pytest -m matrix $(THIRD_PARTIES)

long: $(VENV)/.tests
	$(PYTEST) -m matrix --ignore=$(IMAGE) --ignore=$(THIRD_PARTIES) tests

shared: $(VENV)/.tests  ## the tests of the fake and of its server once more, on a state in a file and on two replicas with PostgreSQL
	$(PYTEST) $(SHARED)
	$(PYTEST) $(REPLICAS)

# The same texts each time: a check of a change must not fail for what stood before. CI draws others every week.
growth: $(VENV)/.tests  ## draw texts for everything that foreign text comes to, and look whether its time grows faster than they do
	$(BIN)/python -m tools.growth --seed 0 $(ARGS)

proof: $(VENV)/.tests  ## run the breaks and variants; docs/proof.md must say what they gave
	$(BIN)/python -m tools.proof --check

bench: $(VENV)/.tests  ## measure what docs/benchmarks.md claims
	$(BIN)/python -m benchmarks

documents: $(VENV)/.tests  ## write anew what is made from the code: schemas/readings.json, schemas/openapi.json, docs
	$(BIN)/python -m tools.documents
	$(BIN)/python -m tools.proof

locks: $(VENV)/.tests  ## pin anew, by hashes, what the image is made of; all to the newest: make locks ARGS=--upgrade
	$(BIN)/uv pip compile pyproject.toml --extra shared --strip-extras $(LOCK) -o packaging/requirements.txt
	@sed -n 's/^requires = \["\(.*\)"\]/\1/p' pyproject.toml > packaging/.build-requirements.in
	$(BIN)/uv pip compile packaging/.build-requirements.in $(LOCK) -o packaging/build-requirements.txt
	@rm packaging/.build-requirements.in

site: $(VENV)/.tests  ## build the site into site/: docs in two languages, search, and the Python reference
	$(BIN)/python -m uv venv --quiet --allow-existing .venvs/site
	$(BIN)/python -m uv pip install --quiet --python .venvs/site/bin/python --group site
	$(BIN)/python -m tools.site
	NO_MKDOCS_2_WARNING=1 .venvs/site/bin/mkdocs build --quiet
	@echo "site/index.html; to read it: $(BIN)/python -m http.server --directory site"

screenshots: $(VENV)/.tests  ## take the pictures of docs/page.md anew, in headless Chromium
	$(BIN)/python -m tools.screenshots

dist: $(VENV)/.tests  ## build wheel and sdist into dist/: the same bytes wherever it is done
	rm -rf dist
	$(BIN)/python -m uv build --quiet --build-constraints packaging/build-requirements.txt --require-hashes --out-dir dist

release: $(VENV)/.tests  ## write a version into pyproject.toml and CHANGELOG.md: make release VERSION=0.2.0 (RELEASING.md)
	$(BIN)/python -m tools.release cut $(VERSION)

clean:
	rm -rf $(VENV) .venvs dist build site .coverage .mypy_cache .pytest_cache .ruff_cache .hypothesis

# Whatever setting up says goes to standard error: the first line on standard output is the server's base URL.
$(VENV)/.pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { \
	  echo "Python 3.10 or newer is needed, $(PYTHON) is older: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 2; }
	@echo "Setting up $(VENV), once; this takes about half a minute" >&2
	@$(PYTHON) -m venv $(VENV) >&2
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1' >&2
	@touch $@

$(VENV)/.runs: $(VENV)/.pip pyproject.toml
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable . >&2
	@touch $@

$(VENV)/.tests: $(VENV)/.pip pyproject.toml
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[verify,strategies,shared]' --group dev >&2
	@touch $(VENV)/.runs $@

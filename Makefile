# `make serve` and `make test` set up everything they need in .venv; nothing else is installed anywhere.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
LOCK = --quiet --universal --python-version 3.10 --generate-hashes --no-annotate --custom-compile-command "make locks" $(ARGS)

.PHONY: screenshots help serve test lint unit pythons wheel matrix bench documents locks clean

help:  ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

serve: $(VENV)/.runs  ## serve the endpoint on 127.0.0.1:8787 (options: make serve ARGS="--port 0")
	@exec $(BIN)/apigames-mock serve $(ARGS)

test: lint unit wheel matrix pythons  ## run every check
	@echo "all checks passed"

lint: $(VENV)/.tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

unit: $(VENV)/.tests  ## the project's own tests, in parallel, with branch coverage
	$(BIN)/python -m pytest -n auto --cov --cov-branch --cov-report=term -m "not wheel and not matrix" tests
	$(BIN)/python -m coverage report --fail-under=95 --include='mockserver/contract/*,mockserver/provider/*'

wheel: $(VENV)/.tests  ## build the wheel and try it in a fresh environment
	$(BIN)/python -m pytest -m wheel tests

matrix: $(VENV)/.tests  ## build and run whole environments, as the image, where their tools are installed
	$(BIN)/python -m pytest -m matrix tests

pythons: $(VENV)/.tests  ## the tests under every other Python from 3.10 that is installed
	$(BIN)/python -m tools.every_python

bench: $(VENV)/.tests  ## measure what docs/benchmarks.md claims
	$(BIN)/python -m benchmarks

documents: $(VENV)/.tests  ## write anew what is made from the code: schemas/readings.json, schemas/openapi.json, docs
	$(BIN)/python -m tools.documents

locks: $(VENV)/.tests  ## pin anew, by hashes, what the image is made of; all to the newest: make locks ARGS=--upgrade
	$(BIN)/uv pip compile pyproject.toml $(LOCK) -o packaging/requirements.txt
	@sed -n 's/^requires = \["\(.*\)"\]/\1/p' pyproject.toml > packaging/.build-requirements.in
	$(BIN)/uv pip compile packaging/.build-requirements.in $(LOCK) -o packaging/build-requirements.txt
	@rm packaging/.build-requirements.in

screenshots: $(VENV)/.tests  ## take the pictures of docs/page.md anew, in headless Chromium
	$(BIN)/python -m tools.screenshots

clean:
	rm -rf $(VENV) .venvs dist build .coverage .mypy_cache .pytest_cache .ruff_cache .hypothesis

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
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[verify,strategies]' --group dev >&2
	@touch $(VENV)/.runs $@

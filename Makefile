# make run    set up and run the main job: the baseline, projected to 2022
# make test   set up and run every check: ruff, mypy, pytest
# make app    set up and start the app at http://127.0.0.1:8765
# make site   set up and build the documentation in build/site
# make bench  set up and report speeds
# make lock   compile requirements.lock.txt anew (needs uv)
# make clean  remove the environment, caches and results
#
# PYTHON picks the interpreter (3.11 or newer), VENV its folder:
#                               make test PYTHON=python3.12 VENV=.venv-3.12
# SEEDS is the number of runs:  make run SEEDS=100

PYTHON ?= python3
SEEDS ?= 20
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

# Setting up leaves compiling to the first import, which must then keep what it compiled: without that every
# process, and tests start hundreds, would spend seconds on it anew.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: run app test site bench lock clean setup

run: setup
	@$(BIN)/yongwen run baseline --seeds $(SEEDS) --out results/baseline --force

app: setup
	@$(BIN)/yongwen app

test: setup
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/pytest -n logical --dist loadfile

site: setup
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@echo "open build/site/index.html"

bench: setup
	@$(BIN)/pytest bench --benchmark-only --benchmark-columns=min,median,max,rounds

setup: $(STAMP)

$(STAMP): requirements.lock.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "yongwen needs Python 3.11 or newer; choose one with: make PYTHON=python3.12" >&2; exit 2; }
	@echo "setting up $(VENV) (the first time takes a minute or two)" >&2
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --require-hashes -r requirements.lock.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

lock:
	@uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-emit-find-links --no-header --no-annotate --quiet -o requirements.lock.txt

clean:
	@rm -rf $(VENV) build results *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .benchmarks
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

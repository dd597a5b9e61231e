# Everything is set up on first use, in .venv, from the locks: `make demo` and `make test` need Python, its venv, and make.

CONFIG ?= config/aggregator.toml
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check --quiet
# The Python that the environment was made with goes on being used until another one is named.
PYTHON ?= $(shell test -x $(BIN)/python && echo $(BIN)/python || echo python3)

.PHONY: help demo test run lint format bench interop soak lock clean FORCE
.NOTPARALLEL:

help:
	@echo "make demo    all of it, offline: sample sites, the daemon, a mail sink"
	@echo "make test    the tests (CI runs these)"
	@echo "make run     the daemon, with CONFIG=$(CONFIG)"
	@echo "make lint    style, types, import contracts"
	@echo "make format  mends the style, where a tool can"
	@echo "make bench   the benchmarks"
	@echo "make interop WebSub with another implementation, where there is one"
	@echo "make soak    the tests that want an hour"
	@echo "make lock    write the locks anew (needs the network and uv)"
	@echo "make clean   removes .venv and whatever the tools have left"

demo: $(VENV)/run
	@$(BIN)/aggregator demo

run: $(VENV)/run
	@$(BIN)/aggregator run --config "$(CONFIG)"

# The tests start hundreds of processes, and none of them should have to compile the program first.
test: $(VENV)/test
	@$(BIN)/python -m compileall -q aggregator
	@$(BIN)/python -m pytest

lint: $(VENV)/test
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(VENV)/test
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

# Needs another implementation of WebSub: AGGREGATOR_WEBSUB_PEER names a Python that has flask-websub and celery.
interop: $(VENV)/test
	@$(BIN)/python -m pytest -n0 -p no:randomly -o python_files="interop_*.py" tests/acceptance

bench: $(VENV)/test
	@$(BIN)/python -m pytest -n0 -p no:randomly -s -o python_files="bench_*.py" tests/benchmarks

soak: $(VENV)/test
	@AGGREGATOR_SOAK=1 $(BIN)/python -m pytest -n0 -p no:randomly -s --timeout 7200 tests/acceptance

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# -- the virtual environment ---------------------------------------------------------

# Made anew with another Python, in another place, and after an installation that was interrupted: that may leave half a
# package, which pip takes for a whole one.
$(VENV)/python: FORCE
	@made=$$($(PYTHON) -c 'import os, sys; sys.version_info < (3, 11) and sys.exit(1); \
	  print(sys.version_info[:2], sys.base_prefix, os.getcwd())' 2>/dev/null) || \
	  { echo "Python 3.11 or later is needed; $(PYTHON) --version says: $$($(PYTHON) --version 2>&1)" >&2; \
	    echo "Name another one: make PYTHON=python3.12 …" >&2; exit 1; }; \
	if [ "$$made" = "$$(cat $@ 2>/dev/null)" ] && [ ! -e $(VENV)/unfinished ]; then exit 0; fi; \
	$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "Python's venv is missing; on Debian and Ubuntu: sudo apt install python3-venv" >&2; exit 1; }; \
	echo "making $(VENV) …"; \
	$(PYTHON) -m venv --clear $(VENV) && echo "$$made" > $@

# feedgen and dkimpy are published as source only. What builds them stands in the lock like all else and comes first,
# so that nothing is fetched unlocked for a build of its own.
define install
	@echo "installing what $(1) names …"
	@touch $(VENV)/unfinished
	@sed -n '/^setuptools==/,/[^\\]$$/p' $(1) > $(VENV)/build.lock
	@$(PIP) install --require-hashes -r $(VENV)/build.lock
	@$(PIP) install --require-hashes --use-pep517 --no-build-isolation -r $(1)
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@rm $(VENV)/unfinished
	@touch $@
endef

$(VENV)/run: $(VENV)/python requirements.lock pyproject.toml
	$(call install,requirements.lock)

$(VENV)/test: $(VENV)/python requirements-test.lock pyproject.toml
	$(call install,requirements-test.lock)
	@touch $(VENV)/run

lock:
	@command -v uv >/dev/null || { echo "uv is needed to write the locks" >&2; exit 1; }
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  --no-emit-index-url --no-emit-find-links pyproject.toml --group build -o requirements.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  --no-emit-index-url --no-emit-find-links pyproject.toml --group build --group test \
	  -c requirements.lock -o requirements-test.lock

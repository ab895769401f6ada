# A fresh machine needs only Python (3.11 or newer), its venv module, and make.
PYTHON ?= python3
VENV ?= .venv
RUN := $(VENV)/bin
DATA ?= $(ALIKELY_DATA)
TESTS ?= -m "not slow"

.PHONY: demo test check format lint types layers bench clean

demo: $(VENV)/installed
	$(RUN)/alikely demo

# A process for each processor, which takes one test file after another; each keeps to one thread.
test: $(VENV)/installed-dev
	OMP_NUM_THREADS=1 $(RUN)/pytest --numprocesses auto --maxprocesses 4 --dist loadfile $(TESTS)

check: format lint types layers test

format: $(VENV)/installed-dev
	$(RUN)/ruff format --check src tests benchmarks docs

lint: $(VENV)/installed-dev
	$(RUN)/ruff check src tests benchmarks docs

types: $(VENV)/installed-dev
	$(RUN)/mypy

layers: $(VENV)/installed-dev
	$(RUN)/lint-imports

# Every benchmark, each with its table; DATA names the folder with the unpacked data sets.
bench: $(VENV)/installed-bench
	for name in training_speed loss_speed evaluation_speed checks orl explanations omniglot lfw promise hidden_groups stsb adbench timeseries online_signatures yaleb faces_transfer cedar fashion magnetic_tile fraud movielens questions duplicates search inference serving plane map_page; do $(RUN)/python -m benchmarks.$$name --data "$(DATA)" || exit 1; done

# constraints.txt holds the tested set; torch goes first, so that nothing else draws in another build of it.
$(VENV)/torch: constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(RUN)/pip install --quiet "$$(grep '^torch==' constraints.txt)" --constraint constraints.txt
	touch $@

$(VENV)/installed: $(VENV)/torch pyproject.toml
	$(RUN)/pip install --quiet --constraint constraints.txt --editable ".[serve]"
	touch $@

$(VENV)/installed-dev: $(VENV)/installed
	$(RUN)/pip install --quiet --constraint constraints.txt --editable ".[dev]"
	touch $@

$(VENV)/installed-bench: $(VENV)/installed-dev
	$(RUN)/pip install --quiet --constraint constraints.txt --editable ".[bench]"
	touch $@

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis alikely-demo

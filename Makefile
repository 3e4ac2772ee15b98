PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test test-long fuzz soak check lint bench accuracy clean

demo: .venv/core            ## run the shipped bundles over generated recordings, live
	$(BIN)/kinestream demo $(DEMO)

test: .venv/dev             ## run the tests (without the ones that take minutes)
	$(BIN)/python -m pytest -m "not long" -n auto --dist worksteal

test-long: .venv/dev        ## run all tests
	$(BIN)/python -m pytest -n auto --dist worksteal

fuzz: .venv/dev             ## give every family of formats 50,000 damaged files
	$(BIN)/python -m pytest tests/formats/test_formats_fuzz.py --fuzz 50000 -n auto --dist worksteal

soak: .venv/dev             ## stream a day, 2,592,000 frames, in each of four regimes (half an hour)
	$(BIN)/python -m pytest tests/streaming/test_soak.py --soak 2592000 --soak-out results/soak.json

lint: .venv/dev             ## style and types
	$(BIN)/ruff check src tests benchmarks docs
	$(BIN)/ruff format --check src tests benchmarks docs
	$(BIN)/mypy

check: lint test            ## all that a change must pass

bench: .venv/bench          ## measure speed and memory, write results/
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/streaming.py --out results/streaming.json
	$(BIN)/python benchmarks/training_memory.py --out results/training_memory.json
	$(BIN)/python benchmarks/continual_cost.py --out results/continual_cost.json
	$(BIN)/python benchmarks/training_throughput.py --out results/training_throughput.json

ARCHIVES ?= ../shared/data
accuracy: .venv/dev        ## train the shipped configurations and measure them on people or views they never saw
	$(BIN)/python benchmarks/accuracy.py --archives $(ARCHIVES) --work build/accuracy --out results/accuracy.json
	$(BIN)/python benchmarks/nw_ucla.py --archives $(ARCHIVES) --work build/nw_ucla --out results/nw_ucla.json
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/rounded.py --archives $(ARCHIVES) --work build/rounded --out results/rounded.json

clean:
	rm -rf .venv build dist demo

.venv/bin/python:
	$(PYTHON) -m venv .venv

# The demo needs the core and matplotlib for its picture; no torch.
.venv/core: pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[plot]'
	touch $@

# torch first and pinned, so that nothing else chooses a build for it.
.venv/dev: pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check torch==2.13.0
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[train,export,plot,data,dev]'
	touch $@

# The networks that are measured beside ours.
.venv/bench: .venv/dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[bench]'
	touch $@

# make demo: from nothing to two verified files and their latency.  make test: all that CI runs.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

# Hundreds of children import the same modules: they are compiled once.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test lint types imports docs-check docs site dist released newcomer sbom unit slow fuzz fuzz-graphs reliability study hashes oracles clean

demo: $(VENV)/.installed
	$(BIN)/edgekit export --model micronet-m0 --output out
	$(BIN)/edgekit latency out/micronet-m0_float32.onnx out/micronet-m0_float32.tflite

test: lint types imports docs-check unit

lint: $(VENV)/.dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(VENV)/.dev
	$(BIN)/mypy

imports: $(VENV)/.dev
	$(BIN)/lint-imports

docs-check: $(VENV)/.dev
	$(BIN)/python docs/generate.py --check

docs: $(VENV)/.dev
	$(BIN)/python docs/generate.py

# The documentation as a site in build/site; a broken link or a page without a place fails.
site: $(VENV)/.dev
	$(PIP) install --constraint constraints.txt --editable '.[docs]'
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

# What a release uploads, checked.
dist: $(VENV)/.dev
	$(PIP) install --constraint constraints.txt --editable '.[release]'
	rm -rf dist
	$(BIN)/python -m build
	$(BIN)/twine check --strict dist/*

# The built wheel in an environment of its own.
RELEASED := build/newcomer
released: dist
	$(PYTHON) -m venv $(RELEASED)
	$(RELEASED)/bin/python -m pip --disable-pip-version-check --quiet install \
		--constraint constraints.txt dist/*.whl

# docs/start.md, word for word, there.
newcomer: released
	$(BIN)/python -m benchmarks.newcomer $(RELEASED)/bin

# The release's bill of materials: what was installed with it there, in CycloneDX.
sbom: released
	$(BIN)/cyclonedx-py environment $(RELEASED)/bin/python --output-reproducible \
		--spec-version 1.7 --output-file build/edgekit.cdx.json

unit: $(VENV)/.dev
	$(BIN)/python -m pytest -n auto --dist worksteal --cov --cov-report=term:skip-covered

# The tests that `make test` leaves out: whole registries, where it takes one network of a kind.
slow: $(VENV)/.dev
	$(BIN)/python -m pytest -n auto --dist worksteal -m slow

# Tests the papers' claims twice and writes docs/study.md: some 12 minutes of a machine that does
# nothing else. Stopped, it goes on where it was.
study: $(VENV)/.dev
	mkdir -p build/study
	$(BIN)/edgekit claims --quick --keep build/study/first.json
	$(BIN)/edgekit claims --quick --keep build/study/second.json --against build/study/first.json
	cp build/study/second.json docs/study.json
	$(BIN)/python docs/generate.py

# Random networks through every form: NETWORKS of them, faults in build/fuzz.
NETWORKS ?= 10000
fuzz-graphs: $(VENV)/.dev
	$(BIN)/python -m benchmarks.fuzz_graphs $(NETWORKS)

# Files of every reader, mutated for SECS seconds each; what is found lies in build/fuzz.
SECS ?= 60
fuzz: $(VENV)/.dev
	$(BIN)/python -m benchmarks.reliability.fuzz --secs $(SECS)

# Hostile files, kills and memory, and docs/reliability.md from what came of them.
reliability: $(VENV)/.dev
	$(BIN)/python -m benchmarks.reliability.run

hashes: $(VENV)/.dev
	$(PIP) install uv
	( head -2 constraints.hashes.txt; \
	$(BIN)/uv pip compile pyproject.toml --constraint constraints.txt --universal \
		--python-version 3.11 --generate-hashes --no-header --quiet \
		--default-index https://pypi.org/simple ) > constraints.hashes.new
	mv constraints.hashes.new constraints.hashes.txt

# What an ordinary machine skips: other people's kernels, devices, clusters, registries and
# browsers. Ends with what is still skipped.
ORACLES := build/oracles
oracles:
	$(PYTHON) -m venv $(ORACLES)
	$(ORACLES)/bin/python -m pip --disable-pip-version-check --quiet install \
		--constraint constraints.txt --editable '.[dev,tensorflow,cluster,signing,browser]'
	$(PYTHON) -m venv $(ORACLES)/tflite-runtime
	$(ORACLES)/tflite-runtime/bin/python -m pip --disable-pip-version-check --quiet install \
		'tflite-runtime==2.14.0' 'numpy<2'
	EDGEKIT_TFLITE_RUNTIME=$(abspath $(ORACLES)/tflite-runtime/bin/python) \
		$(ORACLES)/bin/python -m pytest -n auto -rfEs tests/export/test_second_opinion.py \
		tests/targets tests/evaluate/isa tests/runtimes/test_registry.py \
		tests/bundle/test_sharing.py tests/study/test_cluster.py tests/study/test_report.py

$(VENV)/.installed: pyproject.toml constraints.txt
	@echo "installing into $(VENV): some minutes, mostly to fetch PyTorch"
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --constraint constraints.txt --editable .
	touch $@

$(VENV)/.dev: $(VENV)/.installed
	$(PIP) install --constraint constraints.txt --editable '.[dev]'
	touch $@

clean:
	rm -rf $(VENV) out build dist

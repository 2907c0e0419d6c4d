# Each target does all the set-up that it needs, once. `make` alone lists them.
PYTHON ?= python3
DATA   ?= data/samples
PAGE   ?= report.html

BIN := .venv/bin
EDA := $(BIN)/python -m eda_utils
# with this set, Python would compile every module again at every start
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help report lab test test-quick notebooks docs bench samples clean

help: ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.venv/ready: requirements.txt pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[all]'
	@touch $@

.venv/ready-for-tests: .venv/ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test]'
	@touch $@

samples: .venv/ready ## put the sample images together (105 MB, once)
	$(EDA) samples

report: .venv/ready $(if $(filter data/samples,$(DATA)),samples) ## one page about a folder: make report DATA=~/my/folder
	$(EDA) report "$(DATA)" --output "$(PAGE)"

lab: samples ## open the notebooks in JupyterLab
	$(EDA) lab

notebooks: samples ## render every notebook to output/*.html
	$(EDA) render notebooks/*.ipynb --output output/

docs: .venv/ready ## write the reference of every public name into docs/api/
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[docs]'
	$(BIN)/python docs/write_api.py

test: .venv/ready-for-tests samples ## run all tests
	$(BIN)/python -m pytest --numprocesses auto --dist worksteal

test-quick: .venv/ready-for-tests samples ## run the quick tests that need no browser, server or notebook kernel
	EDA_TEST_QUICK=1 $(BIN)/python -m pytest --numprocesses auto --dist worksteal \
	  -m "not (browser or services or notebooks or hostile or slow)"

bench: samples ## measure what the README claims
	$(BIN)/python benchmarks/start.py
	$(BIN)/python benchmarks/index.py
	$(BIN)/python benchmarks/pixels.py
	$(BIN)/python benchmarks/report.py
	$(BIN)/python benchmarks/quality.py
	$(BIN)/python benchmarks/slides.py
	$(BIN)/python benchmarks/stains.py

clean: ## remove everything that was made here, the samples too
	rm -rf .venv docs/api output report.html data/samples data/.cache *.egg-info build .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

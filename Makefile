# Every target sets up .venv by itself (scripts/bootstrap.sh); with nothing to do that takes a few milliseconds.
# PYTHON=/path/to/python3 chooses the interpreter, PROFILE=laptop|gpu|paper the profile of `make book` and `make train`.
# BENCH="--only speed" gives `make bench` its options; PHOTOS=holiday puts your own data onto their page of `make book`.

export OMP_WAIT_POLICY := PASSIVE
# Without its compiled files every notebook and every test would compile torch anew, which takes longer than most of them.
unexport PYTHONDONTWRITEBYTECODE
PROFILE ?= laptop
WORKERS ?= 2
PORT ?= 8000
LOCK ?= requirements.lock
BIN := .venv/bin
NOTEBOOKS := $(wildcard notebooks/*.ipynb)
CHECKED := $(wildcard inpaintlib tests book notebooks scripts)
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

.DEFAULT_GOAL := help
.PHONY: help env book smoke pdf train lab student serve test lint test-slow torture versions audit bench doctor lock
.PHONY: clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' Makefile

env: ## set up .venv from requirements.lock
	@PYTHON="$(PYTHON)" sh scripts/bootstrap.sh

book: env ## run the notebooks that changed and build the book (book/_build/html)
	$(BIN)/python book/build.py --profile $(PROFILE) $(if $(PHOTOS),--photos "$(PHOTOS)")

smoke: env ## the whole book in the smoke profile: every cell runs, in minutes
	$(BIN)/python book/build.py --profile smoke

pdf: book ## the book as one PDF (book/_build/inside-the-hole.pdf); needs Chromium
	$(BIN)/python book/pdf.py --profile $(PROFILE)

train: env ## train the profile's networks again; may be stopped and started at any time
	$(BIN)/inpaintlib study run --profile $(PROFILE)

lab: env ## JupyterLab on this machine, opened at the notebooks
	$(BIN)/jupyter lab --ip=127.0.0.1 --notebook-dir=. $(firstword $(NOTEBOOKS))

student: env ## the notebooks without the solutions of their exercises (build/student)
	$(BIN)/python book/student.py

serve: env ## serve the built book on this machine (PORT=8000)
	@test -f book/_build/html/index.html || { echo "The book is not built yet: run make book first." >&2; exit 1; }
	@echo "The book is at http://127.0.0.1:$(PORT)/ (Ctrl-C ends it)"
	@$(BIN)/python -m http.server --bind 127.0.0.1 --directory book/_build/html $(PORT)

lint: env ## style, imports, spelling, and notebooks without outputs
	$(BIN)/ruff check --quiet $(CHECKED)
	$(BIN)/ruff format --quiet --check $(CHECKED)
	$(if $(NOTEBOOKS),$(BIN)/nbstripout --keep-id --verify $(NOTEBOOKS))
	$(BIN)/lint-imports --no-logo
	$(BIN)/codespell $(CHECKED) $(wildcard *.md)

test: lint ## the checks of `make lint`, then the fast tests
	$(PYTEST) -m "not slow"

test-slow: env ## the slow tests
	$(PYTEST) -m slow

torture: env ## try to break everything and write what came of it; TORTURE="--only kill" for a part
	PYTHONPATH=tests $(BIN)/python -m torture $(TORTURE)

versions: env ## the fast tests on each Python from 3.11 to 3.13 found here, with the newest packages that are allowed
	@sh scripts/versions.sh

audit: env ## ask the network whether a package of requirements.lock has a known hole
	$(BIN)/uv tool run --from "pip-audit>=2.10" pip-audit --strict --disable-pip --require-hashes -r requirements.lock

bench: env ## time every operation against a literal formulation of itself, and the whole generator
	@$(BIN)/python scripts/bench.py $(BENCH)

doctor: env ## one OK or FAIL line for each thing a reader needs
	@$(BIN)/python -P inpaintlib/doctor.py

lock: env ## resolve pyproject.toml anew into requirements.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-emit-find-links --extra book --extra hands --extra dev pyproject.toml -o $(LOCK)

clean: ## remove what was built; .venv and trained weights stay
	rm -rf book/_build book/chapters book/_static/mathjax build .snakemake .pytest_cache .ruff_cache .import_linter_cache
	rm -rf .hypothesis *.egg-info
	find inpaintlib tests book -name __pycache__ -type d -prune -exec rm -rf {} +

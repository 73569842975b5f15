# Every target makes what it needs; `make demo` and `make test` work on a fresh clone.
PYTHON ?= python3.11
BIN := .venv/bin
# setuptools warns of every editable install whose folders are mapped to another name.
INSTALL := PYTHONWARNINGS=ignore $(BIN)/pip install --quiet --constraint constraints.txt
TREE := .venv/tree/crosearch
FOLDERS := agents cli evals graphs tools training

.PHONY: demo test check soak learn results studio embedder lexicon clean

demo: .venv/.core
	$(BIN)/crosearch ask "How many bricks were used to build the Göltzsch Viaduct?"
	$(BIN)/crosearch ask "Wie viele Bruchstücke des Mechanismus von Antikythera sind erhalten?"

test: .venv/.dev
	$(BIN)/pytest -q --numprocesses 2 --dist loadfile

check: .venv/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pyright
	$(BIN)/pytest -q tests/test_imports.py tests/test_packaging.py

# Hours of faults in minutes: kills, outages, restarts, and fifty thousand runs in one memory.
soak: .venv/.dev
	$(BIN)/python benchmarks/soak.py

# A policy learns to search on in other languages, from the world to the table, in under 15 minutes.
OUT ?= build/learn
learn: .venv/.dev
	$(BIN)/python benchmarks/learn.py --out $(OUT)

# The table of strategies in the README, under ten minutes.
RESULTS ?= build/results
results: .venv/.dev
	$(BIN)/crosearch eval answers xquad --data ../shared/data/xquad_dev --sample 2000 --policy extractive \
		--strategies own-language,english,everywhere,one-language-loop,crosearch --out $(RESULTS)

studio: .venv/.dev
	LANGSMITH_TRACING=false $(BIN)/langgraph dev

embedder: .venv/.dev
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m crosearch.training.embedder --data ../shared/data --out tools/data/embedder

lexicon: .venv/.dev
	rm -rf build/lexicon
	$(BIN)/crosearch lexicon build --from ../shared/data --out build/lexicon
	rm -rf tools/data/lexicon && mv build/lexicon tools/data/lexicon

clean:
	rm -rf .venv build dist *.egg-info .langgraph_api .mypy_cache .pytest_cache .ruff_cache

.venv/bin/pip:
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip

# Asking a question needs neither torch nor a compiler.
.venv/.core: .venv/bin/pip pyproject.toml constraints.txt
	$(INSTALL) --editable .
	touch $@

# mypy and pyright cannot follow an editable install's import hook: they read a tree of links.
.venv/.dev: .venv/bin/pip pyproject.toml constraints.txt
	$(INSTALL) --editable '.[dev]'
	mkdir -p $(TREE)
	ln -sfn $(addprefix $(CURDIR)/,$(FOLDERS)) $(TREE)
	touch .venv/.core $@

"""The trainings of `retriever_training.py`: what each cell is, and what is measured of it."""

import json
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypedDict, cast

import numpy as np
import retriever_training_data as data_of
from retriever_measures import MEASURES, Measures, Vectors, measure
from retriever_training_data import TestTexts
from retriever_training_starts import MODELS, Schedule, Starts

from crosearch.tools.embedder import Embedder, load_embedder
from crosearch.tools.languages import Language
from crosearch.training.batches import BatchKind
from crosearch.training.pair_files import read_pairs
from crosearch.training.pair_records import PairSet
from crosearch.training.retriever import train_retriever
from crosearch.training.retriever_settings import RetrieverTraining

KINDS: tuple[BatchKind, ...] = ("monolingual", "cross-lingual", "hybrid")
DOMAINS = {"news": data_of.NEWS, "other": data_of.OTHER}

Part = Literal["questions", "domains"]
Table = Mapping[str, list[float]]


class Result(TypedDict):
    """What came of a cell."""

    cell: str
    tests: dict[str, Table]
    """By test, by measure: the value of each question."""
    seconds: float
    pairs_per_second: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    """One training, and what it is tested on; without a kind the common start itself."""

    part: Part
    model: str
    data: str
    """Which pair file is trained on."""
    kind: BatchKind | None
    seed: int

    @property
    def name(self) -> str:
        """What the results know it by."""
        return f"{self.part} {self.model} {self.data} {self.kind or 'start'} {self.seed}"


def plan_cells(seeds: int) -> list[Cell]:
    """List the cells in the order in which they are run: first all of the first seed."""
    starts = [
        Cell(part="questions", model=model, data="translated", kind=None, seed=0)
        for model in MODELS
    ]
    starts.append(Cell(part="domains", model="static", data="start", kind=None, seed=0))
    return starts + [cell for seed in range(seeds) for cell in _trainings(seed)]


def _trainings(seed: int) -> Iterator[Cell]:
    for model in MODELS:
        for kind in KINDS:
            yield Cell(part="questions", model=model, data="translated", kind=kind, seed=seed)
    for domain in DOMAINS:
        for kind in KINDS:
            yield Cell(part="domains", model="static", data=domain, kind=kind, seed=seed)


class Bench:
    """Runs cells in a folder, each once; a killed one is run again."""

    def __init__(self, data: Path, folder: Path, schedule: Schedule) -> None:
        """Hold the folders; the pair files are there."""
        self._data, self._folder, self._schedule = data, folder, schedule
        self._starts = Starts(folder, schedule)
        self._sets: dict[str, PairSet] = {}
        self._tests: dict[str, Mapping[Language, TestTexts]] = {}

    @property
    def results(self) -> dict[str, Result]:
        """What is known, by cell; a line that a kill tore is left out."""
        found: dict[str, Result] = {}
        path = self._folder / "results.jsonl"
        for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
            try:
                result = cast(Result, json.loads(line))
            except ValueError:
                continue
            found[result["cell"]] = result
        return found

    def run(self, cell: Cell) -> Result:
        """Train and test."""
        began = time.perf_counter()
        start = self._starts.folder_of(cell.model)
        folder, pace = start, 0.0
        if cell.kind:
            folder = self._folder / "models" / cell.name.replace(" ", "-")
            trained = train_retriever(self._settings(cell, cell.kind, start, folder))
            pace = trained.figures["pairs_per_second"]
        embedder = load_embedder(str(folder))
        result = Result(
            cell=cell.name,
            tests={name: _table(test(embedder)) for name, test in self._tests_of(cell).items()},
            seconds=time.perf_counter() - began,
            pairs_per_second=pace,
        )
        with (self._folder / "results.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(result) + "\n")
        if cell.kind:
            shutil.rmtree(folder)
        return result

    def _settings(
        self, cell: Cell, kind: BatchKind, start: Path, folder: Path
    ) -> RetrieverTraining:
        schedule = self._schedule
        steps = schedule.steps[cell.model] if cell.part == "questions" else schedule.domain_steps
        batch = schedule.batch[cell.model]
        return RetrieverTraining(
            model=str(start),
            data=(self._pairs(cell.data),),
            out=folder,
            sampler=kind,
            batch=batch,
            scale=schedule.scale,
            steps=steps,
            learning_rate=schedule.rate[cell.model],
            seed=cell.seed,
            every=steps,
            dev_share=0.0,
        )

    def _pairs(self, name: str) -> PairSet:
        if name not in self._sets:
            self._sets[name] = read_pairs(self._folder / "pairs" / f"{name}.jsonl")
        return self._sets[name]

    def _tests_of(self, cell: Cell) -> dict[str, Callable[[Embedder], Measures]]:
        if cell.part == "questions":
            return {"xquad": lambda e: _measure(e, self._texts("xquad"), own_in_pool=True)}

        def rows(domain: str) -> Callable[[Embedder], Measures]:
            return lambda e: _measure(e, self._texts(domain), own_in_pool=False)

        return {domain: rows(domain) for domain in DOMAINS}

    def _texts(self, test: str) -> Mapping[Language, TestTexts]:
        if test not in self._tests:
            self._tests[test] = (
                data_of.question_tests(self._data)
                if test == "xquad"
                else data_of.row_tests(self._data, DOMAINS[test])
            )
        return self._tests[test]


def _measure(
    embedder: Embedder, texts: Mapping[Language, TestTexts], *, own_in_pool: bool
) -> Measures:
    vectors = {
        code: Vectors(
            queries=embedder.encode_queries(one.queries),
            passages=embedder.encode_passages(one.passages),
            gold=one.gold,
        )
        for code, one in texts.items()
    }
    return measure(vectors, own_in_pool=own_in_pool)


def _table(measures: Measures) -> dict[str, list[float]]:
    return {name: np.round(getattr(measures, name), 5).tolist() for name in MEASURES}

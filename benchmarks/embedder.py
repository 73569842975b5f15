"""Measure an embedder: rate, load time, and question-to-sentence retrieval on XQuAD-R.

    python benchmarks/embedder.py --data ../shared/data [--embedder NAME]

*mono*: question and sentences in one language, mean over the languages; *cross*: in two
different ones, mean over the ordered pairs. Both are mean reciprocal ranks, which with one
right sentence is the mean average precision. *Pooled mAP*: the sentences of all languages in
one pool, where a question has one right sentence in each.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from crosearch.tools.embedder import Embedder, load_embedder

# On a busy machine only processor time tells; it is one core's, as threads are held to one.
CLOCKS = ("wall time", "processor time")

LOAD = """
import time
start = time.perf_counter(), time.process_time()
from crosearch.tools.embedder import load_embedder
load_embedder().encode_queries(["?"])
print(time.perf_counter() - start[0], time.process_time() - start[1])
"""


@dataclass(frozen=True, kw_only=True)
class Language:
    """One language's sentences and questions, with the gold sentence of each question."""

    code: str
    sentences: list[str]
    questions: list[str]
    identifiers: list[str]
    gold: dict[str, int]
    """Number of the answer's sentence, by question identifier."""


def read_language(path: Path) -> Language:
    """Read a file of XQuAD-R, a paragraph a line."""
    sentences: list[str] = []
    questions: list[str] = []
    gold: dict[str, int] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        paragraph = json.loads(line)
        for identifier, question, sentence, _ in paragraph["qas"]:
            questions.append(question)
            gold[identifier] = len(sentences) + sentence
        sentences.extend(paragraph["sents"])
    return Language(
        code=path.stem,
        sentences=sentences,
        questions=questions,
        identifiers=list(gold),
        gold=gold,
    )


def gold_ranks(
    queries: NDArray[np.float32],
    passages: NDArray[np.float32],
    gold: Sequence[int],
) -> NDArray[np.int64]:
    """Return the rank, from 1, of each query's gold passage."""
    scores = queries @ passages.T
    own = scores[np.arange(len(gold)), gold]
    return np.asarray(1 + (scores > own[:, None]).sum(axis=1))


def average_precision(scores: NDArray[np.float32], gold: Sequence[int]) -> float:
    """Return the average precision of one ranking with several right passages."""
    ranks = np.sort(1 + (scores[None, :] > scores[list(gold)][:, None]).sum(axis=1))
    return float(np.mean(np.arange(1, len(ranks) + 1) / ranks))


def measure_retrieval(embedder: Embedder, folder: Path) -> dict[str, object]:
    """Return mono and cross MRR, by language and in the mean, and mAP over the pool."""
    languages = [read_language(path) for path in sorted(folder.glob("*.jsonl"))]
    queries = {one.code: embedder.encode_queries(one.questions) for one in languages}
    passages = {one.code: embedder.encode_passages(one.sentences) for one in languages}
    matrix = np.array([[_mrr(a, b, queries, passages) for b in languages] for a in languages])
    apart = ~np.eye(len(languages), dtype=bool)
    return {
        "mono": float(matrix.diagonal().mean()),
        "cross": float(matrix[apart].mean()),
        "pooled_map": _pooled_map(languages, queries, passages),
        "by_language": {
            one.code: {
                "mono": round(float(matrix[i, i]), 3),
                "cross_asked_in": round(float(matrix[i][apart[i]].mean()), 3),
                "cross_found_in": round(float(matrix[:, i][apart[i]].mean()), 3),
            }
            for i, one in enumerate(languages)
        },
    }


Vectors = dict[str, NDArray[np.float32]]


def _mrr(asked: Language, searched: Language, queries: Vectors, passages: Vectors) -> float:
    shared = [i for i, name in enumerate(asked.identifiers) if name in searched.gold]
    gold = [searched.gold[asked.identifiers[i]] for i in shared]
    ranks = gold_ranks(queries[asked.code][shared], passages[searched.code], gold)
    return float((1 / ranks).mean())


def _pooled_map(languages: Sequence[Language], queries: Vectors, passages: Vectors) -> float:
    pool = np.concatenate([passages[one.code] for one in languages])
    starts = np.cumsum([0] + [len(one.sentences) for one in languages])
    found = []
    for one in languages:
        scores = queries[one.code] @ pool.T
        for row, name in zip(scores, one.identifiers, strict=True):
            gold = [
                int(start) + other.gold[name]
                for start, other in zip(starts, languages, strict=False)
                if name in other.gold
            ]
            found.append(average_precision(row, gold))
    return statistics.fmean(found)


def measure_rate(
    embedder: Embedder, texts: Sequence[str], repeats: int = 5
) -> tuple[list[float], list[float]]:
    """Return passages a second, by the clock and by processor time, once for each repeat."""
    by_clock, by_processor = [], []
    for _ in range(repeats):
        clock, processor = time.perf_counter(), time.process_time()
        embedder.encode_passages(texts)
        by_clock.append(len(texts) / (time.perf_counter() - clock))
        by_processor.append(len(texts) / (time.process_time() - processor))
    return by_clock, by_processor


def measure_load(repeats: int = 5) -> tuple[list[float], list[float]]:
    """Return the seconds, of the clock and the processor, to import, load and embed a question.

    Each repeat is a fresh process.
    """
    by_clock, by_processor = [], []
    for _ in range(repeats):
        run = subprocess.run([sys.executable, "-c", LOAD], capture_output=True, check=True)
        clock, processor = map(float, run.stdout.split())
        by_clock.append(clock)
        by_processor.append(processor)
    return by_clock, by_processor


def _spread(values: Sequence[float], digits: int) -> str:
    low, middle, high = min(values), statistics.median(values), max(values)
    return f"median {middle:,.{digits}f} (from {low:,.{digits}f} to {high:,.{digits}f})"


def main() -> None:
    """Print every figure, as the command line asks."""
    parser = argparse.ArgumentParser(description="Measure an embedder.")
    parser.add_argument("--data", type=Path, required=True, help="the project's data folder")
    parser.add_argument("--embedder", default="default", help="name or path")
    options = parser.parse_args()
    os.environ.update(RAYON_NUM_THREADS="1", OMP_NUM_THREADS="1")
    embedder = load_embedder(options.embedder)
    folder = options.data / "xquad_r_dev"
    texts = [s for path in sorted(folder.glob("*.jsonl")) for s in read_language(path).sentences]
    print(f"{embedder.name} {embedder.dimension}-d {embedder.fingerprint}")
    for unit, rates in zip(CLOCKS, measure_rate(embedder, texts), strict=True):
        print(f"passages a second of {unit}:", _spread(rates, 0))
    if options.embedder == "default":
        for unit, seconds in zip(CLOCKS, measure_load(), strict=True):
            print(f"load, seconds of {unit}:", _spread(seconds, 3))
    print(json.dumps(measure_retrieval(embedder, folder), indent=1))


if __name__ == "__main__":
    main()

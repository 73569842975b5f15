"""Every figure of search on XQuAD's half, in one run, from what the package ships.

1. The embedder alone, question to answer sentence (`benchmarks/embedder.py`).
2. Paragraphs, 120 in each of 11 languages: each signal alone, parts of them, and all together; in
   the asker's language (mono, all questions) and for each of the 110 pairs (cross, some of them).
3. The ten other languages in one pool: the gold paragraph, in any of them, among the top five.
4. The time of a search at 20,000 passages a language, and of opening a store.

"Without" lines switch parts off: `no rerank` is the three signals, `no lexicon` leaves questions
untranslated besides, as a retriever without those parts would find. The weights were chosen on
the articles of even number (`chosen on`); those of odd number (`held out`) show what they are
worth elsewhere. Intervals are 95%, by resampling the questions 1,000 times.

    python benchmarks/retriever.py [--data ../shared/data] [--questions 60] [--quick] [--store DIR]
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import embedder as embedder_benchmark
import numpy as np
import search as search_benchmark
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from search import CORPUS, Question

from crosearch.tools.default_signals import default_signals
from crosearch.tools.embedder import load_embedder
from crosearch.tools.index import Corpus, open_store
from crosearch.tools.languages import Language
from crosearch.tools.lexicon import load_lexicon
from crosearch.tools.passages import Hit
from crosearch.tools.rerank import PieceReranker
from crosearch.tools.search import HybridRetriever
from crosearch.tools.signals import DenseSignal, LexicalSignal, Reranker, Signal, SoundSignal
from crosearch.tools.translated_query import QueryTranslator

PARAGRAPHS = 120
EVERY = 1_000_000
TOP = 5
Ranks = NDArray[np.int64]
Scorer = Callable[[Hit], float]


@dataclass(frozen=True, kw_only=True)
class Shares:
    """Questions found first, and among the first five: a row a question, in [0, 1]."""

    first: NDArray[np.float64]
    top: NDArray[np.float64]

    @classmethod
    def of(cls, ranks: Ranks) -> "Shares":
        """Average ranks of shape (questions, searches) over each question's searches."""
        return cls(first=(ranks <= 1).mean(axis=1), top=(ranks <= TOP).mean(axis=1))


def main() -> None:
    """Print everything that was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument(
        "--questions", type=int, default=60, help="drawn from each language, for pairs and pools"
    )
    parser.add_argument("--quick", action="store_true", help="leave out what takes 20,000 passages")
    parser.add_argument("--store", type=Path, help="keep the stores in this folder, to use again")
    arguments = parser.parse_args()
    console = Console(width=150)
    with tempfile.TemporaryDirectory() as temporary:
        stores = arguments.store or Path(temporary)
        print_embedder(console, arguments.data)
        folder = arguments.data / "xquad_dev"
        texts, every = search_benchmark.read_xquad(folder, EVERY)
        _, questions = search_benchmark.read_xquad(folder, arguments.questions)
        corpus = search_benchmark.open_or_build(stores / "xquad", texts)
        asyncio.run(print_pairs(console, corpus, every, questions))
        asyncio.run(print_pools(console, corpus, questions))
        if not arguments.quick:
            asyncio.run(print_times(console, arguments.data, stores / "large"))


def print_embedder(console: Console, data: Path) -> None:
    """Print the sentence retrieval of the shipped embedder alone."""
    measured = embedder_benchmark.measure_retrieval(load_embedder(), data / "xquad_r_dev")
    table = Table("embedder alone, question to sentence", "mAP")
    for name in ("mono", "cross", "pooled_map"):
        table.add_row(name, f"{measured[name]:.3f}")
    console.print(table)


# Paragraphs, language by language


async def print_pairs(
    console: Console, corpus: Corpus, every: Sequence[Question], questions: Sequence[Question]
) -> None:
    """Print what each signal finds alone, what parts find together, and all.

    Every question is asked in its own language; some, in the others.
    """
    whole, untranslated = HybridRetriever(corpus), _untranslated(corpus)
    weights = {signal.name: signal.weight for signal in default_signals(corpus, None)}
    signals = [name for name in weights if name != "pieces"]
    scorers: dict[str, tuple[HybridRetriever, Scorer]] = {
        **{name: (whole, _alone(name)) for name in weights},
        "no rerank, no lexicon": (untranslated, _sum(weights, signals)),
        "no rerank": (whole, _sum(weights, signals)),
        "all": (whole, lambda hit: hit.score),
    }
    # In the asker's own language nothing is translated: one search tells of all ways.
    own_scorers = {name: (whole, scorer) for name, (_, scorer) in scorers.items()}
    mono = await _ranks(every, own_scorers, lambda language: [language])
    cross = await _ranks(
        questions, scorers, lambda own: [code for code in sorted(corpus.languages) if code != own]
    )
    halves = _halves(questions)
    table = Table(
        "paragraphs", "mono @1", "mono @5", "cross @1", "cross @5", "chosen on", "held out"
    )
    for name in scorers:
        own, foreign = mono[name], cross[name]
        table.add_row(
            name,
            *(_interval(values) for one in (own, foreign) for values in (one.first, one.top)),
            *(_two(foreign.first[half], foreign.top[half]) for half in halves),
        )
    console.print(table)
    found: dict[Language, list[float]] = defaultdict(list)
    for question, share in zip(questions, cross["all"].top, strict=True):
        found[question.language].append(float(share))
    console.print("cross @5, all, by asker:", _means(found))


async def _ranks(
    questions: Sequence[Question],
    scorers: Mapping[str, tuple[HybridRetriever, Scorer]],
    places: Callable[[Language], Sequence[Language]],
) -> dict[str, Shares]:
    """Search languages for each question, one by one, and rank what came by each scorer."""
    ranks: dict[str, list[list[int]]] = {name: [] for name in scorers}
    for question in questions:
        for found in ranks.values():
            found.append([])
        for language in places(question.language):
            results: dict[HybridRetriever, Sequence[Hit]] = {}
            for name, (retriever, scorer) in scorers.items():
                if retriever not in results:
                    results[retriever] = await _search(retriever, question, [language], PARAGRAPHS)
                rank = _rank(results[retriever], question.paragraph, scorer)
                ranks[name][-1].append(rank)
    return {name: Shares.of(np.array(found)) for name, found in ranks.items()}


def _alone(signal: str) -> Scorer:
    return lambda hit: hit.signals[signal]


def _sum(weights: Mapping[str, float], names: Sequence[str]) -> Scorer:
    return lambda hit: sum(weights[name] * hit.signals[name] for name in names)


def _untranslated(corpus: Corpus) -> HybridRetriever:
    signals: list[Signal] = [
        DenseSignal(corpus=corpus),
        LexicalSignal(corpus=corpus, translator=QueryTranslator(None)),
        SoundSignal(corpus=corpus),
    ]
    return HybridRetriever(corpus, signals=signals)


async def _search(
    retriever: HybridRetriever, question: Question, languages: Sequence[Language], k: int
) -> Sequence[Hit]:
    result = await retriever.search(question.text, languages, k=k, asked_in=question.language)
    failed = [outcome for outcome in result.outcomes if outcome.status != "ok"]
    if failed:
        raise RuntimeError(f"a search failed: {failed}")
    return result.hits


def _rank(hits: Sequence[Hit], paragraph: str, scorer: Scorer) -> int:
    """Return the rank of the first passage of a paragraph; what ties with it is before it."""
    ordered = sorted(hits, key=lambda hit: (-scorer(hit), _is_of(hit, paragraph)))
    ranks = (rank for rank, hit in enumerate(ordered, start=1) if _is_of(hit, paragraph))
    return next(ranks, PARAGRAPHS + 1)


def _is_of(hit: Hit, paragraph: str) -> bool:
    return hit.passage.document_id.rpartition("-")[0] == paragraph


# The pool of ten languages


async def print_pools(console: Console, corpus: Corpus, questions: Sequence[Question]) -> None:
    """Print the share of questions that find their paragraph in the pool of other languages."""
    lexicon = load_lexicon()
    signals = [p for p in default_signals(corpus, lexicon) if not isinstance(p, Reranker)]
    ways = {
        "no rerank, no lexicon": _untranslated(corpus),
        "no rerank": HybridRetriever(corpus, signals=signals),
        "all": HybridRetriever(corpus),
    }
    table = Table("ten other languages", "@1", "@5", "chosen on", "held out", "by asker @5")
    halves = _halves(questions)
    for name, retriever in ways.items():
        ranks: list[list[int]] = []
        for question in questions:
            others = [code for code in corpus.languages if code != question.language]
            hits = await _search(retriever, question, others, TOP)
            ranks.append([_rank(hits, question.paragraph, lambda hit: hit.score)])
        shares = Shares.of(np.array(ranks))
        by_asker: dict[Language, list[float]] = defaultdict(list)
        for question, share in zip(questions, shares.top, strict=True):
            by_asker[question.language].append(float(share))
        table.add_row(
            name,
            _interval(shares.first),
            _interval(shares.top),
            *(_two(shares.first[half], shares.top[half]) for half in halves),
            _means(by_asker),
        )
    console.print(table)


# Time


async def print_times(console: Console, data: Path, store: Path) -> None:
    """Print how long opening takes, and searches in one language of 20,000 passages."""
    texts = search_benchmark.drawn_passages(data, 20_000)
    search_benchmark.open_or_build(store, texts)
    embedder, lexicon = load_embedder(), load_lexicon()
    opened: list[float] = []
    for _ in range(5):
        began = time.perf_counter()
        HybridRetriever(open_store(store).open_corpus(CORPUS, embedder), lexicon=lexicon)
        opened.append(time.perf_counter() - began)
    corpus = open_store(store).open_corpus(CORPUS, embedder)
    signals = default_signals(corpus, lexicon)
    retriever = HybridRetriever(corpus, signals=signals)
    console.print(f"opening five languages of 20,000 passages: {_spread(opened, 's', 3)}")
    _, questions = search_benchmark.read_xquad(data / "xquad_dev", 100)
    table = Table("20,000 passages", "asked in", "ms, questions translated before")
    for language in search_benchmark.SPEED_LANGUAGES:
        for asked_in in (Language("en"), Language("de")):
            asked = [question for question in questions if question.language == asked_in]
            table.add_row(language, asked_in, await _time(retriever, signals, asked, language))
    console.print(table)


async def _time(
    retriever: HybridRetriever,
    signals: Sequence[Signal | Reranker],
    questions: Sequence[Question],
    language: Language,
) -> str:
    times: list[float] = []
    for question in questions:
        for part in signals:
            if isinstance(part, LexicalSignal):
                part.translator.bag(question.text, question.language, language)
            elif isinstance(part, PieceReranker):
                part.cut(question.text, question.language, language)
        began = time.perf_counter()
        await _search(retriever, question, [language], 10)
        times.append(1000 * (time.perf_counter() - began))
    return _spread(times, "ms", 1)


def _spread(values: Sequence[float], unit: str, digits: int) -> str:
    middle = statistics.median(values)
    return f"median {middle:.{digits}f} {unit}, least {min(values):.{digits}f} {unit}"


def _halves(questions: Sequence[Question]) -> list[NDArray[np.bool_]]:
    """Tell which questions are of articles of even, and of odd number."""
    articles = np.array([int(question.paragraph.partition(".")[0]) for question in questions])
    return [articles % 2 == 0, articles % 2 == 1]


def _interval(values: NDArray[np.float64]) -> str:
    draw = np.random.default_rng(0)
    means = values[draw.integers(0, len(values), (1_000, len(values)))].mean(axis=1)
    low, high = np.quantile(means, (0.025, 0.975))
    return f"{values.mean():.3f} ({low:.3f} to {high:.3f})"


def _two(first: NDArray[np.float64], top: NDArray[np.float64]) -> str:
    return f"{first.mean():.3f} {top.mean():.3f}"


def _means(values: Mapping[Language, Sequence[float]]) -> str:
    means = {language: statistics.fmean(found) for language, found in values.items()}
    ordered = sorted(means.items(), key=lambda item: -item[1])
    return " ".join(f"{language} {mean:.2f}" for language, mean in ordered)


if __name__ == "__main__":
    main()

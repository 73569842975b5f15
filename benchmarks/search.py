"""Measures search: how fast over one and five languages, and what each signal finds.

`speed` fills five languages with passages of three drawn sentences each (NTREX and TICO-19, real
sentences in an order that nobody wrote) and times searches one after another, none asked twice.
The figures to hold: five languages cost at most five times one, and under 60 ms at the median at
20,000 passages a language.

`quality` ingests half of XQuAD (120 paragraphs in each of 11 languages, never trained on) and
looks for each question's paragraph: in the asker's language (mono), in each other language (cross),
and in all others at once, where its translation in any language counts (pool), by each signal alone
and fused.

Left out: concurrent runs, and stores on a server.

    python benchmarks/search.py speed --data ../shared/data [--passages 20000] [--store FOLDER]
    python benchmarks/search.py quality --data ../shared/data [--questions 60]
"""

import argparse
import asyncio
import csv
import json
import random
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from crosearch.tools.embedder import load_embedder
from crosearch.tools.index import Corpus, open_store
from crosearch.tools.languages import Language
from crosearch.tools.passages import Document, Passage, SearchResult
from crosearch.tools.search import HybridRetriever
from crosearch.tools.sentences import split_sentences
from crosearch.tools.signals import default_signals

SPEED_LANGUAGES = tuple(Language(code) for code in ("en", "es", "fr", "ru", "zh"))
CORPUS = "benchmark"


def main() -> None:
    """Run the part that was asked for, and print its table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("part", choices=("speed", "quality"))
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument("--passages", type=int, default=20_000, help="speed: in each language")
    parser.add_argument("--questions", type=int, default=60, help="quality: in each language")
    parser.add_argument("--searches", type=int, default=100, help="speed: for each line")
    parser.add_argument(
        "--store", type=Path, help="keep the store in this folder, and use it again"
    )
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        store = arguments.store or Path(temporary) / "store"
        if arguments.part == "speed":
            texts = drawn_passages(arguments.data, arguments.passages)
            asyncio.run(speed(open_or_build(store, texts), arguments.data, arguments.searches))
        else:
            paragraphs, questions = read_xquad(arguments.data / "xquad_dev", arguments.questions)
            asyncio.run(quality(open_or_build(store, paragraphs), questions))


def open_or_build(store: Path, texts: Iterator[tuple[Language, str, str]]) -> Corpus:
    """Open the benchmark's corpus; where there is none, write (language, id, text) into one."""
    opened, embedder = open_store(store), load_embedder()
    if CORPUS not in {info.name for info in opened.corpora()}:
        start = time.perf_counter()
        with opened.writer(CORPUS, embedder) as writer:
            for language, name, text in texts:
                document = Document(id=name, title="", text=text, language=language)
                passage = Passage(
                    id=f"{name}#0",
                    document_id=name,
                    title="",
                    text=text,
                    language=language,
                    sentences=tuple(split_sentences(text, language)),
                )
                writer.put(document, name, [passage])
        print(f"wrote the corpus in {time.perf_counter() - start:.0f} s")
    return opened.open_corpus(CORPUS, embedder)


# Speed


def drawn_passages(data: Path, count: int) -> Iterator[tuple[Language, str, str]]:
    """Draw passages of three sentences for each language; the same ones every time."""
    rows = [*_rows(data / "train" / "ntrex.tsv"), *_rows(data / "train" / "tico19.tsv")]
    draw = random.Random(0)
    for language in SPEED_LANGUAGES:
        sentences = [row[language] for row in rows if row.get(language)]
        joint = "" if language == "zh" else " "
        for number in range(count):
            yield language, f"{language}-{number}", joint.join(draw.sample(sentences, 3))


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)


async def speed(corpus: Corpus, data: Path, searches: int) -> None:
    """Time searches in one language and in all five."""
    retriever = HybridRetriever(corpus)
    _, questions = read_xquad(data / "xquad_dev", 6 * searches)
    asked = iter(question.text for question in questions if question.language == "en")
    for language in SPEED_LANGUAGES:
        await retriever.search(next(asked), [language])
    table = Table("languages", "median ms", "10% to 90%", "slowest")
    alone: list[float] = []
    for language in SPEED_LANGUAGES:
        times = await _times(retriever, asked, [language], searches // 2)
        alone += times
        table.add_row(language, *_spread(times))
    together = await _times(retriever, asked, SPEED_LANGUAGES, searches)
    table.add_row("all five", *_spread(together))
    ratio = statistics.median(together) / statistics.median(alone)
    table.add_row("five / one", f"{ratio:.1f}")
    console = Console()
    console.print(f"passages: {dict(corpus.languages)}")
    console.print(table)


async def _times(
    retriever: HybridRetriever, asked: Iterator[str], languages: Sequence[Language], count: int
) -> list[float]:
    times: list[float] = []
    for _ in range(count):
        start = time.perf_counter()
        result = await retriever.search(next(asked), languages)
        times.append(1000 * (time.perf_counter() - start))
        if any(outcome.status != "ok" for outcome in result.outcomes):
            raise RuntimeError(f"a search failed: {result.outcomes}")
    return times


def _spread(times: list[float]) -> tuple[str, str, str]:
    tenths = statistics.quantiles(times, n=10)
    return (
        f"{statistics.median(times):.1f}",
        f"{tenths[0]:.1f} to {tenths[-1]:.1f}",
        f"{max(times):.1f}",
    )


# Quality


@dataclass(frozen=True, kw_only=True)
class Question:
    """A question of XQuAD, and the number of the paragraph that answers it in every language."""

    text: str
    language: Language
    paragraph: str


def read_xquad(
    folder: Path, questions: int
) -> tuple[Iterator[tuple[Language, str, str]], list[Question]]:
    """Read the paragraphs, and draw some questions of each language."""
    paragraphs: list[tuple[Language, str, str]] = []
    by_language: dict[Language, list[Question]] = defaultdict(list)
    for path in sorted(folder.glob("xquad.*.json")):
        language = Language(path.suffixes[0][1:])
        for number, article in enumerate(json.loads(path.read_text("utf-8"))["data"]):
            for place, paragraph in enumerate(article["paragraphs"]):
                name = f"{number}.{place}"
                paragraphs.append((language, f"{name}-{language}", paragraph["context"]))
                by_language[language] += [
                    Question(text=entry["question"], language=language, paragraph=name)
                    for entry in paragraph["qas"]
                ]
    draw = random.Random(0)
    drawn = [
        question
        for found in by_language.values()
        for question in draw.sample(found, min(questions, len(found)))
    ]
    return iter(paragraphs), drawn


async def quality(corpus: Corpus, questions: Sequence[Question]) -> None:
    """Look for the paragraphs by each signal alone and by all, and print the shares found."""
    signals = default_signals(corpus)
    ways = {signal.name: HybridRetriever(corpus, signals=[signal]) for signal in signals}
    ways["fused"] = HybridRetriever(corpus)
    table = Table(
        "", *(f"{where} {n}" for where in ("mono", "cross", "pool") for n in ("@1", "@5"))
    )
    by_language: dict[Language, list[float]] = defaultdict(list)
    for name, retriever in ways.items():
        shares: dict[str, list[tuple[bool, bool]]] = defaultdict(list)
        for question in questions:
            others = [code for code in corpus.languages if code != question.language]
            places = {"mono": [[question.language]], "cross": [[code] for code in others]}
            for where, sets in {**places, "pool": [others]}.items():
                for languages in sets:
                    result = await retriever.search(question.text, languages, k=5)
                    shares[where].append(_found(result, question.paragraph))
            if name == "fused":
                by_language[question.language].append(shares["pool"][-1][1])
        cells = [statistics.mean(hit[n] for hit in shares[w]) for w in shares for n in (0, 1)]
        table.add_row(name, *(f"{cell:.3f}" for cell in cells))
    console = Console()
    console.print(table)
    rows = {code: f"{statistics.mean(found):.2f}" for code, found in by_language.items()}
    console.print("pool @5, fused, by the asker's language:", rows)


def _found(result: SearchResult, paragraph: str) -> tuple[bool, bool]:
    hits = [hit.passage.document_id.rpartition("-")[0] == paragraph for hit in result.hits]
    return any(hits[:1]), any(hits)


if __name__ == "__main__":
    main()

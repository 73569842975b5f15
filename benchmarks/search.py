"""Measures how fast search is over one and five languages.

It fills five languages with passages of three drawn sentences each (NTREX and TICO-19, real
sentences in an order that nobody wrote) and times searches one after another, none asked twice.
The figures to hold: five languages cost at most five times one, and under 60 ms at the median at
20,000 passages a language. What search finds is measured by `benchmarks/retriever.py`.

Left out: concurrent runs, and stores on a server.

    python benchmarks/search.py --data ../shared/data [--passages 20000] [--store FOLDER]
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
from crosearch.tools.passages import Document, Passage
from crosearch.tools.search import HybridRetriever
from crosearch.tools.sentences import split_sentences

SPEED_LANGUAGES = tuple(Language(code) for code in ("en", "es", "fr", "ru", "zh"))
CORPUS = "benchmark"


def main() -> None:
    """Build or open the store, and print the table of times."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument("--passages", type=int, default=20_000, help="in each language")
    parser.add_argument("--searches", type=int, default=100, help="for each line")
    parser.add_argument(
        "--store", type=Path, help="keep the store in this folder, and use it again"
    )
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        store = arguments.store or Path(temporary) / "store"
        texts = drawn_passages(arguments.data, arguments.passages)
        asyncio.run(speed(open_or_build(store, texts), arguments.data, arguments.searches))


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


if __name__ == "__main__":
    main()

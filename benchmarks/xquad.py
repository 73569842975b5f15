"""XQuAD for the benchmarks: its paragraphs as documents, its questions, and stores of them.

XQuAD is for evaluation only: nothing is trained on what is read here.
"""

import json
import random
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from crosearch.tools.embedder import load_embedder
from crosearch.tools.index import Corpus, open_store
from crosearch.tools.ingestion import ingest
from crosearch.tools.languages import Language

Documents = Sequence[Mapping[str, str]]


@dataclass(frozen=True, kw_only=True)
class Question:
    """A question of XQuAD, and the paragraph that answers it in every language."""

    text: str
    language: Language
    paragraph: str
    """The paragraph's number in its article, and the article's: equal in all languages."""


def read_xquad(folder: Path) -> tuple[list[dict[str, str]], list[Question]]:
    """Read all languages' paragraphs, as documents, and their questions."""
    documents: list[dict[str, str]] = []
    questions: list[Question] = []
    for path in sorted(folder.glob("xquad.*.json")):
        language = Language(path.suffixes[0][1:])
        articles = json.loads(path.read_text(encoding="utf-8"))["data"]
        for number, article in enumerate(articles):
            for place, paragraph in enumerate(article["paragraphs"]):
                key = f"{number}-{place}"
                documents.append(
                    {
                        "id": f"{key}-{language}",
                        "title": "",
                        "text": paragraph["context"],
                        "language": language,
                    }
                )
                questions += [
                    Question(text=entry["question"], language=language, paragraph=key)
                    for entry in paragraph["qas"]
                ]
    return documents, questions


def paragraph_of(document_id: str) -> str:
    """Return the paragraph that a document is, whatever its language."""
    return document_id.rpartition("-")[0]


def build_corpus(folder: Path, documents: Documents, without: Collection[str] = ()) -> Corpus:
    """Ingest the paragraphs into a new store in a folder, and open it.

    Args:
        folder: Where the store goes; made here.
        documents: The paragraphs.
        without: The paragraphs that are left out, in all languages.
    """
    folder.mkdir()
    source = folder / "xquad.jsonl"
    kept = [d for d in documents if paragraph_of(d["id"]) not in without]
    lines = (json.dumps(document, ensure_ascii=False) + "\n" for document in kept)
    source.write_text("".join(lines), encoding="utf-8")
    store, embedder = open_store(folder / "store"), load_embedder()
    ingest([source], store=store, corpus="xquad", embedder=embedder)
    return store.open_corpus("xquad", embedder)


def draw(questions: Sequence[Question], count: int, seed: int) -> list[Question]:
    """Draw questions, about as many in each language."""
    by_language: dict[Language, list[Question]] = defaultdict(list)
    for question in questions:
        by_language[question.language].append(question)
    order = random.Random(seed)
    for group in by_language.values():
        order.shuffle(group)
    groups = [by_language[language] for language in sorted(by_language)]
    return [groups[n % len(groups)][n // len(groups)] for n in range(count)]


def rank(document_ids: Sequence[str], paragraph: str) -> int | None:
    """Find the paragraph, in any language, among documents; the first is 1."""
    keys = [paragraph_of(document_id) for document_id in document_ids]
    return keys.index(paragraph) + 1 if paragraph in keys else None


def share(values: Sequence[bool]) -> float:
    """Return the share that is true; NaN of none."""
    return sum(values) / len(values) if values else float("nan")


def interval(values: Sequence[bool], seed: int, rounds: int = 2000) -> tuple[float, float]:
    """Return the bootstrap's 95% interval of the share."""
    order = random.Random(seed)
    shares = sorted(share(order.choices(values, k=len(values))) for _ in range(rounds))
    return shares[round(0.025 * rounds)], shares[round(0.975 * rounds)]

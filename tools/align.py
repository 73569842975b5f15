"""Brings what a search found into one space: scored against the question, clustered, marked."""

import asyncio
from collections.abc import Sequence

import numpy as np

from crosearch.tools.errors import TranslationError
from crosearch.tools.languages import Language
from crosearch.tools.ledger import Evidence
from crosearch.tools.passages import Hit, Passage, SearchResult
from crosearch.tools.retriever import Retriever, Vectors
from crosearch.tools.sentences import split_sentences
from crosearch.tools.translate import Translator

LEXICAL_SCALE = 0.04
SAME_STATEMENT = 0.6


async def align_evidence(
    question: str,
    language: Language,
    evidence: Sequence[Evidence],
    result: SearchResult,
    *,
    retriever: Retriever,
    translator: Translator,
) -> list[Evidence]:
    """Return the ledger with what the search found, best first; held entries keep their numbers."""
    held = {(entry["language"], entry["passage_id"]) for entry in evidence}
    new = [hit for hit in result.hits if (hit.passage.language, hit.passage.id) not in held]
    passages = [_passage(entry) for entry in evidence] + [hit.passage for hit in new]
    vectors = await retriever.sentence_vectors(passages)
    asked = await asyncio.to_thread(retriever.embedder.encode_queries, [question])
    first = max((entry["number"] for entry in evidence), default=0) + 1
    entries = [dict_copy(entry) for entry in evidence]
    for number, hit in enumerate(new, first):
        entry = _entry(number, hit, vectors.get(hit.passage.id), asked[0])
        entry["translation"], entry["translated_by"] = await _translate(entry, language, translator)
        entries.append(entry)
    entries.sort(key=lambda entry: entry["number"])
    _cluster(entries, vectors)
    return sorted(entries, key=lambda entry: (-entry["score"], entry["number"]))


def dict_copy(entry: Evidence) -> Evidence:
    """Copy an entry."""
    return entry.copy()


def _passage(entry: Evidence) -> Passage:
    return Passage(
        id=entry["passage_id"],
        document_id=entry["document_id"],
        title=entry["title"],
        text=entry["text"],
        language=entry["language"],
        sentences=tuple(split_sentences(entry["text"], entry["language"])),
    )


def _entry(number: int, hit: Hit, rows: Vectors | None, asked: Vectors) -> Evidence:
    passage, span = hit.passage, hit.sentence
    dense = hit.signals.get("dense", 0.0)
    if rows is not None and len(rows) == len(passage.sentences):
        similarities = rows @ asked
        span = passage.sentences[int(similarities.argmax())]
        dense = float(max(similarities.max(), 0.0) + hit.signals.get("dense", 0.0)) / 2
    return Evidence(
        number=number,
        passage_id=passage.id,
        document_id=passage.document_id,
        title=passage.title,
        language=passage.language,
        text=passage.text,
        span=list(span),
        translation=None,
        translated_by=None,
        url=passage.url,
        score=round(dense + LEXICAL_SCALE * hit.signals.get("lexical", 0.0), 4),
        cluster=0,
        stance="adds",
    )


async def _translate(
    entry: Evidence, language: Language, translator: Translator
) -> tuple[str | None, str | None]:
    if entry["language"] == language:
        return None, None
    start, end = entry["span"]
    try:
        (text,) = await translator.translate(
            [entry["text"][start:end]], entry["language"], language
        )
    except TranslationError:
        return None, None
    return (text, translator.name) if text else (None, None)


def _cluster(entries: list[Evidence], vectors: dict[str, Vectors]) -> None:
    heads: list[np.ndarray] = []
    for entry in entries:
        spans = _passage(entry).sentences
        rows = vectors.get(entry["passage_id"])
        place = spans.index((entry["span"][0], entry["span"][1])) if rows is not None else 0
        vector = rows[place] if rows is not None and place < len(rows) else None
        entry["stance"] = "adds"
        similarities = [float(head @ vector) for head in heads] if vector is not None else []
        if similarities and max(similarities) >= SAME_STATEMENT:
            entry["cluster"] = int(np.argmax(similarities)) + 1
            entry["stance"] = "corroborates"
        else:
            heads.append(vector if vector is not None else np.zeros(1, np.float32))
            entry["cluster"] = len(heads)

"""Observations and evidence for tests of policies, filled in where a test does not care."""

from collections.abc import Mapping, Sequence

from crosearch.agents.policy import Observation
from crosearch.agents.transcript import Segment
from crosearch.tools.embedder import load_embedder
from crosearch.tools.languages import Language, parse_language, parse_languages
from crosearch.tools.ledger import Evidence, LanguageSearch, SearchRecord, Stance
from crosearch.tools.passages import Passage, SearchStatus
from crosearch.tools.relevance import best_sentence, read_question, relevance
from crosearch.tools.sentences import split_sentences


def evidence(
    number: int,
    language: str,
    text: str,
    *,
    title: str = "",
    span: tuple[int, int] | None = None,
    translation: str | None = None,
    cluster: int | None = None,
    stance: Stance = "adds",
) -> Evidence:
    start, end = span or (0, len(text))
    return Evidence(
        number=number,
        passage_id=f"{language}-{number}#0",
        document_id=f"{language}-{number}",
        title=title,
        language=parse_language(language),
        text=text,
        span=[start, end],
        translation=translation,
        translated_by=None if translation is None else "tests",
        url="",
        score=1.0 / number,
        cluster=number if cluster is None else cluster,
        stance=stance,
    )


def scored(question: str, language: str, entries: Sequence[Evidence]) -> list[Evidence]:
    """Give entries the scores, and the sentences, that the align step would give them."""
    embedder = load_embedder()
    asked = read_question(question, parse_language(language), embedder)
    result: list[Evidence] = []
    for entry in entries:
        passage = Passage(
            id=entry["passage_id"],
            document_id=entry["document_id"],
            title=entry["title"],
            text=entry["text"],
            language=entry["language"],
            sentences=tuple(split_sentences(entry["text"], entry["language"])),
        )
        rows = embedder.encode_passages([entry["text"][a:b] for a, b in passage.sentences])
        changed = entry.copy()
        changed["score"] = relevance(passage, rows, asked)
        changed["span"] = list(best_sentence(passage, rows, asked))
        result.append(changed)
    return result


def search_record(languages: str, failed: Mapping[str, SearchStatus] | None = None) -> SearchRecord:
    statuses: dict[str, SearchStatus] = {code: "ok" for code in languages.split(",")}
    statuses |= failed or {}
    return SearchRecord(
        languages=list(parse_languages(languages)),
        query="a query",
        status="partial" if failed else "ok",
        seconds=0.01,
        outcomes=[
            LanguageSearch(
                language=Language(code),
                status=status,
                found=3,
                seconds=0.01,
                promise=None,
                detail="secret path",
            )
            for code, status in statuses.items()
        ],
    )


def observe(
    question: str = "Who built the tower?",
    language: str = "en",
    *,
    languages: Mapping[str, int] | None = None,
    transcript: Sequence[Segment] = (),
    held: Sequence[Evidence] = (),
    searches: Sequence[SearchRecord] = (),
    turns_left: int = 8,
    searches_left: int = 4,
    promise: Mapping[str, float] | None = None,
) -> Observation:
    counts = languages or {"en": 9, "de": 8, "fr": 7, "pl": 6, "ja": 5, "sw": 4}
    return Observation(
        question=question,
        language=parse_language(language),
        languages={Language(code): count for code, count in counts.items()},
        transcript=tuple(transcript),
        evidence=tuple(held),
        searches=tuple(searches),
        turns_left=turns_left,
        searches_left=searches_left,
        promise={Language(code): chance for code, chance in (promise or {}).items()},
    )

"""AfriQA: questions in African languages, with passages in English or French that answer them."""

import ast
from collections.abc import Iterator, Mapping
from typing import cast

from crosearch.evals.dataset_catalog import DatasetDescription, DatasetRequest, codes
from crosearch.evals.dataset_corpus import passage_id
from crosearch.evals.dataset_fields import (
    distinct,
    identifier_of,
    language_of,
    optional_text_of,
    passage_of,
    text_of,
    texts_of,
)
from crosearch.evals.dataset_files import (
    PublishedFile,
    choose_split,
    find_files,
    language_files,
    need_files,
)
from crosearch.evals.dataset_records import read_json_lines
from crosearch.evals.dataset_types import EvalDataset, EvalDocument, EvalQuestion
from crosearch.tools.languages import parse_language
from crosearch.training.question_files import Row

AFRIQA = DatasetDescription(
    name="afriqa",
    title="AfriQA: Cross-lingual Open-Retrieval Question Answering for African Languages",
    paper="https://arxiv.org/abs/2305.06897",
    size="train 4,333, dev 4,346, test 3,560",
    languages=codes("bem fon ha ig rw sw ak wo yo zu"),
    licence="CC BY 4.0",
    where="https://github.com/masakhane-io/afriqa",
    files=(
        "queries.afriqa.LANGUAGE.PIVOT.SPLIT.json",
        "gold_span_passages.afriqa.LANGUAGE.PIVOT.SPLIT.json",
    ),
    gold=True,
    splits=("train", "dev", "test"),
    notes="Twi is asked in as ak. Answers are in the asker's language and in the pivot language "
    "(French for Fon and Wolof, else English), in which the gold passages are. A question without "
    "answers is not known to have none.",
)

_NAME = r"(?:afriqa|xqa)\.(?P<language>[a-z]{3})\.(?P<pivot>en|fr)\.(?P<split>train|dev|test)"
_QUERIES = rf"queries\.{_NAME}(?:\.human_translation)?\.json"
_PASSAGES = rf"gold_span_passages\.{_NAME}\.json"


def read_afriqa(request: DatasetRequest) -> EvalDataset:
    """Read AfriQA.

    Raises:
        DocumentError: A record is not as published.
        UsageError: There is no such file or split, or there are several splits.
    """
    found = need_files(request, _QUERIES)
    split = choose_split(request, (file.parts["split"] for file in found))
    documents: dict[str, EvalDocument] = {}
    gold: dict[tuple[str, str], dict[str, int]] = {}
    for code, file in language_files(request, find_files(request, _PASSAGES), split).items():
        for row in read_json_lines(file.path):
            document = _document(row, file)
            documents[document.id] = document
            gold.setdefault((code, text_of(row, "question_lang")), {})[document.id] = 1
    questions = [
        question
        for code, file in language_files(request, found, split).items()
        if request.asks_in(parse_language(code))
        for question in _questions(file, gold)
    ]
    return EvalDataset(
        name=request.about.name, questions=questions, documents=list(documents.values())
    )


def _questions(
    file: PublishedFile, gold: Mapping[tuple[str, str], Mapping[str, int]]
) -> Iterator[EvalQuestion]:
    pivot = parse_language(file.parts["pivot"])
    for row in read_json_lines(file.path):
        language = language_of(row, "lang")
        name = identifier_of(row, "id")
        text = text_of(row, "question")
        translated = optional_text_of(row, "translated_question")
        told = {language: _listed(row, "answers"), pivot: _listed(row, "translated_answer")}
        answers = {spoken: texts for spoken, texts in told.items() if texts}
        found = gold.get((file.parts["language"], text), {})
        yield EvalQuestion(
            id=name,
            language=language,
            text=text,
            fact=f"{language}:{name}",
            translations={pivot: translated} if translated else {},
            answers=answers,
            gold=found,
            answerable=True if answers or found else None,
        )


def _document(row: Row, file: PublishedFile) -> EvalDocument:
    text = passage_of(row, "context")
    title = optional_text_of(row, "title")
    return EvalDocument(
        id=passage_id(title, text),
        language=parse_language(file.parts["pivot"]),
        text=text,
        title=title,
    )


def _listed(row: Row, name: str) -> tuple[str, ...]:
    """Read a list that may be written as Python shows one, though its quotes are not escaped."""
    value = row.values.get(name)
    if value is None:
        return ()
    if not isinstance(value, str):
        return texts_of(row, name)
    text = passage_of(row, name).strip()
    if not (text.startswith("[") and text.endswith("]")):
        return distinct([text])
    return distinct(_unlisted(text))


def _unlisted(text: str) -> list[str]:
    try:
        listed: object = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text[1:-1].strip().strip("'\"").split("', '")
    return [str(item) for item in cast("list[object]", listed)]

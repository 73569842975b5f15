"""Mintaka: complex questions, translated by people, with answers from Wikidata."""

from collections.abc import Iterable

from crosearch.evals.dataset_catalog import DatasetDescription, DatasetRequest, codes
from crosearch.evals.dataset_fields import (
    distinct,
    identifier_of,
    list_of,
    optional_text_of,
    record_of,
    records_of,
    text_of,
    wrong_field,
)
from crosearch.evals.dataset_files import by_part, choose_split, need_files
from crosearch.evals.dataset_questions import AskedFact, ask, by_language
from crosearch.evals.dataset_records import read_json_list
from crosearch.evals.dataset_types import EvalDataset
from crosearch.tools.languages import Language
from crosearch.training.question_files import Row

MINTAKA = DatasetDescription(
    name="mintaka",
    title="Mintaka: A Complex, Natural, and Multilingual Dataset for End-to-End Question Answering",
    paper="https://aclanthology.org/2022.coling-1.138/",
    size="train 14,000, dev 2,000, test 4,000, in all languages",
    languages=codes("ar de en es fr hi it ja pt"),
    licence="CC BY 4.0",
    where="https://github.com/amazon-science/mintaka",
    files=("mintaka_SPLIT.json",),
    splits=("train", "dev", "test"),
    notes="No documents. What answers in English is there for all; names of entities in other "
    "languages are in the test split alone, and yes and no in English alone.",
)

_ENGLISH = Language("en")
_TYPES = ("entity", "boolean", "number", "date", "string")


def read_mintaka(request: DatasetRequest) -> EvalDataset:
    """Read Mintaka.

    Raises:
        DocumentError: A record is not as published.
        UsageError: There is no such file or split, or there are several splits.
    """
    found = need_files(request, r"mintaka_(?P<split>train|dev|test)\.json")
    files = by_part(request, found, "split")
    rows = read_json_list(files[choose_split(request, files)].path)
    return EvalDataset(name=request.about.name, questions=list(ask(request, map(_fact, rows))))


def _fact(row: Row) -> AskedFact:
    translations = record_of(row, "translations")
    texts = {
        language: text_of(translations, name)
        for language, name in by_language(translations).items()
    }
    texts[_ENGLISH] = text_of(row, "question")
    answer = record_of(row, "answer")
    golds = {language: [text] for language, text in _answers(answer, texts).items()}
    golds.setdefault(_ENGLISH, []).append(optional_text_of(answer, "mention"))
    if answer.values.get("answerNum") is not None:
        for language in texts:
            golds.setdefault(language, []).append(str(answer.values["answerNum"]))
    kept = {language: answers for language in golds if (answers := distinct(golds[language]))}
    return AskedFact(id=identifier_of(row, "id"), texts=texts, answers=kept)


def _answers(row: Row, languages: Iterable[Language]) -> dict[Language, str]:
    """Write the answer in the languages in which it can be told."""
    kind = row.values.get("answerType")
    if kind not in _TYPES:
        raise wrong_field(row, "answerType", f"one of {', '.join(_TYPES)}")
    if row.values.get("answer") is None or kind == "boolean":
        return {}
    if kind == "entity":
        return _joined([_labels(entity) for entity in records_of(row, "answer")])
    told = ", ".join(str(value) for value in list_of(row, "answer"))
    return {_ENGLISH: told} if kind == "string" else dict.fromkeys(languages, told)


def _labels(entity: Row) -> dict[Language, str]:
    if isinstance(entity.values.get("label"), str):
        return {_ENGLISH: text_of(entity, "label")}
    labels = record_of(entity, "label")
    told = {lang: optional_text_of(labels, name) for lang, name in by_language(labels).items()}
    return {language: label for language, label in told.items() if label}


def _joined(entities: list[dict[Language, str]]) -> dict[Language, str]:
    """List several entities, in the languages in which each of them has a name."""
    languages = entities[0] if entities else {}
    return {
        language: ", ".join(labels[language] for labels in entities)
        for language in languages
        if all(language in labels for labels in entities)
    }

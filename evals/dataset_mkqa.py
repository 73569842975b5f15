"""MKQA: ten thousand questions of English speakers, translated, with answers in each language."""

from collections.abc import Iterator, Mapping

from crosearch.evals.dataset_catalog import DatasetDescription, DatasetRequest, codes
from crosearch.evals.dataset_fields import (
    distinct,
    identifier_of,
    optional_text_of,
    record_of,
    records_of,
    text_of,
    texts_of,
    wrong_field,
)
from crosearch.evals.dataset_files import by_part, need_files
from crosearch.evals.dataset_hub import dataset_rows, is_dataset
from crosearch.evals.dataset_questions import AskedFact, ask, by_language
from crosearch.evals.dataset_records import read_json_lines
from crosearch.evals.dataset_types import EvalDataset
from crosearch.tools.languages import Language
from crosearch.training.question_files import Row

MKQA = DatasetDescription(
    name="mkqa",
    title="MKQA: Multilingual Knowledge Questions and Answers",
    paper="https://arxiv.org/abs/2007.15207",
    size="10,000 questions, in all languages",
    languages=codes("ar da de en es fi fr he hu it ja km ko ms nl no pl pt ru sv th tr vi zh"),
    licence="CC BY-SA 3.0",
    where="https://github.com/apple/ml-mkqa",
    files=("mkqa.jsonl.gz", "mkqa.jsonl"),
    hub="apple/mkqa",
    notes="No documents. Long answers are not in it: such questions count as unanswerable, as in "
    "the paper. Of its three kinds of Chinese, zh_cn is read.",
)

_OTHER_CHINESE = ("zh_hk", "zh_tw")
_TYPES = (
    "entity",
    "long_answer",
    "unanswerable",
    "date",
    "number",
    "number_with_unit",
    "short_phrase",
    "binary",
)
"""In the order in which the hub's rows number them."""


def read_mkqa(request: DatasetRequest) -> EvalDataset:
    """Read MKQA.

    Raises:
        DocumentError: A record is not as published.
        UsageError: There is no such file.
    """
    rows = dataset_rows(request) if is_dataset(request.source) else _file_rows(request)
    questions = list(ask(request, map(_fact, rows)))
    return EvalDataset(name=request.about.name, questions=questions)


def _file_rows(request: DatasetRequest) -> Iterator[Row]:
    files = by_part(request, need_files(request, r"(?P<name>mkqa)\.jsonl(?:\.gz)?"), "name")
    return read_json_lines(files["mkqa"].path)


def _fact(row: Row) -> AskedFact:
    queries, golds = record_of(row, "queries"), record_of(row, "answers")
    told = {language: _answers(golds, name) for language, name in _languages(golds).items()}
    answers = {language: texts for language, texts in told.items() if texts}
    return AskedFact(
        id=identifier_of(row, "example_id"),
        texts={language: text_of(queries, name) for language, name in _languages(queries).items()},
        answers=answers,
        answerable=bool(answers),
    )


def _languages(row: Row) -> Mapping[Language, str]:
    return by_language(row, leave_out=_OTHER_CHINESE)


def _answers(row: Row, language: str) -> tuple[str, ...]:
    texts: list[str] = []
    for answer in records_of(row, language):
        _check_type(answer)
        texts.append(optional_text_of(answer, "text"))
        if answer.values.get("aliases") is not None:
            texts.extend(texts_of(answer, "aliases"))
    return distinct(texts)


def _check_type(row: Row) -> None:
    value = row.values.get("type")
    if value not in _TYPES and value not in range(len(_TYPES)):
        raise wrong_field(row, "type", f"one of {', '.join(_TYPES)}")

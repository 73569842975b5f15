"""BordIRlines: whose a disputed territory is, asked in the languages of those who claim it."""

from collections.abc import Iterator, Mapping

from crosearch.evals.dataset_catalog import DatasetDescription, DatasetRequest
from crosearch.evals.dataset_fields import passage_of, record_of, text_of, wrong_field
from crosearch.evals.dataset_files import by_part, find_files, need_files
from crosearch.evals.dataset_records import read_json, read_table
from crosearch.evals.dataset_types import EvalDataset, EvalDocument, EvalQuestion
from crosearch.tools.errors import UnknownLanguageError
from crosearch.tools.languages import Language, parse_language
from crosearch.training.question_files import Row

BORDIRLINES = DatasetDescription(
    name="bordirlines",
    title="BordIRlines: Cross-lingual Retrieval-Augmented Generation on Territorial Disputes",
    paper="https://arxiv.org/abs/2410.01171",
    size="720 questions, 251 territories",
    languages=(),
    licence="MIT",
    where="https://huggingface.co/datasets/borderlines/bordirlines",
    files=("queries.tsv", "all_docs.json"),
    answers=False,
    notes="In 49 languages. A territory is a fact. Control questions, which the set keeps "
    "apart, are English. It says neither what is right nor, in these files, which "
    "documents are relevant. Ids of documents get their language in front.",
)

_COLUMNS = ("query_id", "query_text", "territory", "language")
_CONTROL = "control"
_CODES: Mapping[str, Language] = {
    "zhs": Language("zh"),
    "zht": Language("zh"),
    _CONTROL: Language("en"),
}
"""Codes that are the set's own."""


def read_bordirlines(request: DatasetRequest) -> EvalDataset:
    """Read BordIRlines.

    Raises:
        DocumentError: A file is not as published.
        UsageError: There is no such file.
    """
    found = need_files(request, r"(?P<name>queries)\.tsv")
    rows = list(read_table(by_part(request, found, "name")["queries"].path, _COLUMNS))
    wordings: dict[str, dict[Language, str]] = {}
    for row in rows:
        if row.values["language"] != _CONTROL:
            texts = wordings.setdefault(text_of(row, "territory"), {})
            texts.setdefault(_language(row), text_of(row, "query_text"))
    documents = by_part(request, find_files(request, r"(?P<name>all_docs)\.json"), "name")
    return EvalDataset(
        name=request.about.name,
        questions=[_question(row, wordings) for row in rows if request.asks_in(_language(row))],
        documents=[
            document for file in documents.values() for document in _documents(read_json(file.path))
        ],
    )


def _question(row: Row, wordings: Mapping[str, Mapping[Language, str]]) -> EvalQuestion:
    language = _language(row)
    territory = text_of(row, "territory")
    others = wordings.get(territory, {})
    return EvalQuestion(
        id=text_of(row, "query_id"),
        language=language,
        text=text_of(row, "query_text"),
        fact=territory,
        translations={code: text for code, text in others.items() if code != language},
    )


def _documents(row: Row) -> Iterator[EvalDocument]:
    for code in row.values:
        if code == _CONTROL:
            continue
        texts = record_of(row, code)
        language = _parsed(code, row, code)
        for name in texts.values:
            yield EvalDocument(id=f"{code}:{name}", language=language, text=passage_of(texts, name))


def _language(row: Row) -> Language:
    return _parsed(text_of(row, "language"), row, "language")


def _parsed(code: str, row: Row, name: str) -> Language:
    try:
        return _CODES.get(code) or parse_language(code)
    except UnknownLanguageError as error:
        raise wrong_field(row, name, "a language code, zhs, zht or control") from error

"""NeuCLIR, HC4 and what else has their files: news in several languages, asked for in English.

Topics are JSON lines as TREC published them, or tables of NeuCLIRBench; judgments are TREC's, and
documents JSON lines.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from crosearch.evals.dataset_catalog import DatasetDescription, DatasetRequest, codes
from crosearch.evals.dataset_corpus import ReadAgain
from crosearch.evals.dataset_fields import (
    identifier_of,
    language_of,
    optional_text_of,
    passage_of,
    records_of,
    text_of,
    wrong_field,
)
from crosearch.evals.dataset_files import PublishedFile, find_files, need_files
from crosearch.evals.dataset_questions import AskedFact, ask
from crosearch.evals.dataset_records import read_json_lines
from crosearch.evals.dataset_trec import Judgments, read_judgments, read_topics
from crosearch.evals.dataset_types import EvalDataset, EvalDocument
from crosearch.tools.errors import DocumentError
from crosearch.tools.languages import Language, parse_language
from crosearch.training.question_files import Row

NEUCLIR = DatasetDescription(
    name="neuclir",
    title="TREC NeuCLIR and HC4: Neural Cross-Language Information Retrieval",
    paper="https://arxiv.org/abs/2304.12367",
    size="10 million news articles",
    languages=codes("en fa ru zh"),
    licence="ODC-By (documents), CC BY 4.0 (NeuCLIRBench)",
    where="https://neuclir.github.io",
    files=(
        "*topics*.jsonl",
        "news.LANGUAGE.tsv",
        "*qrels*",
        "LANGUAGE/docs.jsonl",
        "neuclir-LANGUAGE.jsonl.gz",
    ),
    answers=False,
    gold=True,
    notes="There are 3.2 million Chinese, 2.2 Persian and 4.6 Russian articles. A question is a "
    "topic's title and description, in English or translated by people. A document's "
    "language is its field lang, or that of its file or folder. Documents are read each "
    "time they are gone through, and may be missing.",
)

_TOPICS = r"[^/]*topics[^/]*\.jsonl"
_TABLES = r"news\.(?P<language>[a-z]{3})\.tsv"
_JUDGMENTS = r"[^/]*qrels[^/]*"
_DOCUMENTS = r"(?P<place>[^/]*/(?:(?!topics)[^/])*)\.jsonl(?:\.gz)?"
_BY_PEOPLE = ("original", "human translation")
_IN_NAMES: Mapping[str, Language] = {
    "en": Language("en"),
    "eng": Language("en"),
    "fa": Language("fa"),
    "fas": Language("fa"),
    "ru": Language("ru"),
    "rus": Language("ru"),
    "zh": Language("zh"),
    "zho": Language("zh"),
}


def read_neuclir(request: DatasetRequest) -> EvalDataset:
    """Read topics, judgments and documents in NeuCLIR's files.

    Raises:
        DocumentError: A file is not as published, or none of the judged topics is there; of a
            document, when it is gone through.
        UsageError: There are no topics.
    """
    topics = _topics(request)
    judgments: Judgments = {}
    judged = find_files(request, _JUDGMENTS)
    for file in judged:
        read_judgments(file.path, judgments, None)
    if judgments and not judgments.keys() & topics.keys():
        raise DocumentError(
            f"{judged[0].path}: judges {', '.join(list(judgments)[:3])} …, and the topics are "
            f"{', '.join(list(topics)[:3])} …: judgments and topics have to belong together"
        )
    facts = [
        AskedFact(id=name, texts=texts, gold=judgments.get(name, {}))
        for name, texts in topics.items()
    ]
    files = find_files(request, _DOCUMENTS)
    return EvalDataset(
        name=request.about.name,
        questions=list(ask(request, facts)),
        documents=ReadAgain(lambda: _documents(files)) if files else (),
    )


def _topics(request: DatasetRequest) -> dict[str, dict[Language, str]]:
    topics: dict[str, dict[Language, str]] = {}
    for file in need_files(request, f"{_TOPICS}|{_TABLES}"):
        if code := file.parts["language"]:
            for name, text in read_topics(file.path).items():
                topics.setdefault(name, {}).setdefault(parse_language(code), text)
            continue
        for row in read_json_lines(file.path):
            if row.values.get("languages_with_qrels") != []:
                for language, text in _wordings(row):
                    topics.setdefault(identifier_of(row, "topic_id"), {}).setdefault(language, text)
    return topics


def _wordings(row: Row) -> Iterator[tuple[Language, str]]:
    for wording in records_of(row, "topics"):
        if text_of(wording, "source") in _BY_PEOPLE:
            parts = [
                text_of(wording, "topic_title"),
                optional_text_of(wording, "topic_description"),
            ]
            yield language_of(wording, "lang"), " ".join(filter(None, parts))


def _documents(files: Sequence[PublishedFile]) -> Iterator[EvalDocument]:
    for file in files:
        named = _language_in(file.parts["place"])
        for row in read_json_lines(file.path):
            language = language_of(row, "lang") if "lang" in row.values else named
            if language is None:
                right = "a language code, since neither the file nor its folder is named after one"
                raise wrong_field(row, "lang", right)
            yield EvalDocument(
                id=text_of(row, "id"),
                language=language,
                text=passage_of(row, "text"),
                title=optional_text_of(row, "title"),
            )


def _language_in(place: str) -> Language | None:
    """Read the language in the names of a file and its folder; the file's own goes first."""
    parts = re.findall("[a-z]+", place.lower())
    return next((_IN_NAMES[part] for part in reversed(parts) if part in _IN_NAMES), None)

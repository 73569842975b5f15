"""XRAG: questions about the news, and articles of which two together answer each."""

from collections.abc import Iterator

from crosearch.evals.dataset_catalog import DatasetDescription, DatasetRequest, codes
from crosearch.evals.dataset_corpus import ReadAgain, passage_id
from crosearch.evals.dataset_fields import (
    identifier_of,
    language_of,
    list_of,
    passages_of,
    text_of,
    wrong_field,
)
from crosearch.evals.dataset_files import by_part, choose_split, need_files
from crosearch.evals.dataset_hub import dataset_rows, is_dataset
from crosearch.evals.dataset_records import read_json_lines
from crosearch.evals.dataset_types import EvalDataset, EvalDocument, EvalQuestion
from crosearch.tools.languages import Language
from crosearch.training.question_files import Row

XRAG = DatasetDescription(
    name="xrag",
    title="XRAG: Cross-lingual Retrieval-Augmented Generation",
    paper="https://arxiv.org/abs/2505.10089",
    size="dev 2,985, test 5,200",
    languages=codes("ar de es zh"),
    licence="CC BY-NC 4.0",
    where="https://huggingface.co/datasets/AmazonScience/XRAG",
    files=("xrag.SPLIT.jsonl",),
    gold=True,
    splits=("dev", "test"),
    hub="AmazonScience/XRAG",
    notes="Articles are documents, read each time they are gone through. They are in English or in "
    "the asker's language, which the files do not tell and is therefore detected. English wordings "
    "of questions and answers are given along.",
)

_ENGLISH = Language("en")


def read_xrag(request: DatasetRequest) -> EvalDataset:
    """Read XRAG.

    Raises:
        DocumentError: A record is not as published; of an article, also when it is gone through.
        UsageError: There is no such file or split, or there are several splits.
    """
    seen: dict[tuple[Language, str], int] = {}
    questions: list[EvalQuestion] = []
    for row in _rows(request):
        language = language_of(row, "language")
        if request.asks_in(language):
            name = identifier_of(row, "id")
            times = seen[language, name] = seen.get((language, name), 0) + 1
            questions.append(_question(row, language, name if times == 1 else f"{name}#{times}"))
    return EvalDataset(
        name=request.about.name,
        questions=questions,
        documents=ReadAgain(lambda: _documents(_rows(request))),
    )


def _rows(request: DatasetRequest) -> Iterator[Row]:
    if is_dataset(request.source):
        return dataset_rows(request)
    found = need_files(request, r"xrag\.(?P<split>dev|test)\.jsonl")
    files = by_part(request, found, "split")
    return read_json_lines(files[choose_split(request, files)].path)


def _question(row: Row, language: Language, name: str) -> EvalQuestion:
    english = text_of(row, "en_question")
    supporting = list_of(row, "is_support")
    articles = passages_of(row, "articles")
    if len(supporting) != len(articles) or not all(told in (0, 1) for told in supporting):
        raise wrong_field(row, "is_support", f"0 or 1 for each of the {len(articles)} articles")
    pairs = zip(articles, supporting, strict=True)
    return EvalQuestion(
        id=name,
        language=language,
        text=text_of(row, "question"),
        fact=english,
        translations={_ENGLISH: english},
        answers={language: [text_of(row, "answer")], _ENGLISH: [text_of(row, "en_answer")]},
        gold={passage_id("", article): 1 for article, told in pairs if told},
        answerable=True,
    )


def _documents(rows: Iterator[Row]) -> Iterator[EvalDocument]:
    from crosearch.tools.detect import detect_language

    seen: set[str] = set()
    for row in rows:
        spoken = {language_of(row, "language"), _ENGLISH}
        for article in passages_of(row, "articles"):
            name = passage_id("", article)
            if name not in seen:
                seen.add(name)
                language = detect_language(article, among=spoken).language
                yield EvalDocument(id=name, language=language, text=article)

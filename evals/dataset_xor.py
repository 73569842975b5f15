"""XOR-TyDi: questions whose answers are found in English where their own language has none."""

from dataclasses import replace

from crosearch.evals.dataset_catalog import DatasetDescription, DatasetRequest, codes
from crosearch.evals.dataset_fields import (
    distinct,
    identifier_of,
    language_of,
    passage_of,
    text_of,
    texts_of,
    wrong_field,
)
from crosearch.evals.dataset_files import by_part, choose_split, need_files
from crosearch.evals.dataset_records import read_json_lines
from crosearch.evals.dataset_types import EvalDataset, EvalQuestion
from crosearch.tools.languages import Language
from crosearch.training.question_files import Row

_PAPER = "https://arxiv.org/abs/2010.11856"
_WHERE = "https://github.com/AkariAsai/XORQA"
_LICENCE = "CC BY-SA 4.0 (card), MIT (repository)"
_LANGUAGES = codes("ar bn fi ja ko ru te")
_SPLITS = ("train", "dev", "test")

XOR_RETRIEVE = DatasetDescription(
    name="xor-retrieve",
    title="XOR-TyDi QA: XOR-Retrieve and XOR-EnglishSpan",
    paper=_PAPER,
    size="train 15,250, dev 2,110, test 2,499",
    languages=_LANGUAGES,
    licence=_LICENCE,
    where=_WHERE,
    files=(
        "xor_SPLIT_retrieve_eng_span_v1_1.jsonl",
        "xor_train_retrieve_eng_span.jsonl",
        "xor_test_retrieve_eng_span_q_only_v1_1.jsonl",
    ),
    splits=_SPLITS,
    notes="Answers are English; those of the test split are not published. No documents.",
)
XOR_FULL = DatasetDescription(
    name="xor-full",
    title="XOR-TyDi QA: XOR-Full",
    paper=_PAPER,
    size="train 61,360, dev 3,473, test 8,176",
    languages=_LANGUAGES,
    licence=_LICENCE,
    where=_WHERE,
    files=(
        "xor_SPLIT_full_v1_1.jsonl",
        "xor_train_full.jsonl",
        "xor_test_full_q_only_v1_1.jsonl",
    ),
    splits=_SPLITS,
    notes="Answers are in the asker's language; those of the test split are not published. No "
    "documents.",
)

_FILES = {
    XOR_RETRIEVE: r"xor_(?P<split>train|dev|test)_retrieve_eng_span(?:_q_only)?(?:_v1_1)?\.jsonl",
    XOR_FULL: r"xor_(?P<split>train|dev|test)_full(?:_q_only)?(?:_v1_1)?\.jsonl",
}


def read_xor(request: DatasetRequest) -> EvalDataset:
    """Read XOR-Retrieve or XOR-Full.

    Raises:
        DocumentError: A record is not as published.
        UsageError: There is no such file or split, or there are several splits.
    """
    files = by_part(request, need_files(request, _FILES[request.about]), "split")
    rows = read_json_lines(files[choose_split(request, files)].path)
    english = request.about is XOR_RETRIEVE
    questions: dict[tuple[Language, str], EvalQuestion] = {}
    for row in rows:
        question = _question(row, Language("en") if english else None)
        if request.asks_in(question.language):
            key = question.language, question.id
            questions[key] = _merged(row, questions.get(key), question)
    return EvalDataset(name=request.about.name, questions=list(questions.values()))


def _question(row: Row, answered: Language | None) -> EvalQuestion:
    """Read a question, whose answers are in a language, or in its own."""
    language = language_of(row, "lang")
    answers = _answers(row)
    name = identifier_of(row, "id")
    return EvalQuestion(
        id=name,
        language=language,
        text=text_of(row, "question"),
        fact=f"{language}:{name}",
        answers={answered or language: answers} if answers else {},
        answerable=True if answers else None,
    )


def _answers(row: Row) -> tuple[str, ...]:
    value = row.values.get("answers")
    if value is None:
        return ()
    return distinct(
        [passage_of(row, "answers")] if isinstance(value, str) else texts_of(row, "answers")
    )


def _merged(row: Row, known: EvalQuestion | None, question: EvalQuestion) -> EvalQuestion:
    """Join what stands in several records about one question: each may have one answer."""
    if known is None:
        return question
    if known.text != question.text:
        raise wrong_field(row, "id", f"another than that of the question {known.text!r:.80}")
    answers = {
        language: distinct([*known.answers.get(language, ()), *texts])
        for language, texts in question.answers.items()
    }
    joined = {**known.answers, **answers}
    return replace(known, answers=joined, answerable=True if joined else None)

"""MIRACL: questions and Wikipedia passages of one language each, judged by native speakers."""

from collections.abc import Iterator, Sequence

from crosearch.evals.dataset_catalog import DatasetDescription, DatasetRequest, codes
from crosearch.evals.dataset_corpus import ReadAgain
from crosearch.evals.dataset_fields import optional_text_of, passage_of, text_of
from crosearch.evals.dataset_files import (
    PublishedFile,
    choose_split,
    find_files,
    language_files,
    need_files,
)
from crosearch.evals.dataset_records import read_json_lines
from crosearch.evals.dataset_trec import Judgments, read_judgments, read_topics
from crosearch.evals.dataset_types import EvalDataset, EvalDocument, EvalQuestion
from crosearch.tools.languages import Language, parse_language

MIRACL = DatasetDescription(
    name="miracl",
    title="MIRACL: Multilingual Information Retrieval Across a Continuum of Languages",
    paper="https://arxiv.org/abs/2210.09984",
    size="77,000 questions, 106 million passages",
    languages=codes("ar bn de en es fa fi fr hi id ja ko ru sw te th yo zh"),
    licence="Apache-2.0",
    where="https://huggingface.co/datasets/miracl/miracl",
    files=(
        "topics.miracl-v1.0-LANGUAGE-SPLIT.tsv",
        "qrels.miracl-v1.0-LANGUAGE-SPLIT.tsv",
        "miracl-corpus-v1.0-LANGUAGE/docs-*.jsonl.gz",
    ),
    answers=False,
    gold=True,
    splits=("train", "dev", "test-a", "test-b"),
    notes="Ids of questions and documents get their language in front, since languages share them. "
    "The corpus (huggingface.co/datasets/miracl/miracl-corpus) is read each time it is gone "
    "through, and may be missing. Judgments of the test splits are not published.",
)

_SPLIT = r"miracl-v1\.0-(?P<language>[a-z]{2})-(?P<split>train|dev|test-a|test-b)\.tsv"
_CORPUS = r"miracl-corpus-v1\.0-(?P<language>[a-z]{2})/docs-\d+\.jsonl(?:\.gz)?"


def read_miracl(request: DatasetRequest) -> EvalDataset:
    """Read MIRACL.

    Raises:
        DocumentError: A file is not as published; of the corpus, when it is gone through.
        UsageError: There is no such file or split, or there are several splits.
    """
    found = need_files(request, rf"topics\.{_SPLIT}")
    split = choose_split(request, (file.parts["split"] for file in found))
    topics = language_files(request, found, split)
    judged = language_files(request, find_files(request, rf"qrels\.{_SPLIT}"), split)
    wanted = [code for code in topics if request.asks_in(parse_language(code))]
    corpus = [file for file in find_files(request, _CORPUS) if file.parts["language"] in wanted]
    return EvalDataset(
        name=request.about.name,
        questions=[
            question
            for code in wanted
            for question in _questions(parse_language(code), topics[code], judged.get(code))
        ],
        documents=ReadAgain(lambda: _documents(corpus)) if corpus else (),
    )


def _questions(
    language: Language, topics: PublishedFile, judged: PublishedFile | None
) -> Iterator[EvalQuestion]:
    texts = read_topics(topics.path)
    judgments: Judgments = {}
    if judged:
        read_judgments(judged.path, judgments, texts)
    for name, text in texts.items():
        gold = judgments.get(name, {})
        yield EvalQuestion(
            id=f"{language}:{name}",
            language=language,
            text=text,
            fact=f"{language}:{name}",
            gold={f"{language}:{document}": grade for document, grade in gold.items()},
            answerable=True if gold else None,
        )


def _documents(files: Sequence[PublishedFile]) -> Iterator[EvalDocument]:
    for file in files:
        language = parse_language(file.parts["language"])
        for row in read_json_lines(file.path):
            yield EvalDocument(
                id=f"{language}:{text_of(row, 'docid')}",
                language=language,
                text=passage_of(row, "text"),
                title=optional_text_of(row, "title"),
            )

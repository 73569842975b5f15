"""CLIRudit: English keywords of scientific articles, and the articles' French abstracts."""

from collections.abc import Iterator

from crosearch.evals.dataset_catalog import DatasetDescription, DatasetRequest, codes
from crosearch.evals.dataset_fields import (
    identifier_of,
    number_of,
    optional_text_of,
    passage_of,
    text_of,
    wrong_field,
)
from crosearch.evals.dataset_files import need_files
from crosearch.evals.dataset_hub import dataset_rows, is_dataset
from crosearch.evals.dataset_types import EvalDataset, EvalDocument, EvalQuestion
from crosearch.tools.languages import Language
from crosearch.training.question_files import Row, read_rows

CLIRUDIT = DatasetDescription(
    name="clirudit",
    title="CLIRudit: Cross-Lingual Information Retrieval of Scientific Documents",
    paper="https://arxiv.org/abs/2504.16264",
    size="357,710 queries, 16,389 abstracts",
    languages=codes("en"),
    licence="CC BY-NC 4.0",
    where="https://huggingface.co/datasets/ftvalentini/clirudit",
    files=(
        "queries/en.test-*.parquet",
        "docs/fr.test-*.parquet",
        "docs/en.test-*.parquet",
        "qrels/en_fr.test-*.parquet",
        "qrels/en_en.test-*.parquet",
    ),
    answers=False,
    gold=True,
    splits=("en_fr", "en_en"),
    default_split="en_fr",
    hub="ftvalentini/clirudit",
    notes="The split says whether French abstracts are documents, or their English counterparts.",
)


def read_clirudit(request: DatasetRequest) -> EvalDataset:
    """Read CLIRudit.

    Raises:
        DocumentError: A record is not as published, or a judgment is of no query.
        UsageError: Files are missing.
    """
    split = request.split or request.about.default_split
    language = Language(split.removeprefix("en_"))
    queries = {identifier_of(row, "qid"): row for row in _rows(request, "queries", "en.test")}
    gold: dict[str, dict[str, int]] = {}
    for row in _rows(request, "qrels", f"{split}.test"):
        query = identifier_of(row, "qid")
        if query not in queries:
            raise wrong_field(row, "qid", "the id of a query")
        if (relevance := number_of(row, "rel")) > 0:
            gold.setdefault(query, {})[f"{language}:{identifier_of(row, 'docid')}"] = relevance
    return EvalDataset(
        name=request.about.name,
        questions=[_question(name, row, gold.get(name, {})) for name, row in queries.items()],
        documents=[_document(row, language) for row in _rows(request, "docs", f"{language}.test")],
    )


def _question(name: str, row: Row, gold: dict[str, int]) -> EvalQuestion:
    return EvalQuestion(
        id=name,
        language=Language("en"),
        text=text_of(row, "query"),
        fact=name,
        gold=gold,
        answerable=True if gold else None,
    )


def _document(row: Row, language: Language) -> EvalDocument:
    name = identifier_of(row, "docid")
    titles = optional_text_of(row, "title"), optional_text_of(row, "subtitle")
    return EvalDocument(
        id=f"{language}:{name}",
        language=language,
        text=passage_of(row, "abstract"),
        title=": ".join(filter(None, titles)),
        parallel=name,
    )


def _rows(request: DatasetRequest, config: str, split: str) -> Iterator[Row]:
    if is_dataset(request.source):
        yield from dataset_rows(request, config=config, split=split)
        return
    for file in need_files(request, rf"{config}/{split}-[^/]*\.parquet"):
        yield from read_rows(str(file.path))

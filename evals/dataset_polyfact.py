"""PolyFact: facts of Wikidata asked for in twelve languages, with four answers to choose from."""

from collections.abc import Iterator, Mapping, Sequence

from crosearch.evals.dataset_catalog import DatasetDescription, DatasetRequest, codes
from crosearch.evals.dataset_fields import record_of, text_of, texts_of, wrong_field
from crosearch.evals.dataset_files import PublishedFile, by_part, choose_split, need_files
from crosearch.evals.dataset_hub import dataset_rows, is_dataset
from crosearch.evals.dataset_questions import AskedFact, ask, by_language
from crosearch.evals.dataset_types import EvalDataset
from crosearch.tools.languages import Language, parse_language
from crosearch.training.question_files import Row, read_rows

POLYFACT = DatasetDescription(
    name="polyfact",
    title="PolyFact",
    paper="https://arxiv.org/abs/2606.06586",
    size="100,113 facts, in all languages",
    languages=codes("ar bn de en es fr id ja pt ru sw zh"),
    licence="CC BY-SA 4.0",
    where="https://huggingface.co/datasets/jvonrad/PolyFact",
    files=("parallel/SPLIT.parquet", "LANGUAGE/SPLIT.parquet"),
    splits=("train", "validation", "test"),
    hub="jvonrad/PolyFact",
    notes="No documents. Candidates are told where option_ids say which of them are the same in "
    "all languages, as in PolyFact-Clean. Of the hub's configurations, parallel is read.",
)

_OPTIONS = ("option_a", "option_b", "option_c", "option_d")
_FILE = r"(?P<folder>parallel|[a-z]{2})/(?P<split>train|validation|test)\.parquet"


def read_polyfact(request: DatasetRequest) -> EvalDataset:
    """Read PolyFact.

    Raises:
        DocumentError: A record is not as published.
        UsageError: There is no such file or split, or there are several splits.
    """
    facts = _facts(request)
    return EvalDataset(name=request.about.name, questions=list(ask(request, facts)))


def _facts(request: DatasetRequest) -> Iterator[AskedFact]:
    if is_dataset(request.source):
        return map(_parallel, dataset_rows(request, config="parallel"))
    found = need_files(request, _FILE)
    split = choose_split(request, (file.parts["split"] for file in found))
    files = by_part(request, [file for file in found if file.parts["split"] == split], "folder")
    if parallel := files.pop("parallel", None):
        return map(_parallel, read_rows(str(parallel.path)))
    return _by_fact(files)


def _parallel(row: Row) -> AskedFact:
    translations = record_of(row, "translations")
    there = {
        language: record_of(translations, name)
        for language, name in by_language(translations).items()
        if translations.values[name] is not None
    }
    return _fact(text_of(row, "fact_id"), there)


def _by_fact(files: Mapping[str, PublishedFile]) -> Iterator[AskedFact]:
    there: dict[str, dict[Language, Row]] = {}
    for code, file in files.items():
        language = parse_language(code)
        for row in read_rows(str(file.path)):
            rows = there.setdefault(text_of(row, "fact_id"), {})
            if language in rows:
                raise wrong_field(row, "fact_id", "an id that no other row has")
            rows[language] = row
    return (_fact(name, rows) for name, rows in there.items())


def _fact(name: str, rows: Mapping[Language, Row]) -> AskedFact:
    return AskedFact(
        id=name,
        texts={language: text_of(row, "question") for language, row in rows.items()},
        answers={language: [text_of(row, "answer_text")] for language, row in rows.items()},
        candidates={language: _candidates(row) for language, row in rows.items()},
    )


def _candidates(row: Row) -> Sequence[str]:
    """Order the options by their ids: the files shuffle them in each language."""
    if row.values.get("option_ids") is None:
        return ()
    names = texts_of(row, "option_ids")
    if len(names) != len(_OPTIONS):
        raise wrong_field(row, "option_ids", f"{len(_OPTIONS)} different ids")
    options = {name: text_of(row, option) for name, option in zip(names, _OPTIONS, strict=True)}
    return [options[name] for name in sorted(options)]

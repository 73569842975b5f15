"""BMLAMA: facts of mLAMA that are there in each of its languages, with candidate answers."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from crosearch.evals.dataset_catalog import DatasetDescription, DatasetRequest
from crosearch.evals.dataset_fields import distinct, text_of, wrong_field
from crosearch.evals.dataset_files import by_part, need_files
from crosearch.evals.dataset_hub import configs_there, dataset_rows, is_dataset
from crosearch.evals.dataset_mlama import GAP, LANGUAGES
from crosearch.evals.dataset_questions import AskedFact, ask
from crosearch.evals.dataset_records import cells_of, read_lines
from crosearch.evals.dataset_types import EvalDataset
from crosearch.tools.errors import DocumentError
from crosearch.tools.languages import Language, parse_language
from crosearch.training.question_files import Row

BMLAMA = DatasetDescription(
    name="bmlama",
    title="BMLAMA: Balanced Multilingual LAMA (BMLAMA-17 and BMLAMA-53)",
    paper="https://arxiv.org/abs/2310.10378",
    size="6,792 facts (17 languages), 3,070 (53)",
    languages=LANGUAGES,
    licence="not stated; made from mLAMA, CC BY-NC 4.0",
    where="https://github.com/Betswish/Cross-Lingual-Consistency",
    files=("BMLAMA17/LANGUAGE.tsv", "BMLAMA53/LANGUAGE.tsv"),
    hub="JRQi/BMLAMA53",
    notes="No documents. Lines with one number ask for one fact. ___ stands where the answer is "
    "asked for.",
)

_COLUMNS = ("Prompt", "Ans", "Candidate Ans", "Subject")
_MASK = "<mask>"


def read_bmlama(request: DatasetRequest) -> EvalDataset:
    """Read BMLAMA-17 or BMLAMA-53.

    Raises:
        DocumentError: A line is not as published, or languages have different numbers of them.
        UsageError: There is no such file.
    """
    lines = dict(_hub_lines(request) if is_dataset(request.source) else _file_lines(request))
    counts = {language: len(rows) for language, rows in lines.items()}
    if len(set(counts.values())) > 1:
        told = ", ".join(f"{count:,} in {language}" for language, count in counts.items())
        raise DocumentError(
            f"{request.source}: {told}; all languages have to have the same number of lines, since "
            "those with one number ask for one fact"
        )
    facts = [
        _fact(number, dict(zip(lines, rows, strict=True)))
        for number, rows in enumerate(zip(*lines.values(), strict=True))
    ]
    return EvalDataset(name=request.about.name, questions=list(ask(request, facts)))


def _hub_lines(request: DatasetRequest) -> Iterator[tuple[Language, list[Row]]]:
    wanted: list[str] = [*filter(request.asks_in, request.about.languages)]
    for config in configs_there(request, wanted):
        yield Language(config), list(dataset_rows(request, config=config))


def _file_lines(request: DatasetRequest) -> Iterator[tuple[Language, list[Row]]]:
    found = need_files(request, r"(?P<language>[a-z]{2,3})\.tsv")
    for code, file in by_part(request, found, "language").items():
        language = parse_language(code)
        if request.asks_in(language):
            yield language, _rows(file.path)


def _rows(path: Path) -> list[Row]:
    lines = ((place, line.split("\t")) for place, line in read_lines(path) if "\t" in line)
    place, header = next(lines, (f"{path}:1", [""]))
    if tuple(header) != _COLUMNS:
        raise DocumentError(
            f"{place}: the first line is {header!r:.100}; it has to name {', '.join(_COLUMNS)}, "
            "with tabs between them"
        )
    return [cells_of(place, cells, _COLUMNS) for place, cells in lines]


def _fact(number: int, rows: Mapping[Language, Row]) -> AskedFact:
    candidates = {
        language: text_of(row, "Candidate Ans").split(", ") for language, row in rows.items()
    }
    parallel = len({len(names) for names in candidates.values()}) == 1
    return AskedFact(
        id=str(number),
        texts={language: _question(row) for language, row in rows.items()},
        answers={
            language: distinct(text_of(row, "Ans").split(", ")) for language, row in rows.items()
        },
        candidates=candidates if parallel else {},
    )


def _question(row: Row) -> str:
    prompt = text_of(row, "Prompt")
    if prompt.count(_MASK) != 1:
        raise wrong_field(row, "Prompt", f"a sentence with one {_MASK}")
    return prompt.replace(_MASK, GAP)

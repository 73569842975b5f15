"""XQuAD, and what else has SQuAD's format with a file or a configuration for each language."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from crosearch.evals.dataset_catalog import DatasetDescription, DatasetRequest, codes
from crosearch.evals.dataset_files import by_part, need_files
from crosearch.evals.dataset_hub import configs_there, dataset_rows, is_dataset
from crosearch.evals.dataset_questions import ask
from crosearch.evals.dataset_squad import (
    SquadParagraph,
    SquadReading,
    check_parallel,
    group_rows,
    join_readings,
    paragraph_documents,
    read_squad,
)
from crosearch.evals.dataset_types import EvalDataset
from crosearch.tools.languages import Language, parse_language

XQUAD = DatasetDescription(
    name="xquad",
    title="XQuAD: Cross-lingual Question Answering Dataset",
    paper="https://arxiv.org/abs/1910.11856",
    size="1,190 questions, 240 paragraphs",
    languages=codes("ar de el en es hi ro ru th tr vi zh"),
    licence="CC BY-SA 4.0",
    where="https://github.com/google-deepmind/xquad",
    files=("xquad.LANGUAGE.json",),
    gold=True,
    hub="google/xquad",
    notes="Paragraphs are documents, and each is there in all languages; titles, which are English "
    "in all of them, are left out. Where configurations were saved from the hub, each stands in a "
    "folder of its name, such as xquad.de.",
)

_FILE = r"xquad\.(?P<language>[a-z]{2})\.json"


def read_xquad(request: DatasetRequest) -> EvalDataset:
    """Read XQuAD.

    Raises:
        DocumentError: A file is not as published, or paragraphs are not parallel.
        UsageError: There is no such file.
    """
    if is_dataset(request.source):
        return paragraph_dataset(request, hub_readings(request, "xquad.{0}"), parallel=True)
    return paragraph_dataset(request, file_readings(request, _FILE, read_squad), parallel=True)


def file_readings(
    request: DatasetRequest, pattern: str, read: Callable[[Path], Iterable[SquadParagraph]]
) -> Iterator[SquadReading]:
    """Read the files of the languages that are wanted.

    Args:
        request: What is wanted.
        pattern: The files' published names, in which `language` is a language code.
        read: Reads one of them.

    Raises:
        DocumentError: A file is not as published.
        UsageError: There is no such file.
    """
    for code, file in by_part(request, need_files(request, pattern), "language").items():
        language = parse_language(code)
        if request.asks_in(language):
            yield _reading(language, read(file.path))


def hub_readings(request: DatasetRequest, config: str) -> Iterator[SquadReading]:
    """Read the configurations of the languages that are wanted.

    Args:
        request: What is wanted.
        config: How a configuration is called, with `{0}` for the language's code.

    Raises:
        DocumentError: The data set cannot be read, or its rows are not as published.
        UsageError: None of them was saved.
    """
    languages = filter(request.asks_in, request.about.languages)
    wanted = {config.format(language): language for language in languages}
    for name in configs_there(request, wanted):
        yield _reading(wanted[name], group_rows(dataset_rows(request, config=name)))


def paragraph_dataset(
    request: DatasetRequest, readings: Iterable[SquadReading], *, parallel: bool
) -> EvalDataset:
    """Make a data set whose documents are paragraphs.

    Args:
        request: What is wanted.
        readings: All that was read.
        parallel: Whether paragraphs translate each other.

    Raises:
        DocumentError: They do not, or a question stands twice.
    """
    read = list(readings)
    facts = join_readings(read)
    if parallel:
        check_parallel(read)
    return EvalDataset(
        name=request.about.name,
        questions=list(ask(request, facts)),
        documents=[
            document for one in read for document in paragraph_documents(one, parallel=parallel)
        ],
    )


def _reading(language: Language, paragraphs: Iterable[SquadParagraph]) -> SquadReading:
    return SquadReading(
        document_language=language, question_language=language, paragraphs=list(paragraphs)
    )

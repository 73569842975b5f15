"""MLQA: paragraphs of several languages that answer the same questions."""

from collections.abc import Iterator, Mapping

from crosearch.evals.dataset_catalog import DatasetDescription, DatasetRequest, codes
from crosearch.evals.dataset_files import PublishedFile, choose_split, language_files, need_files
from crosearch.evals.dataset_hub import is_dataset
from crosearch.evals.dataset_squad import SquadReading, read_squad
from crosearch.evals.dataset_types import EvalDataset
from crosearch.evals.dataset_xquad import hub_readings, paragraph_dataset
from crosearch.tools.languages import parse_language

MLQA = DatasetDescription(
    name="mlqa",
    title="MLQA: MultiLingual Question Answering",
    paper="https://arxiv.org/abs/1910.07475",
    size="test 11,590, dev 1,148 (English)",
    languages=codes("ar de en es hi vi zh"),
    licence="CC BY-SA 3.0",
    where="https://github.com/facebookresearch/MLQA",
    files=("SPLIT-context-LANGUAGE-question-LANGUAGE.json",),
    gold=True,
    splits=("dev", "test"),
    hub="facebook/mlqa",
    notes="About half of the English questions are there in each other language. Paragraphs are "
    "documents; those of several languages answer the same questions, and do not "
    "translate each other. Of a folder, the files are read that ask in the paragraphs' "
    "own language, which hold all there is; one with two languages can be given alone. "
    "Where configurations were saved from the hub, each stands in a folder of its name "
    "(mlqa.de.de).",
)

_FILE = r"(?P<split>dev|test)-context-(?P<language>[a-z]{2})-question-(?P<asked>[a-z]{2})\.json"


def read_mlqa(request: DatasetRequest) -> EvalDataset:
    """Read MLQA.

    Raises:
        DocumentError: A file is not as published.
        UsageError: There is no such file or split, or there are several splits.
    """
    if is_dataset(request.source):
        return paragraph_dataset(request, hub_readings(request, "mlqa.{0}.{0}"), parallel=False)
    files = need_files(request, _FILE)
    files = [file for file in files if file.parts["language"] == file.parts["asked"]] or files
    split = choose_split(request, (file.parts["split"] for file in files))
    readings = _readings(request, language_files(request, files, split))
    return paragraph_dataset(request, readings, parallel=False)


def _readings(
    request: DatasetRequest, files: Mapping[str, PublishedFile]
) -> Iterator[SquadReading]:
    for code, file in files.items():
        asked = parse_language(file.parts["asked"])
        if request.asks_in(asked):
            yield SquadReading(
                document_language=parse_language(code),
                question_language=asked,
                paragraphs=list(read_squad(file.path)),
            )

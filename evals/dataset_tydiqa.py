"""TyDi QA's gold passage task: each question with the one passage that answers it."""

from collections.abc import Iterable, Iterator, Mapping

from crosearch.evals.dataset_catalog import DatasetDescription, DatasetRequest, codes
from crosearch.evals.dataset_fields import wrong_field
from crosearch.evals.dataset_files import choose_split, need_files
from crosearch.evals.dataset_hub import dataset_rows, is_dataset
from crosearch.evals.dataset_squad import (
    SquadParagraph,
    SquadQuestion,
    SquadReading,
    group_rows,
    read_squad,
)
from crosearch.evals.dataset_types import EvalDataset
from crosearch.evals.dataset_xquad import paragraph_dataset
from crosearch.tools.languages import Language

TYDIQA = DatasetDescription(
    name="tydiqa",
    title="TyDi QA, gold passage task (GoldP)",
    paper="https://arxiv.org/abs/2003.05002",
    size="train 49,881, dev 5,077",
    languages=codes("ar bn en fi id ko ru sw te"),
    licence="Apache-2.0",
    where="https://github.com/google-research-datasets/tydiqa",
    files=("tydiqa-goldp-v1.1-SPLIT.json", "tydiqa-goldp-SPLIT-LANGUAGE.json"),
    gold=True,
    splits=("train", "dev"),
    hub="google-research-datasets/tydiqa",
    notes="Passages are documents. Questions were written in each language, and none is parallel. "
    "Of the hub's configurations, secondary_task is read.",
)

_FILE = r"tydiqa-goldp-(?:v1\.\d-)?(?P<split>train|dev)(?:-(?P<language>[a-z]+))?\.json"
_NAMES: Mapping[str, Language] = {
    "arabic": Language("ar"),
    "bengali": Language("bn"),
    "english": Language("en"),
    "finnish": Language("fi"),
    "indonesian": Language("id"),
    "korean": Language("ko"),
    "russian": Language("ru"),
    "swahili": Language("sw"),
    "telugu": Language("te"),
}


def read_tydiqa(request: DatasetRequest) -> EvalDataset:
    """Read TyDi QA's gold passage task.

    Raises:
        DocumentError: A file is not as published.
        UsageError: There is no such file or split, or there are several splits.
    """
    if is_dataset(request.source):
        paragraphs = group_rows(dataset_rows(request, config="secondary_task"))
    else:
        paragraphs = list(_file_paragraphs(request))
    return paragraph_dataset(request, _readings(request, paragraphs), parallel=False)


def _file_paragraphs(request: DatasetRequest) -> Iterator[SquadParagraph]:
    files = need_files(request, _FILE)
    split = choose_split(request, (file.parts["split"] for file in files))
    files = [file for file in files if file.parts["split"] == split]
    whole = [file for file in files if not file.parts["language"]]
    for file in whole or files:
        yield from read_squad(file.path)


def _readings(
    request: DatasetRequest, paragraphs: Iterable[SquadParagraph]
) -> Iterator[SquadReading]:
    by_language: dict[Language, list[SquadParagraph]] = {}
    for paragraph in paragraphs:
        for language in dict.fromkeys(map(_language, paragraph.questions)):
            by_language.setdefault(language, []).append(paragraph)
    for language in filter(request.asks_in, by_language):
        yield SquadReading(
            document_language=language,
            question_language=language,
            paragraphs=by_language[language],
        )


def _language(question: SquadQuestion) -> Language:
    language = _NAMES.get(question.id.partition("-")[0])
    if language is None:
        right = f"an id that begins with a language and a hyphen ({', '.join(_NAMES)})"
        raise wrong_field(question.row, "id", right)
    return language

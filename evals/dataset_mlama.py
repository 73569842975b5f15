"""mLAMA: facts of Wikidata as sentences with a gap, from templates in 53 languages."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from crosearch.evals.dataset_catalog import DatasetDescription, DatasetRequest, codes
from crosearch.evals.dataset_fields import distinct, language_of, text_of, wrong_field
from crosearch.evals.dataset_files import by_part, need_files
from crosearch.evals.dataset_hub import dataset_rows, is_dataset
from crosearch.evals.dataset_questions import AskedFact, ask
from crosearch.evals.dataset_records import read_json_lines
from crosearch.evals.dataset_types import EvalDataset
from crosearch.tools.languages import Language, parse_language
from crosearch.training.question_files import Row

LANGUAGES = codes(
    "af ar az be bg bn ca ceb cs cy da de el en es et eu fa fi fr ga gl he hi hr hu hy id it ja ka "
    "ko la lt lv ms nl pl pt ro ru sk sl sq sr sv ta th tr uk ur vi zh"
)
"""Those of mLAMA, and of BMLAMA-53."""

MLAMA = DatasetDescription(
    name="mlama",
    title="mLAMA: multilingual LAMA",
    paper="https://arxiv.org/abs/2102.00894",
    size="37,498 facts of 43 relations",
    languages=LANGUAGES,
    licence="CC BY-NC-SA 4.0 (card), CC BY-NC 4.0 (repository)",
    where="https://github.com/norakassner/mlama",
    files=("LANGUAGE/templates.jsonl", "LANGUAGE/RELATION.jsonl"),
    hub="cis-lmu/m_lama",
    notes="No documents. A question is a template with its subject, and ___ where the answer is "
    "asked for. Relations without a template in a language are left out there.",
)
GAP = "___"
"""Stands where the answer is asked for."""

_FILE = r"(?P<language>[a-z]{2,3})/(?P<relation>\w+)\.jsonl"
_TEMPLATES = "templates"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Line:
    language: Language
    relation: str
    template: Row
    row: Row


def read_mlama(request: DatasetRequest) -> EvalDataset:
    """Read mLAMA.

    Raises:
        DocumentError: A record is not as published, or a template has other gaps.
        UsageError: There is no such file.
    """
    lines = _hub_lines(request) if is_dataset(request.source) else _file_lines(request)
    return EvalDataset(name=request.about.name, questions=list(ask(request, _joined(lines))))


def _hub_lines(request: DatasetRequest) -> Iterator[_Line]:
    for row in dataset_rows(request, config="all"):
        language = language_of(row, "language")
        if request.asks_in(language):
            relation = text_of(row, "predicate_id")
            yield _Line(language=language, relation=relation, template=row, row=row)


def _file_lines(request: DatasetRequest) -> Iterator[_Line]:
    found = need_files(request, _FILE)
    templates = [file for file in found if file.parts["relation"] == _TEMPLATES]
    for code, file in by_part(request, templates, "language").items():
        language = parse_language(code)
        if not request.asks_in(language):
            continue
        known = {text_of(row, "relation"): row for row in read_json_lines(file.path)}
        files = [other for other in found if other.parts["language"] == code]
        for relation, other in by_part(request, files, "relation").items():
            if relation in known:
                for row in read_json_lines(other.path):
                    template = known[relation]
                    yield _Line(language=language, relation=relation, template=template, row=row)


def _joined(lines: Iterable[_Line]) -> Iterator[AskedFact]:
    """Join the lines about one fact; it may stand twice in a language."""
    texts: dict[str, dict[Language, str]] = {}
    answers: dict[str, dict[Language, tuple[str, ...]]] = {}
    for line in lines:
        uris = text_of(line.row, "sub_uri"), text_of(line.row, "obj_uri")
        fact = "/".join([line.relation, *uris])
        texts.setdefault(fact, {}).setdefault(line.language, _question(line))
        found = answers.setdefault(fact, {})
        told = [*found.get(line.language, ()), text_of(line.row, "obj_label")]
        found[line.language] = distinct(told)
    return (AskedFact(id=fact, texts=texts[fact], answers=answers[fact]) for fact in texts)


def _question(line: _Line) -> str:
    template = text_of(line.template, "template")
    if template.count("[X]") != 1 or template.count("[Y]") != 1:
        raise wrong_field(line.template, "template", "a sentence with one [X] and one [Y]")
    return template.replace("[Y]", GAP).replace("[X]", text_of(line.row, "sub_label"))

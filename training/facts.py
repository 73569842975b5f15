"""A world of facts that can be learnt on two cores, after PolyFact's parallel questions.

Facts of Wikidata are told in passages of a sentence or two, in some languages only, and asked for
in many. Some are told differently by a few languages, some nowhere. Everything is drawn by hashes
of the seed and the fact, so that a world is the same on every machine.
`docs/facts.md` is the datasheet.
"""

from collections.abc import Iterator, Mapping

from crosearch.tools.errors import UsageError
from crosearch.tools.languages import Language
from crosearch.tools.passages import Document
from crosearch.training.facts_cases import Case, draw_cases
from crosearch.training.facts_draw import draw, pick
from crosearch.training.facts_labels import Labels
from crosearch.training.facts_phrasings import ask, phrasings, tell
from crosearch.training.facts_settings import WorldSettings
from crosearch.training.facts_table import FactTable, read_facts
from crosearch.training.facts_world import (
    SPLITS,
    Kind,
    Split,
    World,
    WorldQuestion,
    read_world,
)

__all__ = [
    "FactTable",
    "World",
    "WorldQuestion",
    "WorldSettings",
    "build_world",
    "read_facts",
    "read_world",
]


def build_world(table: FactTable, settings: WorldSettings) -> World:
    """Build a world.

    Args:
        table: Facts, and their entities' names.
        settings: How it is to be; equal settings and facts give equal worlds.

    Raises:
        UsageError: No fact is left to train on under these settings.
    """
    cases = draw_cases(table, settings)
    if not any(case.split == "train" for case in cases):
        raise UsageError(
            "no fact is left to train on: take more languages, relations or subjects, or hold "
            "fewer out"
        )
    labels, seed = table.labels, settings.seed
    questions: dict[Split, list[WorldQuestion]] = {split: [] for split in SPLITS}
    # In a drawn order, so that the first few of a file are of all relations.
    for case in sorted(cases, key=lambda case: draw(seed, "order", case.fact.id)):
        questions[case.split].extend(_questions(case, labels, seed))
    return World(
        settings=settings,
        passages=tuple(passage for case in cases for passage in _passages(case, labels, seed)),
        questions={split: tuple(asked) for split, asked in questions.items()},
    )


def _passages(case: Case, labels: Mapping[str, Labels], seed: int) -> Iterator[Document]:
    fact = case.fact
    for language in sorted(case.told):
        name = f"{fact.id}.{language}"
        subject = labels[fact.subject][language]
        phrasing = pick(phrasings(language)[fact.relation].passages, seed, "passage", name)
        yield Document(
            id=name,
            title=subject,
            text=tell(phrasing, subject=subject, object_=labels[case.told[language]][language]),
            language=language,
        )


def _questions(case: Case, labels: Mapping[str, Labels], seed: int) -> Iterator[WorldQuestion]:
    fact = case.fact
    answers = {code: (labels[fact.object][code],) for code in sorted(case.known_in)}
    texts: dict[Language, str] = {}
    asked_in = sorted(case.asked_in)
    for language in asked_in:
        choices = phrasings(language)[fact.relation].questions
        phrasing = pick(choices, seed, "question", f"{fact.id}.{language}")
        texts[language] = ask(phrasing, subject=labels[fact.subject][language])
    for language in asked_in:
        yield WorldQuestion(
            id=f"{fact.id}.{language}",
            question=texts[language],
            language=language,
            answers=answers,
            translations={code: texts[code] for code in asked_in if code != language},
            fact=fact.id,
            relation=fact.relation,
            told_in=case.told_in,
            disputed_in=case.disputed_in,
            kind=_kind(case, language),
        )


def _kind(case: Case, language: Language) -> Kind:
    if not case.told:
        return "nowhere"
    if case.disputed_in:
        return "conflict"
    return "own" if language in case.told else "other"

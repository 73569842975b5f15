"""What of a run ragas is shown: question, answer, retrieved contexts, and what is known of both."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from crosearch.evals.dataset_types import EvalDataset
from crosearch.evals.endings import given_answer
from crosearch.tools.languages import Language
from crosearch.tools.ledger import Evidence
from crosearch.tools.neutral import neutralise
from crosearch.tools.translate import is_gloss
from crosearch.training.gold_answers import gold_texts
from crosearch.training.trajectories import Trajectory

GoldContexts = Mapping[tuple[str, Language], Sequence[str]]
"""The texts of the documents that answer a question, by its id and language."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RagasSample:
    """A run as ragas' metrics read it."""

    key: str
    """The run's."""
    question_id: str
    fact: str
    """What runs have in common that ask for the same, for intervals: the question's id, which data
    sets share over languages; else the group."""
    language: Language
    """The language asked and to be answered in."""
    question: str
    answer: str
    """Empty where the run declined, or ended without an answer."""
    contexts: Sequence[str]
    """The evidence as the policy saw it, best first: neutralised, with its translation."""
    passages: Sequence[str]
    """The same as its authors wrote it."""
    references: Sequence[str]
    """Gold answers, in the language asked for where they are known in it."""
    reference_contexts: Sequence[str]
    """The texts of gold documents; empty where none is known."""


def ragas_sample(record: Trajectory, gold: GoldContexts | None = None) -> RagasSample:
    """Show a run to ragas.

    Args:
        record: The run.
        gold: Texts of gold documents, where they are known.
    """
    known = gold or {}
    return RagasSample(
        key=record["key"],
        question_id=record["question_id"],
        fact=record["question_id"] or record["group"],
        language=record["language"],
        question=record["question"],
        answer=given_answer(record).strip(),
        contexts=[_as_seen(entry) for entry in record["evidence"]],
        passages=[entry["text"] for entry in record["evidence"]],
        references=_references(record),
        reference_contexts=known.get((record["question_id"], record["language"]), ()),
    )


def gold_contexts(dataset: EvalDataset, asked: Iterable[tuple[str, Language]]) -> GoldContexts:
    """Gather the texts of the gold documents of those questions that were asked.

    Args:
        dataset: What they were asked from.
        asked: The questions' ids and languages.
    """
    wanted = set(asked)
    askers: defaultdict[str, list[tuple[str, Language]]] = defaultdict(list)
    for question in dataset.questions:
        if (question.id, question.language) in wanted:
            for name in question.gold:
                askers[name].append((question.id, question.language))
    texts: defaultdict[tuple[str, Language], list[str]] = defaultdict(list)
    for document in dataset.documents if askers else ():
        for asker in askers.get(document.id, ()):
            texts[asker].append(document.text)
    return texts


def _references(record: Trajectory) -> list[str]:
    known = gold_texts(record["answers"], record["language"])
    return [text for text in known if text.strip()]


def _as_seen(entry: Evidence) -> str:
    lines = [neutralise(entry["title"]), neutralise(entry["text"])]
    if entry["translation"] is not None:
        how = "Word for word" if is_gloss(entry) else "Translated"
        lines.append(f"{how}: {neutralise(entry['translation'])}")
    return "\n".join(line for line in lines if line)

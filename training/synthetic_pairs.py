"""The pairs that a journal of generated questions holds, and what became of the others."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from crosearch.tools.languages import Language
from crosearch.tools.passages import Passage
from crosearch.training.pair_records import PairRecord
from crosearch.training.synthetic_journal import AskedQuestion, Journal
from crosearch.training.synthetic_plan import Task

ReadPassage = Callable[[Language, str], Passage | None]
"""Reads a passage by its language and id; blocks. None: it is gone."""


def generated_pairs(
    tasks: Sequence[Task], read: ReadPassage, journal: Journal, top: int
) -> Iterator[PairRecord]:
    """Yield the passages that have questions which found them, in the order of the tasks.

    Args:
        tasks: Those that were asked about.
        read: As for `generate`.
        journal: What came.
        top: Among how many passages a question has to find its own.
    """
    for task in tasks:
        asked = journal.asked.get(task.key)
        if asked is None or asked["digest"] != task.digest:
            continue
        questions = {
            language: (question["text"],)
            for language, question in asked["questions"].items()
            if is_kept(question, top)
        }
        passage = read(task.language, task.passage) if questions else None
        if passage is not None:
            yield PairRecord(
                id=task.key,
                query=questions,
                passage={task.language: (passage.text,)},
                group=passage.document_id,
            )


def is_kept(question: AskedQuestion, top: int) -> bool:
    """Tell whether a question is of use and found its passage."""
    return not question["refused"] and question["rank"] is not None and question["rank"] <= top


def count_questions(tasks: Sequence[Task], journal: Journal, top: int) -> Counter[str]:
    """Count what became of the questions that were asked for: `kept`, or why they were not."""
    counts: Counter[str] = Counter()
    for task in tasks:
        asked = journal.asked.get(task.key)
        if asked is None or asked["digest"] != task.digest:
            continue
        counts["missing"] += len(asked["missing"])
        for question in asked["questions"].values():
            lost = question["refused"] or ("" if is_kept(question, top) else "not found")
            counts[lost or "kept"] += 1
    return counts

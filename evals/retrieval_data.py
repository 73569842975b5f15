"""What a retrieval evaluation asks, and of which documents: a data set, checked and drawn from.

The texts of the documents are read again when they are needed; only where each belongs is held.
"""

import hashlib
import json
import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from crosearch.evals.dataset_types import EvalDataset, EvalDocument, EvalQuestion
from crosearch.tools.errors import DocumentError, UsageError
from crosearch.tools.languages import Language

SEED = 0
"""What samples and bootstrap draws are taken from."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where a document belongs."""

    language: Language
    parallel: str
    """Documents that translate each other have the same; empty where nobody says."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RetrievalData:
    """The questions that are asked, and the documents that are ranked for them."""

    name: str
    questions: Sequence[EvalQuestion]
    """Those that some document answers."""
    documents: Iterable[EvalDocument]
    """May be iterated over several times."""
    places: Mapping[str, Place]
    """By document id."""
    left_out: int
    """Questions that no document answers; of the whole data set, before the sample is drawn."""
    documents_digest: str
    questions_digest: str

    @property
    def languages(self) -> Mapping[Language, int]:
        """The languages of the documents, with their numbers, by code."""
        counts = Counter(place.language for place in self.places.values())
        return dict(sorted(counts.items()))

    @property
    def askers(self) -> Mapping[Language, int]:
        """The languages of the questions, with their numbers, by code."""
        return dict(sorted(Counter(question.language for question in self.questions).items()))


def prepare_data(dataset: EvalDataset, *, sample: int | None = None) -> RetrievalData:
    """Check a data set, leave out what cannot be asked, and draw a sample.

    Args:
        dataset: What was read.
        sample: How many questions to ask at most; None asks all. Parallel questions are drawn
            together, so that askers of all languages are asked for the same.

    Raises:
        UsageError: It has no documents, or no question that one of them answers.
        DocumentError: Two documents have one id.
    """
    places, documents_digest = read_places(dataset)
    if not places:
        raise UsageError(
            f"{dataset.name!r} comes without documents: there is nothing to retrieve from. Give a "
            "data set with a corpus"
        )
    questions = [q for q in dataset.questions if any(name in places for name in q.gold)]
    if not questions:
        raise UsageError(
            f"none of the {len(dataset.questions):,} questions of {dataset.name!r} has a gold "
            "document in its corpus: there is nothing to measure"
        )
    drawn = questions if sample is None else draw_questions(questions, sample)
    return RetrievalData(
        name=dataset.name,
        questions=drawn,
        documents=dataset.documents,
        places=places,
        left_out=len(dataset.questions) - len(questions),
        documents_digest=documents_digest,
        questions_digest=_digest_questions(drawn),
    )


def draw_questions(questions: Sequence[EvalQuestion], count: int) -> list[EvalQuestion]:
    """Draw facts, each with all its questions, for as long as there is room; in the given order.

    Args:
        questions: What to draw from.
        count: How many questions to draw at most; the first fact is taken whatever it has.
    """
    sizes = Counter(question.fact for question in questions)
    facts = list(sizes)
    random.Random(SEED).shuffle(facts)
    drawn: set[str] = set()
    room = count
    for fact in facts:
        if drawn and sizes[fact] > room:
            continue
        drawn.add(fact)
        room -= sizes[fact]
    return [question for question in questions if question.fact in drawn]


def read_places(dataset: EvalDataset) -> tuple[dict[str, Place], str]:
    """Read where the documents of a data set belong, and a digest of all of them.

    Raises:
        DocumentError: Two documents have one id.
    """
    digest = hashlib.sha256()
    places: dict[str, Place] = {}
    for document in dataset.documents:
        if document.id in places:
            raise DocumentError(
                f"{dataset.name!r}: two documents have the id {document.id!r:.80}; ids have to "
                "differ"
            )
        places[document.id] = Place(language=document.language, parallel=document.parallel)
        content = [document.id, document.language, document.title, document.text, document.parallel]
        digest.update(json.dumps(content).encode())
    return places, digest.hexdigest()[:16]


def _digest_questions(questions: Iterable[EvalQuestion]) -> str:
    digest = hashlib.sha256()
    for question in questions:
        content = [question.language, question.id, question.fact, question.text]
        digest.update(json.dumps([*content, sorted(question.gold.items())]).encode())
    return digest.hexdigest()[:16]

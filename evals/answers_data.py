"""What an evaluation of answers asks, and which askers' languages the index lacks for it."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from crosearch.evals.answer_rows import Indexed
from crosearch.evals.dataset_types import EvalDataset, EvalQuestion
from crosearch.evals.retrieval_data import Place, draw_questions
from crosearch.tools.errors import UsageError
from crosearch.tools.languages import Language
from crosearch.training.questions import Question

IndexChoice = Literal["both", "own", "others"]
"""Which index askers find:

- `own`: all of it;
- `others`: without their own language, for those whose questions other languages can answer;
- `both`: half of the facts, with all their questions, as `own`, half as `others`.
"""

INDEX_CHOICES: tuple[IndexChoice, ...] = get_args(IndexChoice)


@dataclass(frozen=True, kw_only=True, slots=True)
class AskedQuestion:
    """A question, and the index it is asked of."""

    question: EvalQuestion
    hidden: bool
    """Whether the asker's language is left out of the index."""
    indexed: Indexed
    """What the index then holds."""

    @property
    def as_asked(self) -> Question:
        """The question as a run records it."""
        question = self.question
        return Question(
            text=question.text,
            language=question.language,
            id=question.id,
            answers={str(code): list(golds) for code, golds in question.answers.items()},
            translations=question.translations,
        )


def prepare_questions(
    dataset: EvalDataset,
    *,
    held: Mapping[Language, int],
    places: Mapping[str, Place],
    index: IndexChoice,
    sample: int | None = None,
) -> list[AskedQuestion]:
    """Draw questions, and say which of them are asked of an index without their language.

    Args:
        dataset: What was read.
        held: The languages of the index.
        places: Where the data set's documents belong; empty where it has none.
        index: Which index askers find.
        sample: How many questions to ask at most; None asks all. Parallel questions are drawn
            together.

    Raises:
        UsageError: There is nothing to measure answers by, or no question can be asked so.
    """
    known = [q for q in dataset.questions if any(q.answers.values()) or q.gold or not _open(q)]
    if not known:
        raise UsageError(
            f"none of the {len(dataset.questions):,} questions of {dataset.name!r} has a gold "
            "answer or a gold document: there is nothing to measure"
        )
    drawn = known if sample is None else draw_questions(known, sample)
    hidden = _hidden_facts(drawn, held, places, index)
    if index == "others":
        drawn = [question for question in drawn if question.fact in hidden]
        if not drawn:
            raise UsageError(
                f"no question of {dataset.name!r} can be asked of an index without its language: "
                "other languages hold nothing that answers it. Give --index own"
            )
    return [_asked(question, question.fact in hidden, held) for question in drawn]


def digest_questions(asked: Iterable[tuple[EvalQuestion, bool]]) -> str:
    """Name what is asked, with what counts as right, in whatever order: 16 digits.

    Args:
        asked: The questions, and whether the asker's language was hidden.
    """
    contents = [
        [
            question.language,
            question.id,
            question.fact,
            question.text,
            sorted((str(code), list(golds)) for code, golds in question.answers.items()),
            sorted(question.gold.items()),
            hidden,
        ]
        for question, hidden in asked
    ]
    ordered = sorted(json.dumps(content) for content in contents)
    return hashlib.sha256("\n".join(ordered).encode()).hexdigest()[:16]


def count_by_language(asked: Sequence[AskedQuestion]) -> dict[str, int]:
    """Count questions by language."""
    return dict(sorted(Counter(str(one.question.language) for one in asked).items()))


def _open(question: EvalQuestion) -> bool:
    """Tell whether nobody says what is right; that there is no answer says it as well."""
    return question.answerable is not False


def _hidden_facts(
    questions: Sequence[EvalQuestion],
    held: Mapping[Language, int],
    places: Mapping[str, Place],
    index: IndexChoice,
) -> set[str]:
    """Choose the facts whose askers do not find their language."""
    if index == "own":
        return set()
    hopeless = {q.fact for q in questions if not _answered_elsewhere(q, held, places)}
    facts = {question.fact for question in questions} - hopeless
    if index == "others":
        return facts
    # By a hash, so that a larger sample hides the facts that a smaller one does, more or less.
    ordered = sorted(facts, key=lambda fact: hashlib.sha256(fact.encode()).digest())
    return set(ordered[::2])


def _answered_elsewhere(
    question: EvalQuestion, held: Mapping[Language, int], places: Mapping[str, Place]
) -> bool:
    """Tell whether an index without the asker's language could still answer."""
    if question.gold:
        golds = [places[name] for name in question.gold if name in places]
        return any(place.language != question.language for place in golds)
    return any(language != question.language for language in held)


def _asked(question: EvalQuestion, hidden: bool, held: Mapping[Language, int]) -> AskedQuestion:
    own = not hidden and question.language in held
    return AskedQuestion(question=question, hidden=hidden, indexed="own" if own else "others")

"""What the extractive policy says: its best sentence, in the asker's language where it can."""

from collections.abc import Iterable, Sequence

from crosearch.agents.actions import AnswerAction
from crosearch.agents.phrases import language_name, phrases_in
from crosearch.agents.sufficiency import Judgement
from crosearch.tools.languages import Language
from crosearch.tools.neutral import neutralise

MAX_CITATIONS = 4


def answer_from(
    judgements: Sequence[Judgement], language: Language, *, thought: str
) -> AnswerAction:
    """Answer from the best judgement, and from those that say the same.

    Args:
        judgements: All of them, best first, and at least one.
        language: The asker's.
        thought: Why this is the answer.
    """
    cluster = cluster_of_best(judgements)
    sources = [judgement for judgement in cluster if not contradicts(judgement, cluster[0])]
    others = [judgement for judgement in cluster if contradicts(judgement, cluster[0])]
    text = _say(sources, language)
    if others:
        said = " / ".join([text, _say(others, language)])
        text = phrases_in(language).disagree.format(values=said)
    cited = (*sources[:MAX_CITATIONS], *others[:1])
    return AnswerAction(
        text=text,
        citations=tuple(judgement.entry["number"] for judgement in cited),
        found=True,
        thought=thought,
    )


def abstain(language: Language, *, thought: str) -> AnswerAction:
    """Say, in the asker's language, that nothing was found."""
    return AnswerAction(
        text=phrases_in(language).not_found, citations=(), found=False, thought=thought
    )


def cluster_of_best(judgements: Sequence[Judgement]) -> list[Judgement]:
    """Return the best judgement and those on the same statement, best first."""
    number = judgements[0].entry["cluster"]
    return [judgement for judgement in judgements if judgement.entry["cluster"] == number]


def contradicts(judgement: Judgement, other: Judgement) -> bool:
    """Tell whether one of two entries of a cluster says otherwise than the other."""
    stances = {judgement.entry["stance"], other.entry["stance"]}
    return judgement is not other and "conflicts" in stances


def _say(sources: Sequence[Judgement], language: Language) -> str:
    """Take a source's sentence in the asker's language, else a translation, else the original."""
    own = _first(source for source in sources if source.entry["language"] == language)
    if own is not None:
        return neutralise(own.entry["text"][slice(*own.sentence)])
    for source in sources:
        if source.entry["translation"] is not None:
            return neutralise(source.entry["translation"])
    entry = sources[0].entry
    return phrases_in(language).original.format(
        language=language_name(entry["language"], within=language),
        sentence=neutralise(entry["text"][slice(*entry["span"])]),
    )


def _first(judgements: Iterable[Judgement]) -> Judgement | None:
    return next(iter(judgements), None)

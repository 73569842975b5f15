"""What the extractive policy says: its best sentence, in the asker's language where it can."""

from collections.abc import Sequence

from crosearch.agents.actions import AnswerAction
from crosearch.agents.phrases import language_name, phrases_in
from crosearch.agents.sufficiency import Judgement, sentence_of
from crosearch.tools.languages import Language
from crosearch.tools.neutral import neutralise
from crosearch.tools.quantities import Quantity, agree, format_quantity
from crosearch.tools.questions import WantedQuantity, wanted_quantity

MAX_CITATIONS = 4


def answer_from(
    question: str, language: Language, judgements: Sequence[Judgement], *, thought: str
) -> AnswerAction:
    """Answer from the best judgement, and from those that say the same.

    Args:
        question: As it was asked.
        language: The asker's.
        judgements: All of them, best first, and at least one.
        thought: Why this is the answer.
    """
    cluster = cluster_of_best(judgements)
    sources = [judgement for judgement in cluster if not contradicts(judgement, cluster[0])]
    others = [judgement for judgement in cluster if contradicts(judgement, cluster[0])]
    text = _say(question, language, sources)
    if others:
        sides = [_say_of(text, sources, language)]
        sides.append(_say_of(_say(question, language, others), others, language))
        text = phrases_in(language).disagree.format(values=" / ".join(sides))
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


def _say(question: str, language: Language, sources: Sequence[Judgement]) -> str:
    """Say it in the asker's language: a source's own words, a translation, or a quantity.

    Where there is none of them, quote the original, and say that it is one.
    """
    for source in sources:
        if source.entry["language"] == language:
            return neutralise(sentence_of(source.entry))
    for source in sources:
        if source.entry["translation"] is not None:
            return neutralise(source.entry["translation"])
    wanted = wanted_quantity(question, language)
    for source in sources:
        quantity = _quantity_of(wanted, source)
        if quantity is not None:
            return format_quantity(quantity, language)
    entry = sources[0].entry
    return phrases_in(language).original.format(
        language=language_name(entry["language"], within=language),
        sentence=neutralise(sentence_of(entry)),
    )


def _say_of(said: str, sources: Sequence[Judgement], language: Language) -> str:
    """Add whose words they are, unless a quotation says so already."""
    name = language_name(sources[0].entry["language"], within=language)
    return said if name in said else f"{said} ({name})"


def _quantity_of(wanted: WantedQuantity, source: Judgement) -> Quantity | None:
    """Return the one quantity of the source's sentence that can be the answer, if just one can."""
    entry = source.entry
    found = wanted.find(sentence_of(entry), entry["language"])
    return found[0] if found and all(agree(found[0], other) for other in found) else None

"""What the extractive policy says: its best sentence, in the asker's language where it can."""

from collections.abc import Sequence
from dataclasses import dataclass

from crosearch.agents.actions import AnswerAction
from crosearch.agents.matching import CachedVectors
from crosearch.agents.phrases import language_name, phrases_in
from crosearch.agents.sentence_choice import choose_sentence
from crosearch.agents.sufficiency import Judgement
from crosearch.tools.languages import Language
from crosearch.tools.ledger import Evidence
from crosearch.tools.neutral import neutralise
from crosearch.tools.passages import Span
from crosearch.tools.quantities import Quantity, agree, format_quantity
from crosearch.tools.questions import WantedQuantity, wanted_quantity

MAX_CITATIONS = 4


def answer_from(
    question: str,
    language: Language,
    judgements: Sequence[Judgement],
    vectors: CachedVectors,
    *,
    thought: str,
) -> AnswerAction:
    """Answer from the best judgement, and from those that say the same.

    Args:
        question: As it was asked.
        language: The asker's.
        judgements: All of them, best first, and at least one.
        vectors: The embedder.
        thought: Why this is the answer.
    """
    cluster = cluster_of_best(judgements)
    sources = [judgement for judgement in cluster if not contradicts(judgement, cluster[0])]
    others = [judgement for judgement in cluster if contradicts(judgement, cluster[0])]
    text = _say(question, language, _read(question, language, sources, vectors))
    if others:
        other = _say(question, language, _read(question, language, others, vectors))
        sides = [_say_of(text, sources, language), _say_of(other, others, language)]
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


@dataclass(frozen=True, slots=True)
class _Source:
    """An entry, and the sentence of it that answers."""

    entry: Evidence
    sentence: Span

    @property
    def said(self) -> str:
        return self.entry["text"][slice(*self.sentence)]


def _read(
    question: str, language: Language, judgements: Sequence[Judgement], vectors: CachedVectors
) -> list[_Source]:
    entries = [judgement.entry for judgement in judgements[:MAX_CITATIONS]]
    return [
        _Source(entry, choose_sentence(question, language, entry, vectors)) for entry in entries
    ]


def _say(question: str, language: Language, sources: Sequence[_Source]) -> str:
    """Say it in the asker's language: a source's own words, a translation, or a quantity.

    Where there is none of them, quote the original, and say that it is one.
    """
    own = (source.said for source in sources if source.entry["language"] == language)
    translated = (source.entry["translation"] or "" for source in sources)
    for text in (*own, *translated):
        said = neutralise(text)
        if said.strip():  # a text of control characters alone is nothing to say
            return said
    wanted = wanted_quantity(question, language)
    for source in sources:
        quantity = _quantity_of(wanted, source)
        if quantity is not None:
            return format_quantity(quantity, language)
    return phrases_in(language).original.format(
        language=language_name(sources[0].entry["language"], within=language),
        sentence=neutralise(_quote(sources[0])),
    )


def _quote(source: _Source) -> str:
    """Quote the sentence that introduces the subject, and the one that answers, in their order."""
    text = source.entry["text"]
    start, end = source.entry["span"]
    (first, until), (onward, last) = sorted([(start, end), source.sentence])
    if onward <= until:
        return text[first : max(until, last)]
    gap = " " if not text[until:onward].strip() else " … "
    return text[first:until] + gap + text[onward:last]


def _say_of(said: str, sources: Sequence[Judgement], language: Language) -> str:
    """Add whose words they are, unless a quotation says so already."""
    name = language_name(sources[0].entry["language"], within=language)
    return said if name in said else f"{said} ({name})"


def _quantity_of(wanted: WantedQuantity, source: _Source) -> Quantity | None:
    """Return the one quantity of the source's sentence that can be the answer, if just one can."""
    found = wanted.find(source.said, source.entry["language"])
    return found[0] if found and all(agree(found[0], other) for other in found) else None

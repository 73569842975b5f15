"""What the extractive policy says: its best sentence, in the asker's language where it can."""

from collections.abc import Sequence

from crosearch.agents.actions import AnswerAction
from crosearch.agents.matching import CachedVectors
from crosearch.agents.phrases import language_name, phrases_in
from crosearch.agents.short_answers import short_answer
from crosearch.agents.sufficiency import Judgement, sentence_of
from crosearch.tools.coverage import coverage_meter
from crosearch.tools.languages import Language
from crosearch.tools.ledger import Evidence
from crosearch.tools.neutral import neutralise
from crosearch.tools.quantities import Quantity, agree, format_quantity
from crosearch.tools.questions import WantedQuantity, wanted_quantity
from crosearch.tools.sentences import split_sentences
from crosearch.tools.translate import is_gloss

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
    text = _say(question, language, sources, vectors)
    if others:
        other = _say(question, language, others, vectors)
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


def _say(
    question: str, language: Language, judgements: Sequence[Judgement], vectors: CachedVectors
) -> str:
    """Say it in the asker's language: in a source's own words, a translation, a quantity, a name.

    Where there is none of them, quote the original, and say that it is one.
    """
    sources = [judgement.entry for judgement in judgements[:MAX_CITATIONS]]
    own = (sentence_of(source) for source in sources if source["language"] == language)
    translated = (source["translation"] or "" for source in sources if not is_gloss(source))
    for text in (*own, *translated):
        said = neutralise(text)
        if said.strip():  # a text of control characters alone is nothing to say
            return said
    wanted = wanted_quantity(question, language)
    for source in sources:
        quantity = _quantity_of(wanted, source)
        if quantity is not None:
            return format_quantity(quantity, language)
    lexicon = coverage_meter(vectors.embedder).lexicon
    best = sources[0]
    name = short_answer(question, language, sentence_of(best), best["language"], lexicon)
    return name or phrases_in(language).original.format(
        language=language_name(best["language"], within=language),
        sentence=neutralise(_quote(question, best, vectors)),
    )


def _quote(question: str, source: Evidence, vectors: CachedVectors) -> str:
    """Quote the sentence that introduces the subject, and the one that answers, in their order.

    The first is the one that is nearest to the question as a whole.
    """
    text = source["text"]
    spans = split_sentences(text, source["language"])
    held = vectors.look_up(text[start:end] for start, end in spans)
    asked = vectors.question(question)
    answering = (source["span"][0], source["span"][1])
    subject = max(
        spans, key=lambda span: float(held[text[slice(*span)]] @ asked), default=answering
    )
    (first, until), (onward, last) = sorted([subject, answering])
    if onward <= until:
        return text[first : max(until, last)]
    gap = " " if not text[until:onward].strip() else " … "
    return text[first:until] + gap + text[onward:last]


def _say_of(said: str, sources: Sequence[Judgement], language: Language) -> str:
    """Add whose words they are, unless a quotation says so already."""
    name = language_name(sources[0].entry["language"], within=language)
    return said if name in said else f"{said} ({name})"


def _quantity_of(wanted: WantedQuantity, source: Evidence) -> Quantity | None:
    """Return the one quantity of the source's sentence that can be the answer, if just one can."""
    found = wanted.find(sentence_of(source), source["language"])
    return found[0] if found and all(agree(found[0], other) for other in found) else None

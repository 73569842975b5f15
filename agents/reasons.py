"""Why the extractive policy does what it does, in a sentence or two: what a later policy learns."""

from collections.abc import Iterable, Sequence

from crosearch.agents.answers import cluster_of_best, contradicts
from crosearch.agents.language_choice import LanguageChoice
from crosearch.agents.policy import Observation
from crosearch.agents.sufficiency import Judgement
from crosearch.tools.languages import Language, describe_language
from crosearch.tools.neutral import neutralise
from crosearch.tools.questions import asked_for

_NEAR = 0.05
"""From this probability on, a passage is worth naming as the nearest one."""
_LISTED = 3
"""Up to so many languages are named one by one."""


def why_search(
    observation: Observation, choice: LanguageChoice, judgements: Sequence[Judgement]
) -> str:
    """Say why these languages come next."""
    return f"{_so_far(observation, judgements)} {_why_languages(observation, choice)}".strip()


def why_answer(judgements: Sequence[Judgement]) -> str:
    """Say what settles the question."""
    best = judgements[0]
    cluster = cluster_of_best(judgements)
    agreeing = [other for other in cluster[1:] if not contradicts(other, best)]
    against = [other for other in cluster[1:] if contradicts(other, best)]
    parts = [f"{_name(best)} speaks to the question"]
    if best.is_of_kind:
        parts[0] += " and gives what is asked for"
    parts[0] += "."
    if agreeing:
        parts.append(f"{_marks(agreeing)} {'says' if len(agreeing) == 1 else 'say'} the same.")
    if against:
        parts.append(f"{_marks(against)} says otherwise, so I give both.")
    return " ".join(parts)


def why_nothing(observation: Observation, judgements: Sequence[Judgement]) -> str:
    """Say why there is no answer."""
    searched = dict.fromkeys(
        outcome["language"]
        for record in observation.searches
        for outcome in record["outcomes"]
        if outcome["status"] == "ok"
    )
    if not searched:
        return "No language was searched, and no search is left."
    many = len(searched) > _LISTED
    where = f"I searched {f'{len(searched)} languages' if many else _list_languages(searched)}"
    left = [language for language in observation.languages if language not in searched]
    if left:
        where += f", not {_list_languages(left)},"
    if not judgements:
        return f"{where} and found no passage."
    return f"{where} and the nearest passage, {_name(judgements[0])}, does not answer this."


def _so_far(observation: Observation, judgements: Sequence[Judgement]) -> str:
    if not observation.searches:
        return ""
    if not judgements or judgements[0].probability < _NEAR:
        return "Nothing found so far speaks of this."
    best = judgements[0]
    asked = asked_for(observation.question, observation.language)
    if asked != "other" and not best.is_of_kind:
        missing = "date" if asked == "time" else "number"
        return f"{_name(best)} is near, but its best sentence gives no {missing}."
    return f"{_name(best)} is near, but does not settle it."


def _why_languages(observation: Observation, choice: LanguageChoice) -> str:
    own = observation.language
    if choice.languages == (own,):
        count = observation.languages[own]
        name = _english(own)
        return f"The question is in {name}, and there are {count:,} {name} passages: I look there."
    if choice.pointers:
        words = dict.fromkeys(choice.pointers.values())
        quoted = ", ".join(f"“{neutralise(word)}”" for word in words)
        pointed = _list_languages(choice.pointers)
        return f"{quoted} points to {pointed}, so I look there next."
    if choice.all_remaining:
        return f"That leaves {_list_languages(choice.languages)}."
    if any(observation.promise.get(language) for language in choice.languages):
        return f"I go on to the languages that promise most: {_list_languages(choice.languages)}."
    return f"I go on to the languages with most passages: {_list_languages(choice.languages)}."


def _name(judgement: Judgement) -> str:
    entry = judgement.entry
    return f"[{entry['number']}] “{neutralise(entry['title'])}” ({_english(entry['language'])})"


def _marks(judgements: Sequence[Judgement]) -> str:
    return ", ".join(f"[{judgement.entry['number']}]" for judgement in judgements)


def _list_languages(languages: Iterable[Language]) -> str:
    names = [_english(language) for language in languages]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _english(language: Language) -> str:
    return describe_language(language).english_name

"""Where to look next: the languages that are most likely to hold the answer.

The question's own language comes first, then those that promise most, to which the languages that
the question points to count; a few at a time, and with the last search all that remain. Languages
that promise next to nothing are left out once others were searched. Where no promises are known,
the languages with most passages come first, and none is left out.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from crosearch.agents.pointers import point_to_languages
from crosearch.agents.policy import Observation
from crosearch.tools.languages import Language

BATCH = 4
"""How many languages are searched together while the budget leaves a choice."""
HOPELESS = 0.02
"""Languages that promise less are not searched, unless nothing else was."""
POINTED = 0.2
"""What it adds to a language's promise that the question points to it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LanguageChoice:
    """The languages to search next, and why."""

    languages: tuple[Language, ...]
    """Empty where nothing is left to search, or no budget to search it."""
    pointers: Mapping[Language, str]
    """The words of the question that point to some of them."""
    all_remaining: bool
    """Whether nothing is left to search after them."""


def choose_languages(observation: Observation) -> LanguageChoice:
    """Choose where to search next.

    A language whose search failed is tried a second time, with the last of the others.
    """
    remaining = _worthwhile(_remaining(observation), observation)
    searches = min(observation.searches_left, observation.turns_left - 1)
    if searches <= 0:
        return LanguageChoice(languages=(), pointers={}, all_remaining=not remaining)
    own = observation.language
    pointers = point_to_languages(observation.question, own)
    if own in remaining and not observation.searches and searches > 1:
        chosen = [own]
    else:
        remaining.sort(
            key=lambda language: (language != own, -_promise(language, pointers, observation))
        )
        chosen = remaining[: max(BATCH, -(-len(remaining) // searches))]
    return LanguageChoice(
        languages=tuple(chosen),
        pointers={language: pointers[language] for language in chosen if language in pointers},
        all_remaining=len(chosen) == len(remaining),
    )


def _promise(
    language: Language, pointers: Mapping[Language, str], observation: Observation
) -> float:
    return observation.promise.get(language, 0.0) + (POINTED if language in pointers else 0.0)


def _worthwhile(languages: list[Language], observation: Observation) -> list[Language]:
    """Leave out what promises next to nothing; a promise of zero is none that was made."""
    if not observation.searches:
        return languages
    pointers = point_to_languages(observation.question, observation.language)
    return [
        language
        for language in languages
        if language in pointers or not 0.0 < observation.promise.get(language, 0.0) < HOPELESS
    ]


def _remaining(observation: Observation) -> list[Language]:
    """List what is still to be searched: what was not yet, then what failed once."""
    outcomes = [outcome for record in observation.searches for outcome in record["outcomes"]]
    done = {outcome["language"] for outcome in outcomes if outcome["status"] in ("ok", "missing")}
    tried = [outcome["language"] for outcome in outcomes]
    open_languages = [code for code in observation.languages if code not in done]
    return [code for code in open_languages if code not in tried] + [
        code for code in open_languages if tried.count(code) == 1
    ]

"""Searches that a baseline's graph makes in the policy's place.

Such a search is a turn of the run, whose status says that it was forced. It puts no `policy`
segment into the transcript, since the policy said nothing that could be learnt: what it brought is
evidence like any other.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from crosearch.agents.actions import MAX_QUERY_CHARACTERS
from crosearch.agents.baseline_prompts import DRAFT_NOTE
from crosearch.agents.transcript import Segment
from crosearch.graphs.components import ComponentSource
from crosearch.graphs.runtime import Clock, SearchRuntime, asked_in, context_of
from crosearch.graphs.state import ActionState, SearchState, SearchUpdate, Turn
from crosearch.graphs.turns import forced_turn
from crosearch.tools.errors import TranslationError
from crosearch.tools.languages import Language
from crosearch.tools.ledger import Failure
from crosearch.tools.translate import Translator

ENGLISH = Language("en")


@dataclass(frozen=True)
class ForcedSearches:
    """The nodes that force a search, wherever the run may search; `search` carries it out."""

    components: ComponentSource

    async def ask(self, state: SearchState, runtime: SearchRuntime) -> SearchUpdate:
        """Search for the question, as it was asked."""
        return _force(state, state["question"], Clock(state["seconds"]))

    async def ask_in_english(self, state: SearchState, runtime: SearchRuntime) -> SearchUpdate:
        """Search for the question in English; as it was asked, where nobody translates it."""
        clock = Clock(state["seconds"])
        context = context_of(runtime)
        source = asked_in(state, context)
        if source == ENGLISH:
            return _force(state, state["question"], clock)
        translator = (await self.components(context)).translator
        query, failures = await _in_english(state["question"], source, translator)
        return _force(state, query, clock, failures)

    async def verify(self, state: SearchState, runtime: SearchRuntime) -> SearchUpdate:
        """Search for the policy's answer, together with the question, and tell it so."""
        query = f"{state['action']['text']} {state['question']}"
        update = _force(state, query, Clock(state["seconds"]))
        update["transcript"] = [*state["transcript"], Segment(kind="feedback", text=DRAFT_NOTE)]
        return update


def is_verified(history: Sequence[Turn]) -> bool:
    """Tell whether a run's answer was searched for."""
    return any(turn["status"] == "forced" for turn in history)


async def _in_english(
    question: str, source: Language, translator: Translator
) -> tuple[str, list[Failure]]:
    """Translate a question; one that cannot be translated comes back as it is."""
    try:
        [translation] = await translator.translate([question], source, ENGLISH)
    except TranslationError as error:
        failure = Failure(stage="search", language=source, status="translation", detail=str(error))
        return question, [failure]
    return (translation or "").strip() or question, []


def _force(
    state: SearchState, query: str, clock: Clock, failures: Sequence[Failure] = ()
) -> SearchUpdate:
    action = ActionState(
        kind="search",
        thought="",
        # Where the index is empty, a search of the asker's language tells that it is.
        languages=list(state["searchable"]) or [state["language"]],
        text=query[:MAX_QUERY_CHARACTERS],
        citations=[],
        found=False,
    )
    turn = forced_turn(action, seconds=clock.passed(), failures=failures)
    return SearchUpdate(
        action=action,
        turns=state["turns"] + 1,
        history=[*state["history"], turn],
        seconds=clock.read(),
    )

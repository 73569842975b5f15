"""The graph's nodes: each reads the state, asks one part to do the work, and returns what changed.

A mistake of the policy becomes feedback in the transcript, a language's failed search a status in
its record; only what ends the whole run is raised.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from crosearch.agents.actions import (
    EXAMPLE_ANSWER,
    EXAMPLE_SEARCH,
    MAX_QUERY_CHARACTERS,
    Action,
    ActionError,
    AnswerAction,
    parse_action,
)
from crosearch.agents.policy import (
    Emission,
    EmissionStatus,
    LooksAhead,
    Observation,
)
from crosearch.agents.prompts import open_transcript, render_evidence, render_feedback
from crosearch.agents.transcript import Segment
from crosearch.graphs.checks import (
    answer_mistake,
    check_question,
    language_of_answer,
    search_mistake,
)
from crosearch.graphs.components import Components, ComponentSource
from crosearch.graphs.context import SearchContext
from crosearch.graphs.hits import (
    NO_ACTION,
    action_state,
    answer_action,
    found_passages,
    search_record,
    search_result,
)
from crosearch.graphs.runtime import (
    Clock,
    SearchRuntime,
    asked_in,
    context_of,
    instructions_for,
)
from crosearch.graphs.state import Ending, SearchInput, SearchState, SearchUpdate
from crosearch.graphs.turns import (
    extend_transcript,
    found_ids,
    ledger_marks,
    open_run,
    open_turn,
    replace_turn,
    search_failures,
)
from crosearch.tools.align import align_evidence
from crosearch.tools.detect import detect_language
from crosearch.tools.languages import (
    EMBEDDED_LANGUAGES,
    Language,
    parse_language,
    parse_languages,
)
from crosearch.tools.retriever import Retriever

_MISTAKES: Mapping[EmissionStatus, str] = {
    "length": "the turn was cut off: it had grown too long before its action was closed",
    "empty": f"the turn was empty: end it with {EXAMPLE_SEARCH} or {EXAMPLE_ANSWER}",
    "context": "the transcript has grown too long for the model",
    "nan": "the model failed",
    "timeout": "the run's time was spent",
}
_ENDINGS: Mapping[EmissionStatus, Ending] = {
    "context": "context",
    "nan": "failed",
    "timeout": "seconds",
}
"""Statuses after which a run cannot go on."""


def route_after_think(state: SearchState) -> Literal["think", "search", "answer"]:
    """Follow the action; without a valid one think again, unless the budget is spent."""
    kind = state["action"]["kind"]
    if kind != "none":
        return kind
    return "answer" if state["ending"] else "think"


def route_after_answer(state: SearchState) -> Literal["think", "__end__"]:
    """End, or think again about an answer that was sent back."""
    return "__end__" if state["ending"] else "think"


@dataclass(frozen=True)
class SearchNodes:
    """The nodes, on the parts that `components` finds for a run."""

    components: ComponentSource
    parse: Callable[[str], Action] = parse_action
    """Reads the action in a policy's text; raises `ActionError` where it holds no valid one."""

    async def begin(self, state: SearchInput, runtime: SearchRuntime) -> SearchState:
        """Check the question, and lay out an empty run, whatever the thread held before."""
        clock = Clock(0.0)
        context = context_of(runtime)
        question = check_question(state["question"])
        components = await self.components(context)
        retriever = components.retriever
        languages, language = await asyncio.to_thread(_languages, question, retriever, context)
        transcript = open_transcript(
            question,
            language,
            languages=languages,
            turns=context.max_turns,
            searches=context.max_searches,
            instructions=instructions_for(components.policy, context),
        )
        run = open_run(question, language, searchable=languages, transcript=transcript)
        run["seconds"] = clock.read()
        return run

    async def think(self, state: SearchState, runtime: SearchRuntime) -> SearchUpdate:
        """Let the policy emit one action, and check that it can be carried out."""
        clock = Clock(state["seconds"])
        context = context_of(runtime)
        components = await self.components(context)
        observation = _observe(state, context)
        emit, promise = _emitter(runtime), state["promise"]
        limit = asyncio.timeout(context.max_seconds - state["seconds"])
        try:
            async with limit:
                if observation.searches_left:
                    promise = promise or await _look_ahead(state, components, context)
                observation = replace(observation, promise=promise)
                emission = await components.policy.act(observation, emit)
        except TimeoutError:
            if not limit.expired():  # the policy's own, and not the run's
                raise
            emission = Emission(text="", status="timeout")
        transcript = extend_transcript(state["transcript"], emission)
        turns_left = observation.turns_left - 1
        action, mistake = _read(emission, observation, self.parse)
        if mistake and emission.status not in _ENDINGS:
            transcript.append(_feedback(mistake, turns_left))
        acted = action_state(action) if action else NO_ACTION
        turn = open_turn(
            emission, acted, mistake=mistake, policy=components.policy.name, seconds=clock.passed()
        )
        return SearchUpdate(
            transcript=transcript,
            turns=state["turns"] + 1,
            history=[*state["history"], turn],
            action=acted,
            promise=promise,
            ending=_ENDINGS.get(emission.status) or (None if action or turns_left else "turns"),
            seconds=clock.read(),
        )

    async def search(self, state: SearchState, runtime: SearchRuntime) -> SearchUpdate:
        """Run the action's query in its languages, all at once."""
        clock = Clock(state["seconds"])
        context = context_of(runtime)
        retriever = (await self.components(context)).retriever
        action = state["action"]
        runtime.stream_writer(
            {"event": "search", "languages": action["languages"], "query": action["text"]}
        )
        result = await retriever.search(
            action["text"],
            action["languages"],
            k=context.passages,
            timeout=context.search_timeout,
            asked_in=asked_in(state, context) if _is_question(action["text"], state) else None,
        )
        turn = state["history"][-1].copy()
        turn["search"] = len(state["searches"])
        turn["hits"] = found_ids(result.hits)
        turn["failures"] = [*turn["failures"], *search_failures(result, state["searchable"])]
        turn["search_seconds"] = clock.passed()
        return SearchUpdate(
            searches=[*state["searches"], search_record(result)],
            history=replace_turn(state["history"], turn),
            hits=found_passages(result.hits),
            seconds=clock.read(),
        )

    async def align(self, state: SearchState, runtime: SearchRuntime) -> SearchUpdate:
        """Bring what was found into the ledger, and show the policy what is new."""
        clock = Clock(state["seconds"])
        context = context_of(runtime)
        components = await self.components(context)
        record = state["searches"][-1]
        evidence, failures = await align_evidence(
            state["question"],
            state["language"],
            state["evidence"],
            search_result(record, state["hits"]),
            retriever=components.retriever,
            translator=components.translator,
            clustered=context.alignment == "on",
        )
        known = {entry["number"] for entry in state["evidence"]}
        text = render_evidence(
            evidence,
            record,
            known=known,
            tokens=context.max_evidence_tokens,
            turns_left=context.max_turns - state["turns"],
            searches_left=context.max_searches - len(state["searches"]),
            unsearched=_unsearched(state),
        )
        new = [entry for entry in evidence if entry["number"] not in known]
        runtime.stream_writer({"event": "evidence", "search": record, "new": new})
        turn = state["history"][-1].copy()
        turn["ledger"] = ledger_marks(evidence)
        turn["failures"] = [*turn["failures"], *failures]
        turn["align_seconds"] = clock.passed()
        return SearchUpdate(
            evidence=evidence,
            history=replace_turn(state["history"], turn),
            transcript=[*state["transcript"], Segment(kind="evidence", text=text)],
            hits=[],
            seconds=clock.read(),
        )

    async def answer(self, state: SearchState, runtime: SearchRuntime) -> SearchUpdate:
        """Close the run, or send an answer back whose citations or language are wrong."""
        clock = Clock(state["seconds"])
        if state["ending"]:
            return SearchUpdate(seconds=clock.read())
        turns_left = context_of(runtime).max_turns - state["turns"]
        action = answer_action(state["action"])
        mistake = await asyncio.to_thread(answer_mistake, action, state)
        if mistake and turns_left:
            turn = state["history"][-1].copy()
            turn["mistake"] = mistake
            return SearchUpdate(
                transcript=[*state["transcript"], _feedback(mistake, turns_left)],
                history=replace_turn(state["history"], turn),
                action=NO_ACTION,
                seconds=clock.read(),
            )
        held = {entry["number"]: entry for entry in state["evidence"]}
        citations = [held[number] for number in action.citations if number in held]
        return SearchUpdate(
            answer=action.text,
            answer_language=language_of_answer(action.text, citations, state["language"]),
            found=action.found and bool(citations),
            citations=citations,
            ending="answered",
            seconds=clock.read(),
        )


def _languages(
    question: str, retriever: Retriever, context: SearchContext
) -> tuple[dict[Language, int], Language]:
    """Say where the run may search, and in which language it is to answer."""
    languages = _search_languages(retriever, context)
    return languages, _asker_language(question, context, languages)


def _search_languages(retriever: Retriever, context: SearchContext) -> dict[Language, int]:
    """Say where the run may search, with the passages of each language, most first."""
    held = retriever.languages
    wanted = parse_languages(context.search_languages)
    return {language: held.get(language, 0) for language in wanted} or dict(held)


def _unsearched(state: SearchState) -> list[Language]:
    searched = {code for search in state["searches"] for code in search["languages"]}
    return [language for language in state["searchable"] if language not in searched]


def _asker_language(
    question: str, context: SearchContext, held: Mapping[Language, int]
) -> Language:
    if context.language != "auto":
        return parse_language(context.language)
    return detect_language(question, {*EMBEDDED_LANGUAGES, *held}).language


async def _look_ahead(
    state: SearchState, components: Components, context: SearchContext
) -> dict[Language, float]:
    """Ask what each language promises, for a policy that wants to know; once in a run."""
    policy, languages = components.policy, state["searchable"]
    if not (isinstance(policy, LooksAhead) and policy.looks_ahead) or len(languages) < 2:
        return {}
    promise = await components.retriever.promise(
        state["question"][:MAX_QUERY_CHARACTERS],
        list(languages),
        asked_in=asked_in(state, context),
        timeout=context.search_timeout,
    )
    return {language: round(chance, 4) for language, chance in promise.items()}


def _is_question(query: str, state: SearchState) -> bool:
    """Tell whether a query is the question, whose language is known."""
    return bool(query) and state["question"].startswith(query)


def _observe(state: SearchState, context: SearchContext) -> Observation:
    return Observation(
        question=state["question"],
        language=state["language"],
        languages=state["searchable"],
        transcript=tuple(state["transcript"]),
        evidence=tuple(state["evidence"]),
        searches=tuple(state["searches"]),
        turns_left=context.max_turns - state["turns"],
        searches_left=context.max_searches - len(state["searches"]),
        temperature=context.temperature,
        seed=context.seed,
    )


def _read(
    emission: Emission, observation: Observation, parse: Callable[[str], Action]
) -> tuple[Action | None, str | None]:
    """Parse what a policy emitted: an action that can be carried out, or what is wrong with it."""
    if emission.status in _MISTAKES:
        return None, _MISTAKES[emission.status]
    try:
        action = parse(emission.text)
    except ActionError as mistake:
        return None, str(mistake)
    if isinstance(action, AnswerAction):
        return action, None
    mistaken = search_mistake(
        action,
        allowed=observation.languages,
        searches_left=observation.searches_left,
        turns_left=observation.turns_left - 1,
    )
    return (None, mistaken) if mistaken else (action, None)


def _feedback(mistake: str, turns_left: int) -> Segment:
    return Segment(kind="feedback", text=render_feedback(mistake, turns_left=turns_left))


def _emitter(runtime: SearchRuntime) -> Callable[[str], None]:
    def emit(text: str) -> None:
        runtime.stream_writer({"event": "policy", "text": text})

    return emit

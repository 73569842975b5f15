"""The extractive policy: searches and answers by rule, with no model beside the embedder.

It asks in the question's language first, goes on to the languages most likely to hold the answer,
stops when the evidence suffices, and answers with the best-supported sentence, or says that it
found nothing. It speaks the action protocol like any other policy, so its runs can teach one.
"""

from crosearch.agents.actions import (
    MAX_QUERY_CHARACTERS,
    AnswerAction,
    SearchAction,
    render_answer,
    render_search,
)
from crosearch.agents.answers import abstain, answer_from
from crosearch.agents.language_choice import choose_languages
from crosearch.agents.matching import CachedVectors
from crosearch.agents.policy import Emission, Emit, Observation
from crosearch.agents.reasons import why_answer, why_nothing, why_search
from crosearch.agents.sufficiency import ACCEPTABLE, SUFFICIENT, judge
from crosearch.tools.embedder import Embedder
from crosearch.tools.threads import in_thread


class ExtractivePolicy:
    """Decides by rule; stateless between turns, so that many runs may share it."""

    name = "extractive"
    looks_ahead = True

    def __init__(self, embedder: Embedder, *, acceptable: float | None = None) -> None:
        """Make a policy.

        Args:
            embedder: What sentences are compared by, best what the corpus was embedded by.
            acceptable: From which probability on it answers where nothing is left to search, and
                does not say that nothing was found; None for the calibrated one, 0 for always.
        """
        self._vectors = CachedVectors(embedder)
        self._acceptable = ACCEPTABLE if acceptable is None else acceptable

    @property
    def fingerprint(self) -> str:
        """Counted up whenever its rules or weights change: runs of other rules are other runs."""
        return f"extractive:3:{self._acceptable}"

    def confidence(self, observation: Observation) -> float:
        """Return the probability that the best of the evidence answers; 0 without evidence."""
        judgements = judge(
            observation.question, observation.language, observation.evidence, self._vectors
        )
        return judgements[0].probability if judgements else 0.0

    async def act(self, observation: Observation, emit: Emit) -> Emission:
        """Emit the next search, or the answer."""
        text = await in_thread(lambda: self._act(observation))
        emit(text)
        return Emission(text=text)

    def _act(self, observation: Observation) -> str:
        action = self._decide(observation)
        if isinstance(action, SearchAction):
            return render_search(action)
        return render_answer(action)

    def _decide(self, observation: Observation) -> SearchAction | AnswerAction:
        question, language = observation.question, observation.language
        judgements = judge(question, language, observation.evidence, self._vectors)
        choice = choose_languages(observation)
        needed = SUFFICIENT if choice.languages else self._acceptable
        if judgements and judgements[0].probability >= needed:
            return answer_from(
                question, language, judgements, self._vectors, thought=why_answer(judgements)
            )
        if choice.languages:
            return SearchAction(
                languages=choice.languages,
                query=question[:MAX_QUERY_CHARACTERS],
                thought=why_search(observation, choice, judgements),
            )
        return abstain(language, thought=why_nothing(observation, judgements))

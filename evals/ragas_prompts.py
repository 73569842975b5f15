"""ragas' prompts in the language of the answers that are judged, translated by the judge, once.

ragas can have a prompt's examples and its instruction translated (`adapt`). The translations are
replies of the judge like others, and kept as such; `written_prompts` is for people to read.
"""

import asyncio
from collections import defaultdict

from crosearch.agents.judge import JudgementError
from crosearch.evals.ragas_judge import Asker, ValueJudge
from crosearch.evals.ragas_library import RagasLibrary, RagasMetric, RagasPrompt
from crosearch.tools.languages import Language, describe_language

_OWN = Language("en")
"""The language that ragas' prompts are written in."""

_Name = tuple[str, Language]


class AdaptedPrompts:
    """Puts prompts into languages; safe for many values at once."""

    def __init__(self, library: RagasLibrary, asker: Asker) -> None:
        """Have `asker` translate."""
        self._library, self._asker = library, asker
        self._adapted: dict[_Name, RagasPrompt] = {}
        self._refused: dict[_Name, JudgementError] = {}
        self._locks: defaultdict[_Name, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def adapt(self, metric: RagasMetric, language: Language) -> None:
        """Put a metric's prompts into a language.

        Raises:
            JudgementError: The judge does not translate them.
            BudgetReachedError: It could cost more than is left.
        """
        if language == _OWN:
            return
        for attribute, prompt in self._library.prompts(metric).items():
            setattr(metric, attribute, await self._in_language(prompt, language))

    def written_prompts(self) -> dict[str, dict[str, str]]:
        """Return the instructions that were translated, by language and prompt."""
        written: defaultdict[str, dict[str, str]] = defaultdict(dict)
        for (name, language), prompt in sorted(self._adapted.items()):
            written[language][name] = prompt.instruction
        return dict(written)

    async def _in_language(self, prompt: RagasPrompt, language: Language) -> RagasPrompt:
        name = type(prompt).__name__, language
        async with self._locks[name]:
            if name in self._refused:
                raise self._refused[name]
            if name not in self._adapted:
                try:
                    self._adapted[name] = await self._translate(prompt, language)
                except JudgementError as error:
                    self._refused[name] = error
                    raise
        return self._adapted[name]

    async def _translate(self, prompt: RagasPrompt, language: Language) -> RagasPrompt:
        # The examples' strings go in one request, the instruction in another.
        counts = [len(self._library.all_strings(prompt.examples)), 1]
        spoken = describe_language(language).english_name
        try:
            return await prompt.adapt(
                spoken.lower(), ValueJudge(self._asker, counts), adapt_instruction=True
            )
        except JudgementError as error:
            raise JudgementError(
                f"ragas' {type(prompt).__name__} was not put into {spoken}: {error}"
            ) from error.__cause__

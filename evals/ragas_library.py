"""ragas, opened so that it tells nobody and writes nowhere.

ragas reports to its makers who uses it, under an id that it keeps in the user's home: its own
variable turns that off, and is set before ragas is imported. Of its metrics those of
`ragas.metrics.collections` are used, which report nothing by themselves. They take a model and an
embedder of ours by the two abstract classes that ragas has for them; `instructor`, which ragas
would call a model by, is imported with ragas and never used.
"""

import os
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Protocol, TypeVar, cast

from pydantic import BaseModel

from crosearch.tools.errors import UsageError

_TELLS_NOBODY = "RAGAS_DO_NOT_TRACK"
_NEEDED = (0, 4)
_EXTRA = "pip install 'crosearch[evals]'"

Reply = TypeVar("Reply", bound=BaseModel)


class JudgingModel(Protocol):
    """What ragas asks: the one method of its `InstructorBaseRagasLLM` that its metrics await."""

    async def agenerate(self, prompt: str, response_model: type[Reply]) -> Reply:
        """Reply to a prompt with an object."""
        ...


class Vectors(Protocol):
    """What ragas compares texts by: two methods of its `BaseRagasEmbedding`."""

    async def aembed_text(self, text: str) -> list[float]:
        """Return a text's vector."""
        ...

    async def aembed_texts(self, texts: list[str]) -> list[list[float]]:
        """Return texts' vectors."""
        ...


class MetricResult(Protocol):
    """What a metric of ragas gives."""

    value: float


class RagasMetric(Protocol):
    """A metric of ragas; its prompts are attributes that can be set."""

    async def ascore(self, **fields: object) -> MetricResult:
        """Measure one sample."""
        ...


class RagasPrompt(Protocol):
    """A prompt of ragas, as far as it is used here."""

    instruction: str
    examples: list[tuple[BaseModel, BaseModel]]

    async def adapt(
        self, target_language: str, llm: JudgingModel, adapt_instruction: bool
    ) -> "RagasPrompt":
        """Have a model translate it."""
        ...


class RagasLibrary:
    """ragas, imported."""

    def __init__(self) -> None:
        """Import it, which takes seconds.

        Raises:
            UsageError: It is not installed, is too old, or does not load.
        """
        self.version = ragas_version()
        os.environ[_TELLS_NOBODY] = "true"
        try:
            self._metrics = import_module("ragas.metrics.collections")
            self._models = import_module("ragas.llms.base")
            self._embeddings = import_module("ragas.embeddings.base")
            prompts = import_module("ragas.prompt.metrics.base_prompt")
            texts = import_module("ragas.prompt.utils")
        except ImportError as error:
            raise UsageError(
                f"ragas {self.version} does not load ({error}): {_EXTRA}, with --constraint "
                "constraints.txt"
            ) from error
        self._prompt_class = cast("type[object]", prompts.BasePrompt)
        self.all_strings = cast("Callable[[object], list[str]]", texts.get_all_strings)
        """Gathers the strings of a prompt's examples, as `adapt` has them translated."""

    def accept(self, model: type, vectors: type) -> None:
        """Have ragas take classes for a model and an embedder of its own kind."""
        self._models.InstructorBaseRagasLLM.register(model)
        self._embeddings.BaseRagasEmbedding.register(vectors)

    def metric(self, class_name: str, **settings: object) -> RagasMetric:
        """Make a metric of `ragas.metrics.collections`.

        Raises:
            ImportError: A package is missing that it measures with.
        """
        return cast("RagasMetric", getattr(self._metrics, class_name)(**settings))

    def prompts(self, metric: RagasMetric) -> dict[str, RagasPrompt]:
        """Return a metric's prompts by the attributes that hold them."""
        return {
            name: cast("RagasPrompt", value)
            for name, value in vars(metric).items()
            if isinstance(value, self._prompt_class)
        }


def ragas_version() -> str:
    """Return the version of ragas that is installed.

    Raises:
        UsageError: There is none, or it is too old; the message says how to install it.
    """
    try:
        found = version("ragas")
    except PackageNotFoundError as error:
        raise UsageError(f"ragas is not installed: {_EXTRA}") from error
    numbers = tuple(int(part) for part in found.split(".")[:2] if part.isdigit())
    if numbers < _NEEDED:
        raise UsageError(f"ragas {found} is installed, and 0.4.3 is needed: {_EXTRA}")
    return found

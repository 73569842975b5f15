"""What is compared: a policy, how it searches, and how it samples."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

from crosearch.agents.policy_settings import PolicySettings
from crosearch.evals.retriever_views import EverywhereRetriever
from crosearch.graphs.context import SearchContext
from crosearch.tools.errors import UsageError
from crosearch.tools.languages import Language
from crosearch.tools.retriever import Retriever
from crosearch.tools.translate import NoTranslator, Translator

Strategy = Literal["free", "own", "everywhere", "untranslated", "unaligned"]
"""How a policy searches:

- `free`: where it chooses to, with evidence translated and aligned;
- `own`: in the asker's language alone;
- `everywhere`: whatever it chooses, each search covers all languages, the best passages of all
  together;
- `untranslated`: free, and evidence stays as it was written;
- `unaligned`: free, and nothing is told of which evidence agrees or disagrees.
"""

STRATEGIES: tuple[Strategy, ...] = get_args(Strategy)


@dataclass(frozen=True, kw_only=True, slots=True)
class PolicyEntry:
    """One of those that are compared."""

    policy: str
    """As for `agents.load.load_policy`."""
    name: str = ""
    """What the policy is called in tables; empty: as it is named. Policies that are called the
    same, such as those that were trained with several seeds, are told of together."""
    strategy: Strategy = "free"
    temperature: float = 0.0
    """0 takes the likeliest token."""
    samples: int = 1
    """Runs of each question."""
    settings: PolicySettings = PolicySettings()

    def __post_init__(self) -> None:
        """Refuse what cannot be.

        Raises:
            UsageError: There is no such strategy, or a number is out of range.
        """
        if self.strategy not in STRATEGIES:
            raise UsageError(
                f"the strategy {self.strategy!r} is unknown; known are {', '.join(STRATEGIES)}"
            )
        if self.temperature < 0:
            raise UsageError(f"temperature is {self.temperature:g}; it must be 0 or above")
        if self.samples < 1:
            raise UsageError(f"samples is {self.samples}; it must be at least 1")

    @property
    def title(self) -> str:
        """What it is called: by its policy, and where they are not the usual ones, by the rest."""
        strategy = "" if self.strategy == "free" else f", {self.strategy}"
        sampled = f", T={self.temperature:g}" if self.temperature else ""
        return f"{self.name or self.policy}{strategy}{sampled}"


def check_entries(entries: Sequence[PolicyEntry]) -> None:
    """See that there is something to compare, and nothing twice.

    Raises:
        UsageError: There is nothing, or an entry is there twice.
    """
    if not entries:
        raise UsageError("there is no policy to evaluate: give one")
    for at, entry in enumerate(entries):
        if any((one.title, one.policy) == (entry.title, entry.policy) for one in entries[:at]):
            raise UsageError(f"{entry.title!r} is given twice: once is enough")


def context_of(
    entry: PolicyEntry, context: SearchContext, language: Language | None
) -> SearchContext:
    """Return how an entry's runs are made, of questions in a language, or in any.

    Raises:
        UsageError: They are to stay in their own language, and it is not told.
    """
    context = replace(context, temperature=entry.temperature)
    if entry.strategy == "own":
        if language is None:
            raise UsageError("a question does not tell its language: `own` cannot stay in it")
        return replace(context, search_languages=language)
    if entry.strategy == "unaligned":
        return replace(context, alignment="off")
    return context


def retriever_of(entry: PolicyEntry, retriever: Retriever) -> Retriever:
    """Return what an entry searches with."""
    return EverywhereRetriever(retriever) if entry.strategy == "everywhere" else retriever


def translator_of(entry: PolicyEntry, translator: Translator) -> Translator:
    """Return what translates an entry's evidence."""
    return NoTranslator() if entry.strategy == "untranslated" else translator

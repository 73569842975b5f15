"""Names runs: by what is asked, and by the fingerprints of all that makes a run."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import PurePath

from crosearch.agents.policy import Fingerprinted, Policy, policy_fingerprint
from crosearch.agents.policy_settings import PolicySettings
from crosearch.graphs.context import SearchContext
from crosearch.tools.languages import Language
from crosearch.tools.retriever import Retriever
from crosearch.tools.translate import Translator
from crosearch.training.groups import PlannedMember
from crosearch.training.questions import Question
from crosearch.training.trajectories import (
    IndexRecord,
    Parent,
    PolicyRecord,
    fingerprint,
    question_group,
    trajectory_key,
)

Settings = Mapping[str, str | int | float | None]

_PLACES = ("adapter", "tokenizer")
"""Settings that may be folders, of which a record keeps the last name only."""
_OF_THE_MACHINE = ("device",)
"""Settings that do not make a run another one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MadeBy:
    """What makes runs, whatever they are asked."""

    policy: PolicyRecord
    index: IndexRecord
    settings: Settings
    settings_fingerprint: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RunName:
    """A run, told from every other."""

    question: Question
    language: Language
    sample: int
    made_by: MadeBy
    parent: Parent | None = None
    member: PlannedMember | None = None
    """None: the question is asked as it is, and its runs do not differ by plan."""

    @property
    def asked(self) -> str:
        """The question as this run asks it."""
        return self.member.variation["question"] if self.member else self.question.text

    @property
    def group(self) -> str:
        """The group of the question's runs."""
        return question_group(self.question.text, self.language)

    @property
    def key(self) -> str:
        """The key that its record has."""
        return trajectory_key(
            self.group,
            self.sample,
            policy=self.made_by.policy["fingerprint"],
            index=self.made_by.index["fingerprint"],
            settings=self.made_by.settings_fingerprint,
            parent=self.parent,
            member=self.member.number if self.member else None,
            variation=self.member.variation if self.member else None,
        )


def what_makes_runs(
    policy: Policy,
    retriever: Retriever,
    translator: Translator,
    context: SearchContext,
    settings: PolicySettings,
    graph: str = "",
) -> MadeBy:
    """Take the names and the fingerprints of a run's parts; reads the index' state, which blocks.

    Args:
        policy: Decides.
        retriever: Searches.
        translator: Translates.
        context: How questions are answered.
        settings: What the policy was loaded with.
        graph: What names the graph, where it is not CroSearch's.

    Raises:
        StoreError: The index cannot be read.
    """
    kept: dict[str, str | int | float | None] = {**asdict(context), "translator": translator.name}
    if graph:
        kept["graph"] = graph
    for name, value in settings.given().items():
        kept[name] = PurePath(str(value)).name if name in _PLACES else value
    deciding = {name: value for name, value in kept.items() if name not in _OF_THE_MACHINE}
    return MadeBy(
        policy=PolicyRecord(name=policy.name, fingerprint=policy_fingerprint(policy)),
        index=IndexRecord(corpus=retriever.corpus, fingerprint=index_fingerprint(retriever)),
        settings=kept,
        settings_fingerprint=fingerprint(deciding),
    )


def index_fingerprint(retriever: Retriever) -> str:
    """Tell the state of a corpus from others: by its own fingerprint, or by what it holds."""
    if isinstance(retriever, Fingerprinted):
        return retriever.fingerprint
    counts = {str(language): count for language, count in retriever.languages.items()}
    return fingerprint([retriever.corpus, retriever.embedder.fingerprint, counts])


def run_seed(base: int | None, group: str, sample: int, member: int | None = None) -> int:
    """Draw the seed of a run: a question's samples and members differ, each is always the same."""
    parts: list[str | int] = ["seed", base or 0, group, sample]
    if member is not None:
        parts.append(member)
    return int(fingerprint(parts), 16) >> 1

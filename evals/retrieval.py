"""Compares ways of retrieval on one multilingual data set, setting by setting.

`evaluate_retrieval` is the whole of `crosearch eval retrieval`: it makes the runs that are not in
the folder yet, and tells of each system how good its rankings are in one language, across two, and
in a pool of all, and how partial it is to the asker's own language; with intervals, and with the
differences between systems on the same questions.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from crosearch.evals.dataset_types import EvalDataset
from crosearch.evals.packages import need_packages
from crosearch.evals.retrieval_data import RetrievalData, prepare_data
from crosearch.evals.retrieval_figures import RetrievalComparison, compare_systems
from crosearch.evals.retrieval_folder import RetrievalFolder
from crosearch.evals.retrieval_measures import list_measures
from crosearch.evals.retrieval_runs import Ranking, write_qrels, write_run
from crosearch.evals.retrieval_systems import System, Systems, check_systems, title_of
from crosearch.evals.retrieval_topics import SETTINGS, Pool, Setting, list_pools, list_topics
from crosearch.tools.embedder import DEFAULT_EMBEDDER, load_embedder
from crosearch.tools.errors import UsageError

_LEAST_DEPTH = 100
"""Documents that a ranking keeps at least, so that smaller k can be asked for later."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What is compared, and how."""

    systems: Sequence[str]
    """Names of `retrieval_systems.BUILT_IN`, and sentence-transformers models."""
    settings: Sequence[Setting] = ("mono", "cross", "pool")
    ks: Sequence[int] = (10, 100)
    """Of nDCG@k, recall@k and the shares of languages."""
    sample: int | None = None
    """How many questions to ask at most; None asks all."""
    embedder: str = DEFAULT_EMBEDDER
    """Of `dense` and of the searches, as for `load_embedder`."""

    def __post_init__(self) -> None:
        """Refuse what cannot be.

        Raises:
            UsageError: A system or a setting is not known, or a number is out of range.
        """
        check_systems(self.systems)
        for setting in self.settings:
            if setting not in SETTINGS:
                raise UsageError(
                    f"the setting {setting!r} is unknown; known are {', '.join(SETTINGS)}"
                )
        if not self.settings or not self.ks:
            raise UsageError("there is nothing to measure: give a setting and a k")
        for k in self.ks:
            if k < 1:
                raise UsageError(f"k is {k}; it must be at least 1")
        if self.sample is not None and self.sample < 1:
            raise UsageError(f"the sample is {self.sample}; it must be at least 1")

    @property
    def depth(self) -> int:
        """How many documents a ranking keeps."""
        return max(_LEAST_DEPTH, *self.ks)


@dataclass(frozen=True, kw_only=True, slots=True)
class RetrievalProgress:
    """How far the run of a system in a setting is."""

    system: str
    setting: Setting
    done: int
    """Topics."""
    expected: int


ProgressTeller = Callable[[RetrievalProgress], None]


def evaluate_retrieval(
    dataset: EvalDataset, plan: Plan, out: Path, *, progress: ProgressTeller | None = None
) -> RetrievalComparison:
    """Run systems on a data set, and compare them.

    Args:
        dataset: With documents, and questions with gold.
        plan: What is compared.
        out: The folder that keeps the runs; finished ones are not made again.
        progress: Is told how far a run is.

    Raises:
        UsageError: The data set has nothing to retrieve, the folder holds another evaluation, or a
            model or package is not there.
        DocumentError: The data set has two documents of one id, or a kept run is damaged.
        CollectionError: Another process is at the folder, or it cannot be written.
        StoreError: The documents cannot be ingested, or a search failed.
    """
    need_packages("ir_measures", doing="measuring retrieval")
    data = prepare_data(dataset, sample=plan.sample)
    pools: dict[Setting, list[Pool]] = {
        setting: list_pools(data, setting) for setting in plan.settings
    }
    asked: dict[Setting, list[Pool]] = {setting: some for setting, some in pools.items() if some}
    if not asked:
        raise UsageError(
            f"no question of {data.name!r} can be asked so: its questions are in "
            f"{', '.join(data.askers)}, its documents in {', '.join(data.languages)}; give "
            f"another setting than {', '.join(pools)}"
        )
    embedder = load_embedder(plan.embedder)
    folder = RetrievalFolder(
        out,
        {
            "data_set": data.name,
            "documents": data.documents_digest,
            "questions": data.questions_digest,
            "sample": plan.sample or "all",
            "embedder": f"{title_of(embedder.name)} ({embedder.fingerprint})",
            "documents_in_a_ranking": plan.depth,
        },
    )
    with folder.hold():
        for setting, some in asked.items():
            topics = (topic for pool in some for topic in list_topics(data, pool))
            write_qrels(folder.qrels(setting), topics)
        systems = Systems(data, embedder, folder.store)
        for name in plan.systems:
            _make_runs(name, systems, data, asked, plan.depth, folder, progress)
        folder.write_manifest(plan.systems, asked, list_measures(plan.ks))
        return compare_systems(plan.systems, data, asked, folder, ks=plan.ks, depth=plan.depth)


def _make_runs(
    name: str,
    systems: Systems,
    data: RetrievalData,
    pools: Mapping[Setting, Sequence[Pool]],
    depth: int,
    folder: RetrievalFolder,
    progress: ProgressTeller | None,
) -> None:
    missing: list[Setting] = [s for s in pools if not folder.run(name, s).is_file()]
    if not missing:
        return
    system = systems.open(name)
    folder.note_system(name, system.identity)
    for setting in missing:
        rankings = _rank(system, data, pools[setting], depth)
        if progress is not None:
            count = sum(1 for pool in pools[setting] for _ in list_topics(data, pool))
            rankings = _telling(rankings, name, setting, count, progress)
        write_run(folder.run(name, setting), rankings, title_of(name))


def _rank(
    system: System, data: RetrievalData, pools: Sequence[Pool], depth: int
) -> Iterator[tuple[str, Ranking]]:
    for pool in pools:
        topics = list(list_topics(data, pool))
        rankings = system.rank([topic.question for topic in topics], pool.searched, depth)
        for topic, ranking in zip(topics, rankings, strict=True):
            yield topic.id, ranking


def _telling(
    rankings: Iterator[tuple[str, Ranking]],
    system: str,
    setting: Setting,
    expected: int,
    progress: ProgressTeller,
) -> Iterator[tuple[str, Ranking]]:
    for done, ranking in enumerate(rankings, start=1):
        yield ranking
        progress(RetrievalProgress(system=system, setting=setting, done=done, expected=expected))

"""Figures of a comparison of retrieval systems, from the runs that are kept.

Means are over pools: each language, or pair of languages, counts the same, however many questions
it has. Facts are what the bootstrap draws anew, each with its questions in all languages.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations, groupby

from typing_extensions import TypedDict

from crosearch.evals.policies_bootstrap import Bootstrap, Estimate, Observation, Ratio
from crosearch.evals.retrieval_bias import measure_bias
from crosearch.evals.retrieval_data import SEED, Place, RetrievalData
from crosearch.evals.retrieval_folder import RetrievalFolder
from crosearch.evals.retrieval_measures import measure_rankings
from crosearch.evals.retrieval_runs import Scores, in_order, read_run
from crosearch.evals.retrieval_systems import title_of
from crosearch.evals.retrieval_topics import Pool, Setting, Topic, list_topics, token
from crosearch.tools.errors import DocumentError

RESAMPLES = 1_000


class SettingFigures(TypedDict):
    """A system's figures in a setting."""

    topics: int
    mean: dict[str, Estimate]
    """By figure, over the pools."""
    pools: dict[str, dict[str, Estimate]]
    """By pool and figure; `en-de`: asked in English, documents in German."""


class SystemFigures(TypedDict):
    """A system's figures."""

    name: str
    settings: dict[str, SettingFigures]


class Difference(TypedDict):
    """How far two systems differ, on the facts that both have figures of."""

    setting: str
    figure: str
    one: str
    other: str
    difference: Estimate
    """Of `one` above `other`."""


class RetrievalComparison(TypedDict):
    """What came of a comparison; plain JSON."""

    data_set: str
    questions: dict[str, int]
    """How many were asked, by language."""
    facts: int
    left_out: int
    """Questions of the data set that no document answers."""
    documents: dict[str, int]
    """By language."""
    depth: int
    """How many documents a ranking keeps."""
    ks: list[int]
    resamples: int
    systems: list[SystemFigures]
    differences: list[Difference]


Ratios = Mapping[Setting, Mapping[str, Ratio]]
"""By setting and figure, over its pools."""


def compare_systems(
    systems: Sequence[str],
    data: RetrievalData,
    pools: Mapping[Setting, Sequence[Pool]],
    folder: RetrievalFolder,
    *,
    ks: Sequence[int],
    depth: int,
) -> RetrievalComparison:
    """Compare systems whose runs are all there.

    Raises:
        DocumentError: A run is damaged.
    """
    bootstrap = Bootstrap(
        [question.fact for question in data.questions], resamples=RESAMPLES, seed=SEED
    )
    places = {token(name): place for name, place in data.places.items()}
    figures: list[SystemFigures] = []
    ratios: list[Ratios] = []
    for system in systems:
        settings: dict[str, SettingFigures] = {}
        means: dict[Setting, Mapping[str, Ratio]] = {}
        for setting, asked in pools.items():
            run = read_run(folder.run(system, setting))
            found = list(_observe(run, data, asked, places, setting, ks, depth))
            means[setting] = _mean(found, bootstrap)
            settings[setting] = _figures(found, means[setting], bootstrap)
        figures.append(SystemFigures(name=title_of(system), settings=settings))
        ratios.append(means)
    return RetrievalComparison(
        data_set=data.name,
        questions={str(language): count for language, count in data.askers.items()},
        facts=len({question.fact for question in data.questions}),
        left_out=data.left_out,
        documents={str(language): count for language, count in data.languages.items()},
        depth=depth,
        ks=list(ks),
        resamples=RESAMPLES,
        systems=figures,
        differences=list(_differences([title_of(system) for system in systems], ratios, bootstrap)),
    )


class _PoolFigures:
    """What was observed in a pool, by figure."""

    def __init__(self, pool: Pool, topics: int) -> None:
        self.pool, self.topics = pool, topics
        self.observed: dict[str, list[Observation]] = {}

    def add(self, topic: Topic, figure: str, value: float) -> None:
        observation = topic.question.fact, value, 1.0
        self.observed.setdefault(figure, []).append(observation)


def _observe(
    run: Iterator[tuple[str, Scores]],
    data: RetrievalData,
    pools: Iterable[Pool],
    places: Mapping[str, Place],
    setting: Setting,
    ks: Sequence[int],
    depth: int,
) -> Iterator[_PoolFigures]:
    """Measure a run pool by pool, so that no more than a pool's rankings are held."""
    parts = groupby(run, key=lambda found: found[0].partition("/")[0])
    ahead = next(parts, None)
    for pool in pools:
        rankings: dict[str, Scores] = {}
        if ahead is not None and ahead[0] == pool.name:
            rankings = dict(ahead[1])
            ahead = next(parts, None)
        topics = list(list_topics(data, pool))
        _check_documents(rankings, places)
        found = _PoolFigures(pool, len(topics))
        measured = measure_rankings({t.id: t.relevant for t in topics}, rankings, ks)
        for topic in topics:
            for figure, value in measured[topic.id].items():
                found.add(topic, figure, value)
            if setting == "pool" and pool.asked in pool.searched:
                ranked = in_order(rankings.get(topic.id, {}))
                for figure, value in measure_bias(topic, ranked, places, ks=ks, depth=depth):
                    found.add(topic, figure, value)
        yield found
    if ahead is not None:
        raise DocumentError(
            f"a kept run has topics of {ahead[0]!r:.80}, which is not asked, or not in this place: "
            "remove the run, and it is made again"
        )


def _check_documents(rankings: Mapping[str, Scores], places: Mapping[str, Place]) -> None:
    for topic, scores in rankings.items():
        if unknown := next((name for name in scores if name not in places), None):
            raise DocumentError(
                f"a kept run has the document {unknown!r:.80} for {topic!r:.80}, which is not in "
                "the data set: remove the run, and it is made again"
            )


def _mean(found: Sequence[_PoolFigures], bootstrap: Bootstrap) -> dict[str, Ratio]:
    """Sum figures up over pools, a question of each counting for as much as all of it has to."""
    weighed: dict[str, list[Observation]] = {}
    for one in found:
        for figure, observed in one.observed.items():
            weight = 1 / len(observed)
            weighed.setdefault(figure, []).extend(
                (fact, value * weight, weight) for fact, value, _ in observed
            )
    return {figure: bootstrap.ratio(observed) for figure, observed in weighed.items()}


def _figures(
    found: Sequence[_PoolFigures], means: Mapping[str, Ratio], bootstrap: Bootstrap
) -> SettingFigures:
    pools = {
        one.pool.name: _estimates(
            {name: bootstrap.ratio(observed) for name, observed in one.observed.items()}, bootstrap
        )
        for one in found
    }
    return SettingFigures(
        topics=sum(one.topics for one in found), mean=_estimates(means, bootstrap), pools=pools
    )


def _estimates(ratios: Mapping[str, Ratio], bootstrap: Bootstrap) -> dict[str, Estimate]:
    estimates = {figure: bootstrap.estimate(ratio) for figure, ratio in ratios.items()}
    return {figure: one for figure, one in estimates.items() if one is not None}


def _differences(
    systems: Sequence[str], ratios: Sequence[Ratios], bootstrap: Bootstrap
) -> Iterator[Difference]:
    for one, other in combinations(range(len(systems)), 2):
        for setting, figures in ratios[one].items():
            for figure, ratio in figures.items():
                against = ratios[other][setting].get(figure)
                # The later one is told against the earlier, as what was added to it.
                found = None if against is None else bootstrap.difference(against, ratio)
                if found is not None:
                    yield Difference(
                        setting=setting,
                        figure=figure,
                        one=systems[other],
                        other=systems[one],
                        difference=found,
                    )

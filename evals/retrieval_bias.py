"""How partial to languages a ranking of a multilingual pool is.

- *Own share*: the share of the asker's language among the first k, against its share among the
  relevant documents; an impartial search that finds all that is relevant has both equal.
- *Rank distance* (Elmahdy, Lin and Ahmad 2024, arXiv 2408.10536): the places between the first and
  the last of the relevant documents that say the same in several languages; an impartial search
  puts them side by side. A document beyond the end of the ranking is taken to stand right behind
  it: with short rankings the figure is the least it can be.
- *Strong alignment* (Roy et al. 2020, LAReQA, arXiv 2004.05484): what is relevant, in whatever
  language, stands above all that is not. The share of questions of which that is true; LAReQA's own
  measure is the average precision over the pool.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean

from crosearch.evals.retrieval_data import Place
from crosearch.evals.retrieval_topics import Topic

RANK_DISTANCE, PARALLEL_FOUND = "rank distance", "parallel found"
STRONG_ALIGNMENT = "strong alignment"
OWN_RELEVANT = "own among relevant"


def list_biases(ks: Sequence[int]) -> list[str]:
    """Name the figures."""
    shares = [name(k) for k in ks for name in (own_share, own_excess)]
    return [*shares, OWN_RELEVANT, RANK_DISTANCE, PARALLEL_FOUND, STRONG_ALIGNMENT]


def own_share(k: int) -> str:
    """Name the share of the asker's language among the first `k`."""
    return f"own@{k}"


def own_excess(k: int) -> str:
    """Name how far that is above the share among the relevant documents."""
    return f"own@{k} excess"


def measure_bias(
    topic: Topic,
    ranked: Sequence[str],
    places: Mapping[str, Place],
    *,
    ks: Sequence[int],
    depth: int,
) -> Iterator[tuple[str, float]]:
    """Measure one ranking of a pool that the asker's language is in.

    Args:
        topic: What was asked.
        ranked: The documents found, best first, by the ids of TREC's files.
        places: Where documents belong, by the same ids.
        ks: Of the shares.
        depth: How many documents a ranking may have.

    Yields:
        Figures by name; those that the topic says nothing of are left out: shares where nothing was
        found, and distances where nothing says the same, or nothing of that was found.
    """
    own = topic.question.language
    among_relevant = fmean(places[name].language == own for name in topic.relevant)
    yield OWN_RELEVANT, among_relevant
    for k in ks if ranked else ():
        share = fmean(places[name].language == own for name in ranked[:k])
        yield own_share(k), share
        yield own_excess(k), share - among_relevant
    yield from _distance(topic, ranked, places, depth)
    yield STRONG_ALIGNMENT, float(set(ranked[: len(topic.relevant)]) == set(topic.relevant))


def _distance(
    topic: Topic, ranked: Sequence[str], places: Mapping[str, Place], depth: int
) -> Iterator[tuple[str, float]]:
    several = _versions(topic, places)
    ranks = {name: rank for rank, name in enumerate(ranked, start=1)}
    if several:
        yield PARALLEL_FOUND, fmean(name in ranks for names in several for name in names)
    found = [names for names in several if any(name in ranks for name in names)]
    if found:
        yield RANK_DISTANCE, fmean(_spread([ranks.get(n, depth + 1) for n in g]) for g in found)


def _versions(topic: Topic, places: Mapping[str, Place]) -> list[list[str]]:
    """Group the relevant documents that say the same, where there are several of them.

    Where nobody says what translates what, the answers in different languages do, if each language
    has but one.
    """
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for name in topic.relevant:
        groups[places[name].parallel].append(name)
    untold = groups.pop("", [])
    if len({places[name].language for name in untold}) == len(untold):
        groups[""] = untold
    return [names for names in groups.values() if len(names) > 1]


def _spread(ranks: Sequence[int]) -> int:
    return max(ranks) - min(ranks)

"""How good rankings are, by ir_measures: nDCG@k, recall@k, reciprocal rank, average precision.

They are trec_eval's measures, computed by its own code (pytrec_eval), with its rule for ties: the
documents of one score are ordered by their ids, from the end of the alphabet. Reciprocal rank and
average precision look at as many documents as the run has; their means are MRR and mAP.
"""

from collections.abc import Mapping, Sequence

from crosearch.evals.retrieval_runs import Scores

Relevance = Mapping[str, Mapping[str, int]]
"""By topic and document; documents that are not named are not relevant."""

RECIPROCAL_RANK, AVERAGE_PRECISION = "RR", "AP"


def list_measures(ks: Sequence[int]) -> list[str]:
    """Name the measures, as ir_measures does, with nDCG and recall at each of `ks`."""
    at = [f"{name}@{k}" for name in ("nDCG", "R") for k in ks]
    return [*at, RECIPROCAL_RANK, AVERAGE_PRECISION]


def measure_rankings(
    relevant: Relevance, rankings: Mapping[str, Scores], ks: Sequence[int]
) -> dict[str, dict[str, float]]:
    """Measure rankings.

    Args:
        relevant: What is relevant to each topic.
        rankings: What was found for it; nothing, where a topic is not among them.
        ks: Of nDCG@k and recall@k.

    Returns:
        For each topic of `relevant` the measures, by name, from 0 to 1.
    """
    import ir_measures

    measures = {ir_measures.parse_measure(name): name for name in list_measures(ks)}
    # ir_measures' default would take measures that this provider lacks from others, whose ties
    # fall otherwise.
    evaluator = ir_measures.pytrec_eval.evaluator(list(measures), _as_dicts(relevant))
    values: dict[str, dict[str, float]] = {topic: {} for topic in relevant}
    for found in evaluator.iter_calc(_as_dicts(rankings)):
        values[found.query_id][measures[found.measure]] = found.value
    return values


def _as_dicts(table: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, float]]:
    """Copy a table into what pytrec_eval's C code takes: dicts, of a known type."""
    return {topic: dict(row) for topic, row in table.items()}

"""Rankings are measured as trec_eval measures them, ties and all, and kept as it reads them."""

import math
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import pytrec_eval
from hypothesis import given, settings
from hypothesis import strategies as st
from retrieval_samples import EN

from crosearch.evals.dataset_types import EvalQuestion
from crosearch.evals.retrieval_measures import list_measures, measure_rankings
from crosearch.evals.retrieval_runs import in_order, read_run, write_qrels, write_run
from crosearch.evals.retrieval_topics import Topic, token
from crosearch.tools.errors import DocumentError

KS = (1, 3, 10)
DOCUMENTS = [f"d{number}" for number in range(12)]
# Few values, so that many tie; and two that differ in double precision only.
SCORES = st.sampled_from([0.0, 0.25, 0.5, 1.0, 1.0 + 1e-9, 7.5])

rankings = st.dictionaries(st.sampled_from(DOCUMENTS), SCORES, max_size=12)
relevance = st.dictionaries(
    st.sampled_from(DOCUMENTS), st.integers(min_value=1, max_value=3), min_size=1, max_size=5
)
judged = st.dictionaries(st.sampled_from(["t1", "t2", "t3"]), relevance, min_size=1)


@given(judged, st.dictionaries(st.sampled_from(["t1", "t2", "t4"]), rankings))
@settings(deadline=None)
def test_measures_are_those_of_pytrec_eval(
    relevant: dict[str, dict[str, int]], run: dict[str, dict[str, float]]
) -> None:
    measured = measure_rankings(relevant, run, KS)
    cuts = ",".join(map(str, KS))
    names = {"map", "recip_rank", f"ndcg_cut.{cuts}", f"recall.{cuts}"}
    expected = pytrec_eval.RelevanceEvaluator(relevant, names).evaluate(run)
    assert measured.keys() == relevant.keys()
    for topic, values in measured.items():
        assert list(values.keys() - set(list_measures(KS))) == []
        theirs = expected.get(topic)
        if theirs is None:  # pytrec_eval leaves out what was not answered; here it counts.
            assert set(values.values()) == {0.0}
            continue
        assert values["AP"] == theirs["map"]
        assert values["RR"] == theirs["recip_rank"]
        for k in KS:
            assert values[f"nDCG@{k}"] == theirs[f"ndcg_cut_{k}"]
            assert values[f"R@{k}"] == theirs[f"recall_{k}"]


@given(relevance, rankings)
@settings(deadline=None)
def test_the_order_of_documents_is_the_one_that_is_measured(
    relevant: dict[str, int], scores: dict[str, float]
) -> None:
    (values,) = measure_rankings({"t": relevant}, {"t": scores}, KS).values()
    assert values == pytest.approx(by_hand(relevant, in_order(scores)))


def by_hand(relevant: Mapping[str, int], ranked: list[str]) -> dict[str, float]:
    hits = [rank for rank, name in enumerate(ranked, start=1) if name in relevant]
    precisions = [found / rank for found, rank in enumerate(hits, start=1)]
    values = {"RR": 1 / hits[0] if hits else 0.0, "AP": sum(precisions) / len(relevant)}
    for k in KS:
        ideal = gain(sorted(relevant.values(), reverse=True)[:k])
        values[f"nDCG@{k}"] = gain([relevant.get(name, 0) for name in ranked[:k]]) / ideal
        values[f"R@{k}"] = sum(rank <= k for rank in hits) / len(relevant)
    return values


def gain(grades: list[int]) -> float:
    return sum(grade / math.log2(rank + 1) for rank, grade in enumerate(grades, start=1))


@given(
    st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8),
        st.lists(
            st.tuples(
                st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8),
                st.floats(-1e6, 1e6),
            ),
            unique_by=lambda pair: pair[0],
            max_size=5,
        ),
        max_size=4,
    )
)
@settings(deadline=None)
def test_a_run_is_read_back_as_it_ranks(run: dict[str, list[tuple[str, float]]]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "system.mono.run"
        write_run(path, ((token(topic), found) for topic, found in run.items()), "my system")
        back = dict(read_run(path))
        with path.open(encoding="ascii") as lines:
            theirs = pytrec_eval.parse_run(lines)
    assert back.keys() == {token(topic) for topic, found in run.items() if found}
    for topic, found in run.items():
        scores = {token(name): score for name, score in found}
        assert in_order(back.get(token(topic), {})) == in_order(scores)
    assert theirs == back


def test_ids_are_kept_apart_and_usual_ones_stay_as_they_are() -> None:
    assert token("56be4db0.3-en/2") == "56be4db0.3-en/2"
    odd = ["a b", "a%20b", "a\tb", "é", "a"]
    assert len({token(name) for name in odd}) == len(odd)
    assert not any(character.isspace() for name in odd for character in token(name))


def test_what_is_relevant_is_written_as_trec_reads_it(tmp_path: Path) -> None:
    question = EvalQuestion(id="q", language=EN, text="?", fact="f")
    topic = Topic(id="en-de/q", question=question, relevant={"d1": 2, "d%202": 1})
    path = tmp_path / "cross.qrels"
    write_qrels(path, [topic])
    with path.open(encoding="ascii") as lines:
        assert pytrec_eval.parse_qrel(lines) == {topic.id: topic.relevant}


def test_a_damaged_run_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "dense.mono.run"
    path.write_text("en-en/q Q0 d1 1 0.5 dense\nen-en/q Q0 d2 2 high dense\n", encoding="ascii")
    with pytest.raises(DocumentError, match=r"dense\.mono\.run:2: .*is no line of a TREC run"):
        list(read_run(path))

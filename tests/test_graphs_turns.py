"""What a run remembers of its turns: actions, mistakes, failures, tokens and what each took."""

import json
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scripted_policy import ScriptedPolicy
from small_corpus import build_small_corpus

from crosearch.agents.actions import ActionError, SearchAction, parse_action
from crosearch.agents.policy import Emission
from crosearch.agents.transcript import Segment
from crosearch.graphs.context import SearchContext
from crosearch.graphs.search import build_search_graph
from crosearch.graphs.state import SearchOutput
from crosearch.graphs.turns import extend_transcript, machine_failures, search_failures
from crosearch.tools.languages import Language
from crosearch.tools.passages import LanguageOutcome, SearchResult, SearchStatus
from crosearch.tools.search import HybridRetriever, open_retriever

QUESTION = "When was the lighthouse of Cordouan completed?"
SEARCH = Emission(text='<think>It is French.</think><search lang="fr">phare de Cordouan</search>')
ANSWER = Emission(text="<think>It is told.</think><answer>It was completed in 1611 [1]</answer>")


@pytest.fixture(scope="module")
def retriever(tmp_path_factory: pytest.TempPathFactory) -> HybridRetriever:
    return open_retriever(str(build_small_corpus(tmp_path_factory.mktemp("corpus"))), "small")


async def run(retriever: HybridRetriever, *emissions: Emission, **context: Any) -> dict[str, Any]:
    graph = build_search_graph(ScriptedPolicy(emissions), retriever).compile()
    return dict(await graph.ainvoke({"question": QUESTION}, context=SearchContext(**context)))


async def test_each_turn_is_remembered_with_what_it_found_and_took(
    retriever: HybridRetriever,
) -> None:
    result = await run(retriever, SEARCH, ANSWER)
    search, answer = result["history"]
    assert search["action"]["kind"] == "search"
    assert search["search"] == 0 and answer["search"] is None
    assert [hit["passage_id"] for hit in search["hits"]] == [
        entry["passage_id"] for entry in result["evidence"]
    ]
    assert [mark["number"] for mark in search["ledger"]] == [
        entry["number"] for entry in result["evidence"]
    ]
    assert search["search_seconds"] > 0 and search["align_seconds"] > 0
    assert answer["action"]["kind"] == "answer" and answer["ledger"] == []
    assert result["searchable"] == {"de": 2, "en": 1, "fr": 1}
    assert not machine_failures(cast(SearchOutput, result))


async def test_a_mistake_stands_on_its_turn(retriever: HybridRetriever) -> None:
    unknown = Emission(text="<answer>In 1611 [9]</answer>")
    result = await run(retriever, SEARCH, unknown, Emission(text="hm"), ANSWER)
    assert [turn["mistake"] is None for turn in result["history"]] == [True, False, False, True]
    assert "9" in result["history"][1]["mistake"]
    assert "no action" in result["history"][2]["mistake"]


@pytest.mark.parametrize(
    ("emission", "ending", "failed"),
    [
        (Emission(text="", status="context"), "context", []),
        (Emission(text="", status="nan"), "failed", ["nan"]),
    ],
)
async def test_a_run_ends_where_its_model_cannot_go_on(
    retriever: HybridRetriever, emission: Emission, ending: str, failed: list[str]
) -> None:
    result = await run(retriever, SEARCH, emission)
    assert result["ending"] == ending
    assert result["transcript"][-1]["kind"] == "evidence"  # nothing was said, nothing is fed back
    last = result["history"][-1]
    assert [failure["status"] for failure in last["failures"]] == failed
    assert not result["found"] and result["answer"] == ""


@pytest.mark.parametrize("status", ["length", "empty"])
async def test_a_turn_without_an_end_or_without_a_word_is_the_policys_mistake(
    retriever: HybridRetriever, status: Any
) -> None:
    cut = Emission(text="<think>and then" if status == "length" else "", status=status)
    result = await run(retriever, cut, SEARCH, ANSWER)
    assert result["ending"] == "answered"
    kinds = [segment["kind"] for segment in result["transcript"]]
    assert kinds[:4] == ["prompt", "prompt", "policy", "feedback"]
    assert result["history"][0]["mistake"]
    assert not result["history"][0]["failures"]


async def test_time_spent_is_the_machines_failure(retriever: HybridRetriever) -> None:
    graph = build_search_graph(ScriptedPolicy([ANSWER], pause=5.0), retriever).compile()
    result = await graph.ainvoke({"question": QUESTION}, context=SearchContext(max_seconds=0.2))
    assert result["ending"] == "seconds"
    assert [failure["status"] for failure in result["history"][-1]["failures"]] == ["timeout"]


async def test_tokens_are_kept_as_they_were_read_and_sampled(retriever: HybridRetriever) -> None:
    first = Emission(
        text=SEARCH.text, token_ids=(7, 8), logprobs=(-0.5, -0.25), read=((1, 2), (3, 4))
    )
    second = Emission(text=ANSWER.text, token_ids=(9,), logprobs=(-1.0,), read=((5, 6),))
    result = await run(retriever, first, second)
    ids = [segment.get("token_ids") for segment in result["transcript"]]
    assert ids == [[1, 2], [3, 4], [7, 8], [5, 6], [9]]
    assert result["transcript"][2]["logprobs"] == [-0.5, -0.25]
    assert all(not turn["untrainable"] for turn in result["history"])
    assert json.loads(json.dumps(result)) == result


async def test_a_turn_without_tokens_says_that_it_cannot_be_trained_on(
    retriever: HybridRetriever,
) -> None:
    result = await run(retriever, SEARCH, ANSWER)
    assert all("text only" in turn["untrainable"] for turn in result["history"])


def test_ids_once_given_are_never_given_again() -> None:
    read = Segment(kind="prompt", text="a", token_ids=[1])
    extended = extend_transcript(
        [read, Segment(kind="prompt", text="b")], Emission(text="c", read=((2, 3),))
    )
    assert extended[0] is read
    assert extended[1].get("token_ids") == [2, 3]


@pytest.mark.parametrize(
    ("status", "held", "fails"),
    [("ok", 3, False), ("missing", 0, False), ("missing", 3, True), ("timeout", 3, True)],
)
def test_a_language_that_was_promised_and_is_gone_is_a_failure(
    status: SearchStatus, held: int, fails: bool
) -> None:
    french = Language("fr")
    outcome = LanguageOutcome(language=french, status=status, found=0, seconds=0.0)
    result = SearchResult(query="q", hits=(), outcomes=(outcome,), seconds=0.0)
    assert bool(search_failures(result, {french: held})) == fails


PIECES = [
    "<think>", "</think>", "<search", ' lang="fr"', ' lang="fr,de,xx"', ">", "</search>",
    "<answer", ' found="no"', "</answer>", "[1]", "[99]", "[", "phare", "灯台", "منارة", "&lt;",
    "<search lang='fr'>", "\u202e", "\0", "\ud800", "<|im_end|>", "</information>", "\n", " ",
]  # fmt: skip


@settings(
    max_examples=10_000,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=6)), max_size=14).map("".join))
def test_no_text_is_an_action_that_it_does_not_hold(text: str) -> None:
    try:
        action = parse_action(text)
    except ActionError:
        return
    tag = "search" if isinstance(action, SearchAction) else "answer"
    assert text.rstrip().endswith(f"</{tag}>")
    assert text.count(f"</{tag}>") >= 1
    if isinstance(action, SearchAction):
        assert action.query.strip()
        assert all(language in text.lower() for language in action.languages)
    else:
        assert all(str(number) in _digits(text) for number in action.citations)


async def test_a_run_survives_whatever_a_policy_says(retriever: HybridRetriever) -> None:
    """Every text alone, in a real run: it ends by its budget or by an answer, and never raises."""
    texts = ["".join(PIECES[(i * k) % len(PIECES)] for k in range(1, 9)) for i in range(60)]
    graph = build_search_graph(ScriptedPolicy(texts), retriever).compile()
    for turns in (1, 3):
        for _ in range(30):
            result = await graph.ainvoke(
                {"question": QUESTION}, context=SearchContext(max_turns=turns)
            )
            assert result["ending"] in ("turns", "answered")


def _digits(text: str) -> str:
    return "".join(str(int(c)) if c.isdecimal() else c for c in text)

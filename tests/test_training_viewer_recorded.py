"""The viewer shows what the graph records: runs without a model, and runs of a model's tokens."""

from collections.abc import Sequence

import pytest
from small_corpus import build_small_corpus
from tiny_models import tiny_model, tiny_tokenizer

from crosearch.agents.extractive import ExtractivePolicy
from crosearch.agents.local import LocalPolicy
from crosearch.agents.policy_settings import PolicySettings
from crosearch.graphs.context import SearchContext
from crosearch.tools.languages import Language
from crosearch.tools.search import HybridRetriever, open_retriever
from crosearch.training.questions import Question
from crosearch.training.recorder import RunRecorder
from crosearch.training.viewer_pages import Pages
from crosearch.training.viewer_runs import view_run
from crosearch.training.viewer_tokens import view_tokens

QUESTION = Question(text="When was the lighthouse of Cordouan completed?")


@pytest.fixture(scope="module")
def retriever(tmp_path_factory: pytest.TempPathFactory) -> HybridRetriever:
    return open_retriever(str(build_small_corpus(tmp_path_factory.mktemp("corpus"))), "small")


class Capitals:
    """Translates into capitals."""

    name = "capitals"

    async def translate(
        self, texts: Sequence[str], source: Language, target: Language
    ) -> list[str | None]:
        return [text.upper() for text in texts]


async def test_a_recorded_run_is_shown_turn_by_turn(retriever: HybridRetriever) -> None:
    policy = ExtractivePolicy(retriever.embedder)
    record = await RunRecorder(policy, retriever, translator=Capitals()).run(QUESTION, 0)
    view = view_run(record)
    assert view.status == "found"
    assert len(view.turns) == len(record["history"])
    assert all(turn.said for turn in view.turns)
    assert not view.unplaced
    assert [entry["number"] for entry in view.cited] == record["citations"]
    new = [piece.entry["number"] for turn in view.turns for piece in turn.new]
    assert sorted(new) == sorted(entry["number"] for entry in record["evidence"])
    page = Pages("log").run(record)
    assert "1611" in page
    assert "IL FUT ACHEVÉ EN 1611" in page


async def test_the_tokens_of_a_recorded_run_are_the_text_that_the_model_saw(
    retriever: HybridRetriever,
) -> None:
    tokenizer = tiny_tokenizer("bytes")
    policy = LocalPolicy(tiny_model(), tokenizer=tokenizer, settings=PolicySettings(max_tokens=12))
    try:
        context = SearchContext(max_turns=2, seed=1)
        record = await RunRecorder(policy, retriever, context=context).run(QUESTION, 0)
    finally:
        policy.close()
    segments = view_tokens(record)
    ids = [token.id for segment in segments for token in segment.tokens]
    assert ids == [i for segment in record["transcript"] for i in segment.get("token_ids", [])]
    trained = [segment for segment in segments if segment.trained]
    assert [len(segment.tokens) for segment in trained] == [12, 12]
    assert all(token.logprob is not None for segment in trained for token in segment.tokens)
    page = Pages("log").tokens(record)
    assert page.count('<span class="token p') == 24 + 9  # The scale has nine steps.
    assert view_run(record).turns[0].turn["mistake"]

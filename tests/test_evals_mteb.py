"""Retrieval tasks of mteb run on the embedder and on search, without a network."""

import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from retrieval_samples import DE, EN, QUESTIONS, TEXTS, small_dataset

from crosearch.evals.mteb_adapter import MtebEncoder, MtebSearch
from crosearch.evals.retrieval import Plan, evaluate_retrieval
from crosearch.tools.embedder import load_embedder
from crosearch.tools.errors import UsageError
from crosearch.tools.languages import Language

if TYPE_CHECKING:
    from mteb.abstasks.retrieval import AbsTaskRetrieval

pytestmark = pytest.mark.slow

SUBSETS = {"eng-eng": (EN, EN), "deu-eng": (DE, EN)}
"""Languages of questions and of documents."""

LANGUAGES = {"eng-eng": ["eng-Latn"], "deu-eng": ["deu-Latn", "eng-Latn"]}


@pytest.fixture(scope="module", autouse=True)
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let nothing reach a network, and mteb's cache be a folder of the tests' own."""

    def refuse(_: socket.socket, address: object) -> None:
        raise AssertionError(f"something connects to {address}")

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MTEB_CACHE", str(tmp_path_factory.mktemp("mteb")))
        patch.setattr(socket.socket, "connect", refuse)
        yield


def documents(language: Language) -> list[dict[str, str]]:
    return [{"id": fact, "text": texts[language], "title": ""} for fact, texts in TEXTS.items()]


def questions(language: Language) -> list[dict[str, str]]:
    return [{"id": fact, "text": texts[language]} for fact, texts in QUESTIONS.items()]


def small_task(top_ranked: Mapping[str, list[str]] | None = None) -> "AbsTaskRetrieval":
    """Make a task in two parts: English questions, and German ones, on English documents."""
    from datasets import Dataset  # type: ignore[import-untyped]  # It ships no types.
    from mteb import TaskMetadata
    from mteb.abstasks.retrieval import AbsTaskRetrieval

    class SmallRetrieval(AbsTaskRetrieval):
        metadata = TaskMetadata(
            name="SmallRetrieval",
            description="Three questions.",
            type="Retrieval" if top_ranked is None else "Reranking",
            main_score="ndcg_at_10",
            dataset={"path": "none", "revision": "none"},
            eval_splits=["test"],
            eval_langs=LANGUAGES,
            category="t2t",
            modalities=["text"],
        )

        def load_data(self, num_proc: int | None = None, **_: Any) -> None:
            self.dataset = {
                subset: {
                    "test": {
                        "queries": Dataset.from_list(questions(asked)),
                        "corpus": Dataset.from_list(documents(held)),
                        "relevant_docs": {fact: {fact: 1} for fact in QUESTIONS},
                        "top_ranked": top_ranked and dict(top_ranked),
                    }
                }
                for subset, (asked, held) in SUBSETS.items()
            }
            self.data_loaded = True

    return SmallRetrieval()


def scores(model: object, task: "AbsTaskRetrieval") -> dict[str, dict[str, Any]]:
    """Run a task, and return its scores by subset."""
    import mteb

    result = mteb.evaluate(
        model,  # type: ignore[arg-type]  # Its methods make it one.
        task,
        cache=None,
        co2_tracker=False,
        show_progress_bar=False,
    )
    return {row["hf_subset"]: dict(row) for row in result.task_results[0].scores["test"]}


def test_mteb_takes_them_for_what_they_are() -> None:
    from mteb import EncoderProtocol, SearchProtocol

    encoder, search = MtebEncoder(), MtebSearch()
    assert isinstance(encoder, EncoderProtocol) and not isinstance(encoder, SearchProtocol)
    assert isinstance(search, SearchProtocol) and not isinstance(search, EncoderProtocol)
    assert encoder.mteb_model_meta.name == "crosearch/default-dense"
    assert search.mteb_model_meta.name == "crosearch/default-hybrid"
    assert encoder.mteb_model_meta.revision == load_embedder().fingerprint
    assert encoder.mteb_model_meta.revision != search.mteb_model_meta.revision


def test_the_embedder_has_in_mteb_the_scores_it_has_here(tmp_path: Path) -> None:
    theirs = scores(MtebEncoder(), small_task())
    plan = Plan(systems=["dense"], settings=["mono", "cross"], ks=(1, 3))
    ours = evaluate_retrieval(small_dataset([DE, EN]), plan, tmp_path / "out")["systems"][0]
    pools = {
        "eng-eng": ours["settings"]["mono"]["pools"]["en-en"],
        "deu-eng": ours["settings"]["cross"]["pools"]["de-en"],
    }
    for subset, figures in pools.items():
        for k in (1, 3):
            assert theirs[subset][f"ndcg_at_{k}"] == pytest.approx(
                figures[f"nDCG@{k}"]["value"], abs=1e-4
            )
            assert theirs[subset][f"recall_at_{k}"] == pytest.approx(
                figures[f"R@{k}"]["value"], abs=1e-4
            )
        assert theirs[subset]["map_at_10"] == pytest.approx(figures["AP"]["value"], abs=1e-4)


def test_questions_and_passages_are_embedded_as_what_they_are() -> None:
    from mteb.types import PromptType

    encoder, embedder = MtebEncoder(), load_embedder()
    batches = [{"text": ["one", "two"]}, {"text": ["three"]}]
    texts = ["one", "two", "three"]
    as_questions = encoder.encode(batches, prompt_type=PromptType.query)
    as_passages = encoder.encode(batches, prompt_type=PromptType.document)
    assert as_questions.tolist() == embedder.encode_queries(texts).tolist()
    assert as_passages.tolist() == embedder.encode_passages(texts).tolist()
    assert encoder.encode([]).shape == (0, embedder.dimension)


def test_search_runs_a_task_in_one_language_and_across_two() -> None:
    found = scores(MtebSearch(), small_task())
    assert found["eng-eng"]["recall_at_1"] == 1.0
    assert found["deu-eng"]["recall_at_1"] == 1.0


def test_search_reranks_what_it_is_told_to() -> None:
    others = {fact: [name for name in TEXTS if name != fact][:2] for fact in QUESTIONS}
    assert scores(MtebSearch(), small_task(others))["eng-eng"]["recall_at_10"] == 0.0
    among = {fact: [fact, "bread"] for fact in QUESTIONS}
    assert scores(MtebSearch(), small_task(among))["eng-eng"]["recall_at_1"] == 1.0


async def test_search_works_in_a_notebook_whose_event_loop_runs() -> None:
    assert scores(MtebSearch(), small_task())["eng-eng"]["recall_at_1"] == 1.0


def test_search_takes_texts_alone_and_not_before_there_is_a_corpus() -> None:
    search, metadata = MtebSearch(), small_task().metadata
    with pytest.raises(UsageError, match="mteb has to index a corpus first"):
        search.search([], task_metadata=metadata, hf_subset="eng-eng", top_k=3)
    search.index(documents(EN), task_metadata=metadata, hf_subset="eng-eng")
    dialogue = [{"id": "talk", "text": ["Hello.", "Where?"]}]
    with pytest.raises(UsageError, match="the text of 'talk' is list"):
        search.search(dialogue, task_metadata=metadata, hf_subset="eng-eng", top_k=3)
    blank = [{"id": "blank", "text": " "}, {"id": "long", "text": "Cordouan " * 5_000}]
    found = search.search(blank, task_metadata=metadata, hf_subset="eng-eng", top_k=3)
    assert "blank" not in found and "lighthouse" in found["long"]

"""Models of sentence-transformers, made here: nothing is downloaded."""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from crosearch.tools.embedder import load_embedder
from crosearch.tools.errors import UsageError
from crosearch.tools.sentence_embedder import (
    Prompts,
    SentenceEmbedder,
    choose_prompts,
    export_static_embedder,
)
from crosearch.tools.static_embedder import load_default

pytest.importorskip("sentence_transformers")

TEXTS = [
    "What is the capital of France?",
    "法国的首都是哪里？2020年",
    "फ्रांस की राजधानी",
    "ما هي عاصمة فرنسا؟",
    "",
    "!?",
]


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exported") / "static"
    export_static_embedder(load_default(), folder)
    return folder


def make_bert(folder: Path, *, prompts: dict[str, str] | None = None, seed: int = 0) -> Path:
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    words = ["[PAD]", "[UNK]", "query", "passage", ":", "river", "city", "the"]
    tokenizer = Tokenizer(
        models.WordLevel({word: i for i, word in enumerate(words)}, unk_token="[UNK]")
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    fast = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]  # transformers has no types here
        tokenizer_object=tokenizer, unk_token="[UNK]", pad_token="[PAD]", model_max_length=32
    )
    torch.manual_seed(seed)
    config = BertConfig(
        vocab_size=len(words),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=32,
    )
    BertModel(config).save_pretrained(folder / "plain")
    fast.save_pretrained(folder / "plain")
    transformer = Transformer(str(folder / "plain"))
    model = SentenceTransformer(modules=[transformer, Pooling(16)], device="cpu", prompts=prompts)
    model.save(str(folder / "model"), create_model_card=False)
    return folder / "model"


def test_the_export_of_the_default_gives_its_vectors(exported: Path) -> None:
    default, model = load_default(), load_embedder(str(exported))
    assert isinstance(model, SentenceEmbedder)
    assert model.dimension == default.dimension
    assert np.allclose(model.encode_queries(TEXTS), default.encode_queries(TEXTS), atol=1e-5)
    assert np.allclose(model.encode_passages(TEXTS), default.encode_passages(TEXTS), atol=1e-5)


def test_a_fingerprint_is_that_of_the_weights_and_prompts(tmp_path: Path) -> None:
    def fingerprint(name: str, prompts: dict[str, str], seed: int) -> str:
        return load_embedder(
            str(make_bert(tmp_path / name, prompts=prompts, seed=seed))
        ).fingerprint

    prompts = {"query": "query: ", "document": "passage: "}
    first = fingerprint("a", prompts, 0)
    assert len(first) == 16
    assert fingerprint("b", prompts, 0) == first
    assert fingerprint("c", prompts, 1) != first
    assert fingerprint("d", {"query": "river ", "document": ""}, 0) != first


def test_a_model_s_own_prompts_are_put_before_its_texts(tmp_path: Path) -> None:
    own = {"query": "query: ", "passage": "passage: "}
    prompted = load_embedder(str(make_bert(tmp_path / "a", prompts=own)))
    bare = load_embedder(str(make_bert(tmp_path / "b")))
    queries, passages = prompted.encode_queries(["river"]), prompted.encode_passages(["river"])
    assert np.allclose(queries, bare.encode_queries(["query: river"]), atol=1e-5)
    assert np.allclose(passages, bare.encode_passages(["passage: river"]), atol=1e-5)
    assert not np.allclose(queries, passages, atol=1e-3)


def test_vectors_are_normalised_float32_and_may_be_none(tmp_path: Path) -> None:
    embedder = load_embedder(str(make_bert(tmp_path)))
    vectors = embedder.encode_passages(["the river", "city", ""])
    assert vectors.dtype == np.float32
    assert vectors.shape == (3, embedder.dimension) == (3, 16)
    assert np.allclose(np.linalg.norm(vectors[:2], axis=1), 1, atol=1e-5)
    assert np.isfinite(vectors).all()
    assert embedder.encode_queries([]).shape == (0, 16)


def test_threads_may_share_a_model(tmp_path: Path) -> None:
    embedder = load_embedder(str(make_bert(tmp_path)))
    batches = [["river"] * 3, ["the city river"], ["city", "the river river river"]] * 8
    expected = [embedder.encode_queries(batch) for batch in batches]
    with ThreadPoolExecutor(4) as threads:
        for vectors, alone in zip(
            threads.map(embedder.encode_queries, batches), expected, strict=True
        ):
            assert np.allclose(vectors, alone, atol=1e-6)


@pytest.mark.parametrize(
    ("name", "query", "passage"),
    [
        ("intfloat/multilingual-e5-small", "query: ", "passage: "),
        ("intfloat/multilingual-e5-base", "query: ", "passage: "),
        ("/models/multilingual-e5-large/", "query: ", "passage: "),
        ("BAAI/bge-m3", "", ""),
        ("sentence-transformers/LaBSE", "", ""),
        ("some/model", "", ""),
    ],
)
def test_known_families_have_presets(name: str, query: str, passage: str) -> None:
    assert choose_prompts(name, {}) == Prompts(query=query, passage=passage)
    assert choose_prompts(name, {"query": "", "document": ""}) == choose_prompts(name, {})


@pytest.mark.parametrize(
    "name", ["Qwen/Qwen3-Embedding-0.6B", "intfloat/multilingual-e5-large-instruct"]
)
def test_instructed_families_instruct_the_query_alone(name: str) -> None:
    prompts = choose_prompts(name, {})
    assert prompts.query.startswith("Instruct: ")
    assert prompts.query.rstrip().endswith("Query:")
    assert prompts.passage == ""


def test_a_model_s_own_prompts_win_over_its_family_s() -> None:
    own = {"query": "ask: ", "document": "tell: "}
    assert choose_prompts("intfloat/multilingual-e5-small", own) == Prompts(
        query="ask: ", passage="tell: "
    )


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no such folder"):
        load_embedder(str(tmp_path / "nothing"))


def test_a_folder_without_a_model_is_named(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("not a model", encoding="utf-8")
    with pytest.raises(UsageError, match="no embedder"):
        load_embedder(str(tmp_path))


def test_a_name_that_cannot_be_fetched_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(UsageError, match="nobody/nothing"):
        load_embedder("nobody/nothing")


def test_without_the_extra_the_error_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(UsageError, match=r"pip install crosearch\[models\]"):
        load_embedder("intfloat/multilingual-e5-small")

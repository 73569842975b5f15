"""Training a retriever: any model, any loss, and a folder that searches in the end."""

import json
from pathlib import Path

import numpy as np
import pytest
from retriever_pairs import DE, EN, FR, parallels, question, questions, word
from retriever_trainings import small_training
from sentence_transformers.sentence_transformer.modules import Transformer
from tokenizers import Tokenizer

from crosearch.tools.embedder import load_embedder
from crosearch.tools.errors import UsageError
from crosearch.training.retriever import plan_training, train_retriever
from crosearch.training.retriever_models import load_model
from crosearch.training.retriever_settings import RetrieverTraining, TrainingProgress


@pytest.fixture(scope="module")
def static(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Train a static model well enough to be a start, a teacher and a miner."""
    out = tmp_path_factory.mktemp("static") / "model"
    train_retriever(small_training(out, steps=120, every=60))
    return out


@pytest.fixture(scope="module")
def transformer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("transformer") / "model"
    train_retriever(small_training(out, "transformer"))
    return out


def weights(folder: Path) -> bytes:
    return (folder / "model.safetensors").read_bytes()


def test_a_static_model_from_nothing_learns_to_search_across_languages(tmp_path: Path) -> None:
    seen: list[TrainingProgress] = []
    settings = small_training(tmp_path / "model", steps=120, every=60)
    trained = train_retriever(settings, show=seen.append)
    before, after = trained.figures["dev_at_start"], trained.figures["dev"]
    assert before and after and before["cross"] and after["cross"]
    assert after["cross"] > before["cross"] + 0.1
    assert [progress.step for progress in seen] == list(range(121))
    assert seen[-1].pairs_per_second > 0 and seen[-1].dev is not None
    assert [entry["step"] for entry in trained.history] == [0, 60, 120]


def test_what_was_trained_opens_as_an_embedder(static: Path) -> None:
    embedder = load_embedder(str(static))
    assert embedder.dimension == 32
    asked = embedder.encode_queries([question(7).query[DE][0]])
    found = embedder.encode_passages([question(n).passage[FR][0] for n in range(60)])
    assert np.allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)
    assert int(np.argmax(asked @ found.T)) == 7


def test_the_folder_holds_the_model_and_its_card_and_no_checkpoints(static: Path) -> None:
    card = (static / "README.md").read_text(encoding="utf-8")
    assert "| questions | questions | 60 | 1 | a test | CC0 |" in card
    assert "| 120 |" in card
    assert str(static.parent) not in card
    kept = {path.name for path in (static / "training").iterdir()}
    assert kept == {"settings.json", "figures.json", "history.json", "lock"}
    assert json.loads((static / "training" / "figures.json").read_text())["steps"] == 120


def test_equal_seeds_give_equal_weights_and_others_give_others(tmp_path: Path) -> None:
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        train_retriever(small_training(tmp_path / name, "transformer", seed=seed))
    assert weights(tmp_path / "a") == weights(tmp_path / "b")
    assert weights(tmp_path / "a") != weights(tmp_path / "c")


def test_how_often_it_is_saved_changes_no_weights(tmp_path: Path) -> None:
    for name, every in (("a", 3), ("b", 14)):
        train_retriever(small_training(tmp_path / name, "transformer", every=every))
    assert weights(tmp_path / "a") == weights(tmp_path / "b")


def test_a_model_by_its_folder_is_trained_on(static: Path, tmp_path: Path) -> None:
    trained = train_retriever(small_training(tmp_path / "next", str(static), learning_rate=1e-4))
    assert trained.figures["dev_at_start"] == pytest.approx(
        json.loads((static / "training" / "figures.json").read_text())["dev"]
    )
    assert f"from `{static.name}`" in (tmp_path / "next" / "README.md").read_text()


def test_the_embedded_embedder_is_trained_on(tmp_path: Path) -> None:
    train_retriever(small_training(tmp_path / "mine", "default", steps=2, learning_rate=1e-6))
    text = ["Ein Leuchtturm"]
    ours, before = load_embedder(str(tmp_path / "mine")), load_embedder()
    assert np.allclose(ours.encode_queries(text), before.encode_queries(text), atol=1e-3)


def test_a_transformer_keeps_the_prompts_it_was_trained_with(
    transformer: Path, tmp_path: Path
) -> None:
    # A family that is told by its name: nothing in its folder says which prompts it wants.
    start = tmp_path / "multilingual-e5-small"
    model = load_model(str(transformer))
    model.prompts = {}
    model.save_pretrained(str(start), create_model_card=False)
    train_retriever(small_training(tmp_path / "tuned", str(start)))
    tuned = load_model(str(tmp_path / "tuned"))
    assert tuned.prompts == {"query": "query: ", "document": "passage: "}


def test_lora_trains_few_weights_and_leaves_an_ordinary_model(
    transformer: Path, tmp_path: Path
) -> None:
    settings = small_training(tmp_path / "tuned", str(transformer), lora=2, learning_rate=1e-2)
    trained = train_retriever(settings)
    assert 0 < trained.figures["trained_parameters"] < trained.figures["parameters"] / 5
    before, after = (load_model(str(path)).state_dict() for path in (transformer, trained.folder))
    assert before.keys() == after.keys()
    changed = {name for name in before if not bool((before[name] == after[name]).all())}
    assert changed
    assert all("attention" in name or "ffn" in name for name in changed)
    assert not list(trained.folder.rglob("adapter*"))
    # What was merged is what was scored.
    final = train_retriever(settings).figures["dev"]
    again = train_retriever(
        small_training(tmp_path / "still", str(trained.folder), learning_rate=1e-9, steps=1)
    )
    assert again.figures["dev_at_start"] == pytest.approx(final)


def test_a_large_batch_is_embedded_in_small_parts_with_the_same_result(
    transformer: Path, tmp_path: Path
) -> None:
    model = load_model(str(transformer))
    own = model[0]
    assert isinstance(own, Transformer)
    # What is dropped out differs from one way to the other.
    own.config.update({"dropout": 0.0, "attention_dropout": 0.0})
    model.save_pretrained(str(tmp_path / "start"), create_model_card=False)
    losses = []
    for name, mini_batch in (("whole", None), ("parts", 3)):
        settings = small_training(
            tmp_path / name, str(tmp_path / "start"), mini_batch=mini_batch, learning_rate=1e-3
        )
        losses.append(train_retriever(settings).figures["loss"])
    assert losses[0] == pytest.approx(losses[1], abs=1e-3)


def test_matryoshka_vectors_can_be_cut(tmp_path: Path) -> None:
    for name, lengths in (("whole", ()), ("cut", (8,))):
        train_retriever(small_training(tmp_path / name, matryoshka=lengths, steps=120, every=60))

    def found(folder: Path) -> float:
        embedder = load_embedder(str(folder))
        asked = embedder.encode_queries([question(n).query[EN][0] for n in range(60)])[:, :8]
        passages = embedder.encode_passages([question(n).passage[DE][0] for n in range(60)])[:, :8]
        scores = asked @ (passages / np.linalg.norm(passages, axis=1, keepdims=True)).T
        return float((scores.argmax(axis=1) == np.arange(60)).mean())

    assert found(tmp_path / "cut") > found(tmp_path / "whole")


def test_hard_negatives_are_found_and_trained_against(static: Path, tmp_path: Path) -> None:
    settings = small_training(tmp_path / "model", hard_negatives=2, miner=str(static))
    plain = train_retriever(small_training(tmp_path / "plain"))
    hard = train_retriever(settings)
    assert plain.figures["loss"] and hard.figures["loss"]
    assert hard.figures["loss"] > plain.figures["loss"]
    assert "hard negatives a pair, found by `model`" in (hard.folder / "README.md").read_text()


def test_a_tokenizer_of_one_s_own_is_used(static: Path, tmp_path: Path) -> None:
    settings = small_training(tmp_path / "model", tokenizer=str(static))
    train_retriever(settings)
    own = Tokenizer.from_file(str(static / "tokenizer.json"))
    assert (
        Tokenizer.from_file(str(tmp_path / "model" / "tokenizer.json")).get_vocab()
        == own.get_vocab()
    )


def test_a_finished_training_is_told_of_again_and_not_repeated(static: Path) -> None:
    before = weights(static)
    seen: list[TrainingProgress] = []
    trained = train_retriever(small_training(static, steps=120, every=60), show=seen.append)
    assert not seen
    assert trained.figures["steps"] == 120
    assert weights(static) == before


def test_the_plan_tells_what_would_be_trained_and_writes_nothing(tmp_path: Path) -> None:
    plan = plan_training(small_training(tmp_path / "model", "transformer"))
    assert sum(source.share for source in plan.sources) == pytest.approx(1)
    assert {source.query_language for source in plan.sources} == {DE, EN, FR}
    assert plan.parameters == plan.trained_parameters > 160 * 32
    assert plan.dev_records
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize(
    ("model", "changed", "message"),
    [
        ("static", {"steps": 0}, "steps is 0; give 1 or more"),
        ("static", {"data": ()}, "no data to train on"),
        ("static", {"scale": -1.0}, "scale is -1"),
        ("static", {"learning_rate": 0.0}, "learning rate is 0"),
        ("static", {"dev_share": 1.0}, "dev share is 1"),
        ("static", {"miner": "default"}, "how many go with a pair"),
        ("static", {"lora": 4}, "'static' is a static model, and has no layers for LoRA"),
        ("default", {"mini_batch": 4}, "'default' is a static model, and embeds a whole batch"),
        ("default", {"max_tokens": 64}, "'default' is a static model, and cuts no text"),
        ("default", {"tokenizer": "there"}, "'default' has a tokenizer"),
        ("", {}, "no model is named"),
        ("static", {"tokenizer": "nowhere.json"}, "no tokenizer in 'nowhere.json'"),
        ("static", {"matryoshka": (64,)}, "cut to 64 numbers: this model's have 32"),
        ("static", {"matryoshka": (0,)}, "cannot be cut to 0"),
        ("static", {"projection": True}, "a projection leads to a teacher's vectors"),
        ("static", {"teacher": "default", "hard_negatives": 1}, "leave out the hard negatives"),
        ("transformer", {"dimension": 100}, "dimension 100 cannot be divided into heads"),
        ("./not-there", {}, "no model './not-there': it is no folder here"),
        ("static", {"batch": 100}, "cannot be filled in every language"),
        ("static", {"data": (questions(60, [EN]),)}, "nothing fills the cross-lingual half"),
        ("static", {"data": (parallels(60),)}, "nothing fills the monolingual half"),
    ],
)
def test_a_mistake_is_refused_before_anything_is_written(
    model: str, changed: dict[str, object], message: str, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=message):
        train_retriever(small_training(tmp_path / "model", model, **changed))
    assert not (tmp_path / "model").exists()


def test_a_folder_that_holds_another_run_is_left_alone(static: Path) -> None:
    before = weights(static)
    other = small_training(static, steps=121, batch=4)
    with pytest.raises(UsageError, match=r"another run: batch 8 there, 4 here; steps 120 there"):
        train_retriever(other)
    with pytest.raises(UsageError, match="other data files, contents or weights"):
        train_retriever(small_training(static, steps=120, every=60, data=(questions(60),)))
    assert weights(static) == before


def test_a_folder_that_holds_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(UsageError, match="holds something else"):
        train_retriever(small_training(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]
    with pytest.raises(UsageError, match="is a file"):
        train_retriever(small_training(tmp_path / "thesis.txt"))


def test_words_of_one_language_are_no_words_of_another() -> None:
    # What the tests above stand on: nothing but training connects the languages.
    assert not set(word(EN, 12).split()) & set(word(DE, 12).split())
    assert isinstance(small_training(Path("x")), RetrieverTraining)

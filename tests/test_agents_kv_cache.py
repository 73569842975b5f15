"""Rows of any length share one cache, and what was computed is found again."""

import pytest
import torch
from tiny_models import tiny_model
from transformers import (
    Gemma3ForCausalLM,
    Gemma3TextConfig,
    GPT2Config,
    GPT2LMHeadModel,
    MambaConfig,
    MambaForCausalLM,
    MistralConfig,
    MistralForCausalLM,
    PreTrainedModel,
)

from crosearch.agents.batch_model import BatchModel
from crosearch.agents.kv_cache import RowLayer
from crosearch.agents.prefix_cache import PrefixCache, prefix_digests
from crosearch.tools.errors import UsageError

TEXTS = [
    [(3 * place + row) % 500 + 5 for place in range(length)]
    for row, length in enumerate((9, 40, 17))
]


def whole(model: PreTrainedModel, ids: list[int]) -> torch.Tensor:
    with torch.no_grad():
        logits: torch.Tensor = model(input_ids=torch.tensor([ids])).logits[0, -1]
    return logits


def gemma(vocabulary: int) -> PreTrainedModel:
    torch.manual_seed(0)
    config = Gemma3TextConfig(
        vocab_size=vocabulary,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=4,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=16,
        sliding_window=8,
        layer_types=["sliding_attention", "full_attention"] * 2,
    )
    return Gemma3ForCausalLM(config)


def mistral(vocabulary: int) -> PreTrainedModel:
    torch.manual_seed(0)
    return MistralForCausalLM(
        MistralConfig(
            vocab_size=vocabulary,
            hidden_size=32,
            intermediate_size=64,
            num_hidden_layers=2,
            num_attention_heads=2,
            num_key_value_heads=1,
            sliding_window=8,
        )
    )


def gpt2(vocabulary: int) -> PreTrainedModel:
    torch.manual_seed(0)
    return GPT2LMHeadModel(
        GPT2Config(vocab_size=vocabulary, n_embd=32, n_layer=2, n_head=2, n_positions=64)
    )


@pytest.mark.parametrize(
    "model", [tiny_model("llama"), tiny_model("qwen"), mistral(640), gemma(640), gpt2(640)]
)
def test_rows_of_different_lengths_are_computed_as_if_each_were_alone(
    model: PreTrainedModel,
) -> None:
    torch.nn.Module.train(model, False)
    batch = BatchModel(model)
    with torch.no_grad():
        batch.read(0, [text[:-1] for text in TEXTS], [0, 0, 0])
        logits = batch.step([text[-1] for text in TEXTS], [len(text) - 1 for text in TEXTS])
        batch.cache.move(2, 0, len(TEXTS[2]))
        later = batch.step([7, 8], [len(TEXTS[2]), len(TEXTS[1])])
    for row, text in enumerate(TEXTS):
        assert torch.allclose(logits[row], whole(model, text), atol=1e-4)
    assert torch.allclose(later[0], whole(model, [*TEXTS[2], 7]), atol=1e-4)
    assert torch.allclose(later[1], whole(model, [*TEXTS[1], 8]), atol=1e-4)


def test_a_row_goes_on_from_what_another_computed() -> None:
    model = tiny_model()
    batch = BatchModel(model)
    text = TEXTS[1]
    with torch.no_grad():
        batch.read(0, [text[:-1]], [0])
        states = batch.cache.take(0, 20)
        batch.reset()
        batch.place(0, states, 15)
        batch.read(0, [text[15:-1]], [15])
        logits = batch.step([text[-1]], [len(text) - 1])
    assert torch.allclose(logits[0], whole(model, text), atol=1e-4)


def test_long_texts_are_read_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crosearch.agents.batch_model._BLOCK", 7)
    model = tiny_model()
    batch = BatchModel(model)
    with torch.no_grad():
        batch.read(0, [text[:-1] for text in TEXTS], [0, 0, 0])
        logits = batch.step([text[-1] for text in TEXTS], [len(text) - 1 for text in TEXTS])
    for row, text in enumerate(TEXTS):
        assert torch.allclose(logits[row], whole(model, text), atol=1e-4)


def test_a_slot_that_held_no_numbers_serves_again() -> None:
    model = tiny_model()
    batch = BatchModel(model)
    with torch.no_grad():
        batch.read(0, [TEXTS[1]], [0])
        for layer in batch.cache.layers:
            assert isinstance(layer, RowLayer)
            assert layer.keys is not None and layer.values is not None
            layer.keys[0] = torch.nan
            layer.values[0] = torch.nan
        batch.cache.clean(0)
        logits = batch.step([TEXTS[0][0]], [0])
    assert torch.allclose(logits[0], whole(model, TEXTS[0][:1]), atol=1e-4)


def test_layers_that_are_no_attention_are_refused() -> None:
    config = MambaConfig(vocab_size=64, hidden_size=16, num_hidden_layers=1, state_size=4)
    with pytest.raises(UsageError, match="mamba"):
        BatchModel(MambaForCausalLM(config))


def test_unknown_kinds_of_attention_are_refused() -> None:
    model = tiny_model()
    model.config.layer_types = ["linear_attention", "full_attention"]
    with pytest.raises(UsageError, match="linear_attention"):
        BatchModel(model)


def test_a_model_without_numbers_is_no_mistake_of_its_layers() -> None:
    model = tiny_model()
    with torch.no_grad():
        model.lm_head.weight.fill_(torch.nan)
    BatchModel(model)


def states(size: int) -> list[tuple[torch.Tensor, torch.Tensor]]:
    return [(torch.zeros(size), torch.zeros(size))]


def test_the_longest_known_beginning_is_found() -> None:
    cache = PrefixCache(10_000)
    kept = states(3)
    cache.keep(prefix_digests([1, 2, 3, 4, 5], [2, 5]), kept)
    assert cache.find(prefix_digests([1, 2, 3, 4, 5, 6], [2, 5, 6])) == (kept, 4)
    assert cache.find(prefix_digests([1, 2, 9], [2, 3])) == (kept, 1)
    assert cache.find(prefix_digests([9, 2], [1, 2])) == ([], 0)


def test_a_beginning_is_known_where_its_ids_end_at_a_segment() -> None:
    cache = PrefixCache(10_000)
    kept = states(3)
    cache.keep(prefix_digests([1, 2, 3], [3]), kept)
    assert cache.find(prefix_digests([1, 2, 3], [1, 3])) == (kept, 2)
    assert cache.find(prefix_digests([1, 2, 3, 4], [2, 4])) == ([], 0)


def test_a_runs_later_turn_takes_the_place_of_its_earlier_one() -> None:
    first, second = states(100), states(100)
    cache = PrefixCache(1_700)  # two entries, of 800 bytes each
    cache.keep(prefix_digests([1, 2], [1, 2]), first)
    cache.keep(prefix_digests([1, 2, 3], [1, 2, 3]), second)
    other = states(100)
    cache.keep(prefix_digests([8, 9], [2]), other)
    assert cache.find(prefix_digests([1, 2, 3], [1, 2, 3])) == (second, 2)
    assert cache.find(prefix_digests([1, 2], [1, 2])) == (second, 1)
    assert cache.find(prefix_digests([8, 9], [2])) == (other, 1)


def test_what_was_used_least_recently_goes_first() -> None:
    cache = PrefixCache(1_700)
    for first in (1, 2):
        cache.keep(prefix_digests([first, 0], [2]), states(100))
    cache.find(prefix_digests([1, 0], [2]))
    cache.keep(prefix_digests([3, 0], [2]), states(100))
    known = [cache.find(prefix_digests([first, 0], [2]))[1] for first in (1, 2, 3)]
    assert known == [1, 0, 1]
    cache.keep(prefix_digests([4, 0], [2]), states(1_000))
    assert cache.find(prefix_digests([4, 0], [2])) == ([], 0)
    cache.clear()
    assert cache.find(prefix_digests([1, 0], [2])) == ([], 0)

"""A model in this process decides: its turns, their tokens, and how they can end."""

import asyncio
import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from observations import observe
from tiny_models import speaking_model, tiny_model, tiny_model_folder, tiny_tokenizer

from crosearch.agents.local import LocalPolicy
from crosearch.agents.policy import Emission, Fingerprinted, Observation, Policy
from crosearch.agents.policy_settings import PolicySettings
from crosearch.agents.transcript import Segment
from crosearch.tools.errors import PolicyError, UsageError

PROMPT = (
    Segment(kind="prompt", text="Answer from the passages."),
    Segment(kind="prompt", text="Question: Who built the tower?"),
)


def asked(
    *more: Segment, seed: int | None = 0, temperature: float | None = None, question: str = ""
) -> Observation:
    prompt = (PROMPT[0], Segment(kind="prompt", text=question)) if question else PROMPT
    observation = observe(transcript=(*prompt, *more))
    return replace(observation, seed=seed, temperature=temperature)


async def act(policy: LocalPolicy, observation: Observation) -> Emission:
    shown: list[str] = []
    emission = await policy.act(observation, shown.append)
    assert "".join(shown) == emission.text
    return emission


def make(
    *,
    deterministic: bool = False,
    max_batch: int = 64,
    max_tokens: int = 12,
    top_p: float | None = None,
    top_k: int | None = None,
) -> LocalPolicy:
    return LocalPolicy(
        tiny_model_folder(),
        settings=PolicySettings(max_tokens=max_tokens, top_p=top_p, top_k=top_k),
        deterministic=deterministic,
        max_batch=max_batch,
    )


@pytest.fixture
def speaking() -> Iterator[LocalPolicy]:
    model, tokenizer = speaking_model()
    policy = LocalPolicy(model, tokenizer=tokenizer, settings=PolicySettings(max_tokens=30))
    yield policy
    policy.close()


@pytest.fixture(scope="module")
def random_policy() -> Iterator[LocalPolicy]:
    policy = make()
    yield policy
    policy.close()


def ids_of(policy: LocalPolicy, *tokens: str) -> list[int]:
    ids = policy.tokenizer.convert_tokens_to_ids(list(tokens))
    assert isinstance(ids, list)
    return ids


def fresh_logprobs(policy: LocalPolicy, emission: Emission, temperature: float) -> list[float]:
    assert emission.token_ids is not None
    ids = [i for segment in emission.read for i in segment] + list(emission.token_ids)
    with torch.no_grad():
        logits = policy.model(input_ids=torch.tensor([ids])).logits[0].float()
    start = len(ids) - len(emission.token_ids)
    logprobs = (logits / temperature).log_softmax(-1)
    return [logprobs[start + n - 1, i].item() for n, i in enumerate(emission.token_ids)]


def test_it_is_a_policy_named_after_its_model(random_policy: LocalPolicy) -> None:
    assert isinstance(random_policy, Policy) and isinstance(random_policy, Fingerprinted)
    assert random_policy.name == "local:llama-bytes-chatml"


@pytest.mark.parametrize("temperature", [0.7, 1.0])
async def test_a_turn_keeps_its_tokens_and_their_log_probabilities(
    random_policy: LocalPolicy, temperature: float
) -> None:
    emission = await act(random_policy, asked(temperature=temperature))
    assert emission.token_ids and emission.logprobs
    assert len(emission.read) == 2
    assert emission.untrainable == ""
    assert emission.usage.prompt_tokens == sum(map(len, emission.read))
    assert emission.usage.completion_tokens == len(emission.token_ids) == len(emission.logprobs)
    expected = fresh_logprobs(random_policy, emission, temperature)
    assert emission.logprobs == pytest.approx(expected, abs=1e-3)


async def test_a_turn_ends_with_the_action(speaking: LocalPolicy) -> None:
    for seed in range(8):
        emission = await act(speaking, asked(seed=seed, temperature=0.5))
        assert emission.status == "ok"
        assert emission.text.endswith(("</search>", "</answer>"))
        assert emission.token_ids is not None
        assert speaking.tokenizer.decode(list(emission.token_ids)) == emission.text


async def test_the_text_is_its_ids_without_the_end(random_policy: LocalPolicy) -> None:
    turns = [await act(random_policy, asked(seed=seed)) for seed in range(30)]
    ends = frozenset(ids_of(random_policy, "</s>", "<|im_end|>"))
    for turn in turns:
        assert turn.token_ids
        ids = list(turn.token_ids)
        assert ends.isdisjoint(ids[:-1])
        text = random_policy.tokenizer.decode(ids[:-1] if ids[-1] in ends else ids)
        assert turn.text == text


async def test_the_same_seed_draws_the_same_turn(random_policy: LocalPolicy) -> None:
    one, again, other, unseeded, last = await asyncio.gather(
        *(act(random_policy, asked(seed=seed)) for seed in (1, 1, 2, None, None))
    )
    assert one.token_ids == again.token_ids
    assert len({turn.token_ids for turn in (one, other, unseeded, last)}) == 4


async def test_a_runs_turns_are_drawn_anew(random_policy: LocalPolicy) -> None:
    first = await act(random_policy, asked())
    turn = Segment(kind="policy", text="x", token_ids=[5], logprobs=[-1.0])
    later = await act(random_policy, asked(turn, Segment(kind="feedback", text="no")))
    assert later.token_ids != first.token_ids
    assert later.untrainable == ""


async def test_temperature_0_takes_the_likeliest_tokens(random_policy: LocalPolicy) -> None:
    turns = [await act(random_policy, asked(seed=seed, temperature=0)) for seed in (1, 2)]
    assert turns[0].token_ids == turns[1].token_ids
    assert "temperature 0" in turns[0].untrainable


@pytest.mark.parametrize(
    ("top_p", "top_k", "reason"), [(0.9, None, "top_p=0.9"), (None, 5, "top_k=5")]
)
async def test_a_cut_distribution_is_not_trainable(
    top_p: float | None, top_k: int | None, reason: str
) -> None:
    policy = make(top_p=top_p, top_k=top_k)
    emission = await act(policy, asked())
    assert reason in emission.untrainable
    assert emission.logprobs == pytest.approx(fresh_logprobs(policy, emission, 1.0), abs=1e-3)
    policy.close()


async def test_a_turn_that_was_kept_as_text_makes_the_run_untrainable(
    random_policy: LocalPolicy,
) -> None:
    emission = await act(
        random_policy,
        asked(Segment(kind="policy", text="<answer>"), Segment(kind="feedback", text="no")),
    )
    assert len(emission.read) == 4
    assert "as text" in emission.untrainable


async def test_an_endless_turn_is_cut(random_policy: LocalPolicy) -> None:
    turns = [await act(random_policy, asked(seed=seed)) for seed in range(6)]
    cut = [turn for turn in turns if turn.status == "length"]
    assert cut and all(turn.token_ids and len(turn.token_ids) == 12 for turn in cut)


async def test_a_transcript_that_fills_the_context_leaves_nothing_to_say() -> None:
    tokenizer = tiny_tokenizer()
    model = tiny_model(vocabulary=len(tokenizer), context=64)
    policy = LocalPolicy(model, tokenizer=tokenizer)
    emission = await act(policy, asked(question="long " * 64))
    assert (emission.status, emission.text, emission.token_ids) == ("context", "", ())
    assert emission.untrainable == ""
    short = await act(policy, asked(question="Who?"))
    assert short.usage.prompt_tokens is not None and short.token_ids
    assert short.usage.prompt_tokens + len(short.token_ids) <= 64
    policy.close()


async def test_a_turn_of_nothing_but_an_end_is_empty() -> None:
    tokenizer = tiny_tokenizer()
    model = tiny_model(vocabulary=len(tokenizer))
    policy = LocalPolicy(model, tokenizer=tokenizer)
    end = ids_of(policy, "</s>")
    _force(model, end)
    emission = await act(policy, asked())
    assert (emission.status, emission.text) == ("empty", "")
    assert emission.token_ids == tuple(end)
    policy.close()


async def test_logits_that_are_no_numbers_fail_the_run_and_no_other() -> None:
    tokenizer = tiny_tokenizer()
    model = tiny_model(vocabulary=len(tokenizer))
    policy = LocalPolicy(model, tokenizer=tokenizer, settings=PolicySettings(max_tokens=6))
    bad = tokenizer.encode("Ω", add_special_tokens=False)[0]
    with torch.no_grad():
        dict(model.named_parameters())["model.embed_tokens.weight"][bad] = math.nan
    questions = ["Who?", "Ω", "When?", "Where?"]
    turns = await asyncio.gather(*(act(policy, asked(question=text)) for text in questions))
    assert turns[1].status == "nan"
    healthy = [turn for turn in turns if turn.status != "nan"]
    assert len(healthy) == 3
    assert all(not math.isnan(sum(turn.logprobs or ())) for turn in healthy)
    again = await act(policy, asked(question="Who?"))
    assert again.token_ids == turns[0].token_ids
    policy.close()


async def test_deterministic_results_do_not_depend_on_what_else_runs() -> None:
    policy = make(deterministic=True)
    questions = [f"question {'again ' * n}" for n in range(8)]
    alone = [await act(policy, asked(question=text, seed=3)) for text in questions]
    together = await asyncio.gather(
        *(act(policy, asked(question=text, seed=3)) for text in reversed(questions))
    )
    assert [turn.logprobs for turn in alone] == [turn.logprobs for turn in reversed(together)]
    assert [turn.token_ids for turn in alone] == [turn.token_ids for turn in reversed(together)]
    policy.close()


async def test_more_runs_than_rows_wait_their_turn() -> None:
    policy = make(max_batch=3)
    turns = await asyncio.gather(*(act(policy, asked(seed=seed)) for seed in range(20)))
    assert all(turn.token_ids for turn in turns)
    wide = make()
    same = await asyncio.gather(*(act(wide, asked(seed=seed)) for seed in range(20)))
    assert [turn.token_ids for turn in turns] == [turn.token_ids for turn in same]
    policy.close()
    wide.close()


async def test_closing_fails_what_is_not_over_and_all_that_comes() -> None:
    policy = make(max_tokens=100_000)
    waiting = asyncio.create_task(act(policy, asked()))
    await asyncio.sleep(0.05)
    await asyncio.to_thread(policy.close)
    with pytest.raises(PolicyError, match="closed"):
        await waiting
    with pytest.raises(PolicyError, match="closed"):
        await act(policy, asked())


async def test_a_turn_that_is_cancelled_makes_room() -> None:
    policy = make(max_batch=1, max_tokens=3_000)
    shown: list[str] = []
    endless = asyncio.create_task(policy.act(asked(), shown.append))
    await asyncio.sleep(0.1)
    endless.cancel()
    with pytest.raises(asyncio.CancelledError):
        await endless
    so_far = len(shown)
    async with asyncio.timeout(60):
        assert (await policy.act(asked(seed=1), lambda text: None)).token_ids
    assert len(shown) == so_far
    policy.close()


def test_the_fingerprint_is_of_the_content_and_not_of_the_place(tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere"
    folder.symlink_to(tiny_model_folder())
    one, same, other = (
        make(),
        LocalPolicy(folder, settings=PolicySettings(max_tokens=12)),
        make(top_k=3),
    )
    assert one.fingerprint == same.fingerprint != other.fingerprint
    with torch.no_grad():
        next(one.model.parameters()).mul_(1.01)
    assert one.fingerprint != same.fingerprint
    for policy in (one, same, other):
        policy.close()


async def test_changed_weights_are_used_at_once(speaking: LocalPolicy) -> None:
    before = await act(speaking, asked())
    with torch.no_grad():
        for parameter in speaking.model.parameters():
            parameter.mul_(0.9)
    after = await act(speaking, asked())
    assert after.logprobs == pytest.approx(fresh_logprobs(speaking, after, 1.0), abs=1e-3)
    assert after.logprobs != before.logprobs


async def test_a_model_in_training_keeps_its_mode(speaking: LocalPolicy) -> None:
    model = speaking.model
    model.activation_checkpointing_enable()
    torch.nn.Module.train(model)
    emission = await act(speaking, asked())
    for _ in range(100):
        if all(module.training for module in model.modules()):
            break
        await asyncio.sleep(0.01)
    assert all(module.training for module in model.modules())
    torch.nn.Module.train(model, False)
    assert emission.logprobs == pytest.approx(fresh_logprobs(speaking, emission, 1.0), abs=1e-3)


def test_a_loaded_model_needs_its_tokenizer() -> None:
    with pytest.raises(UsageError, match="tokenizer"):
        LocalPolicy(tiny_model())


def _force(model: torch.nn.Module, ids: list[int]) -> None:
    """Leave no token a chance but these."""

    def only(_: torch.nn.Module, __: object, output: torch.Tensor) -> torch.Tensor:
        forced = torch.full_like(output, -math.inf)
        forced[..., ids] = 0
        return forced

    head = model.get_submodule("lm_head")
    head.register_forward_hook(only)

"""Turns join and leave a batch on their own: none waits for another, none harms another."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import cast

import pytest
import torch
from tiny_models import tiny_model, tiny_tokenizer

from crosearch.agents.batch_model import BatchModel
from crosearch.agents.decoding import Decoder
from crosearch.agents.kv_cache import RowLayer
from crosearch.agents.prefix_cache import PrefixCache
from crosearch.agents.rendering import TranscriptRenderer
from crosearch.agents.row_batch import BatchSettings, RowBatch
from crosearch.agents.transcript import Segment
from crosearch.agents.turn_request import SampledTurn, TurnRequest
from crosearch.agents.turn_text import TurnReader
from crosearch.tools.errors import PolicyError


class Watched(BatchModel):
    """A model that counts what it computes, and can be stopped."""

    def __init__(self) -> None:
        self.read_tokens = 0
        self.steps = 0
        self.widest = 0
        self.before_step: Callable[[], None] = lambda: None
        super().__init__(tiny_model(vocabulary=len(tiny_tokenizer())))
        self.read_tokens = self.steps = self.widest = 0

    def read(self, first: int, tokens: list[list[int]], starts: list[int]) -> None:  # type: ignore[override]  # what it is called with
        self.read_tokens += sum(map(len, tokens))
        super().read(first, tokens, starts)

    def step(self, tokens: list[int], positions: list[int]) -> torch.Tensor:  # type: ignore[override]  # what it is called with
        self.before_step()
        self.steps += 1
        self.widest = max(self.widest, len(tokens))
        return super().step(tokens, positions)


@pytest.fixture
def model() -> Watched:
    return Watched()


@pytest.fixture
def decoder(model: Watched) -> Iterator[Decoder]:
    decoder = Decoder("local:tiny", batch(model), model.model)
    yield decoder
    model.before_step = lambda: None
    decoder.close()


def batch(
    model: BatchModel, *, max_tokens: int = 8, rows: int = 16, row_bytes: int = 1 << 30
) -> RowBatch:
    tokenizer = tiny_tokenizer()
    settings = BatchSettings(
        ends=frozenset(), max_tokens=max_tokens, max_rows=rows, reuse=True, row_bytes=row_bytes
    )
    renderer, reader = TranscriptRenderer(tokenizer), TurnReader(tokenizer)
    return RowBatch(model, renderer, reader, settings, PrefixCache(1 << 24))


def request(question: str = "Who?", *more: Segment, seed: int = 0) -> TurnRequest:
    prompt = [
        Segment(kind="prompt", text="Answer from the passages that are found."),
        Segment(kind="prompt", text=question),
    ]
    return TurnRequest(
        transcript=[*prompt, *more], temperature=1.0, seed=seed, show=lambda text: None
    )


def finish(rows: RowBatch) -> None:
    with torch.no_grad():
        while not rows.is_idle:
            rows.join([])
            rows.step()


def join(rows: RowBatch, *requests: TurnRequest) -> None:
    with torch.no_grad():
        rows.join(requests)


def after(first: TurnRequest, turn: SampledTurn, feedback: str) -> TurnRequest:
    """Ask for the turn that follows."""
    transcript = [
        Segment(kind=segment["kind"], text=segment["text"], token_ids=list(ids))
        for segment, ids in zip(first.transcript, turn.read, strict=True)
    ]
    policy = Segment(kind="policy", text=turn.text, token_ids=list(turn.ids))
    return TurnRequest(
        transcript=[*transcript, policy, Segment(kind="feedback", text=feedback)],
        temperature=1.0,
        seed=1,
        show=lambda text: None,
    )


def test_a_later_turn_reads_only_what_is_new(model: Watched) -> None:
    rows = batch(model)
    first = request()
    join(rows, first)
    finish(rows)
    read = model.read_tokens
    second = after(first, first.future.result(), "Once more.")
    join(rows, second)
    finish(rows)
    turn = second.future.result()
    assert len(turn.read) == 1
    # The last id that was sampled was never computed; the last that is read is the first step's.
    assert model.read_tokens - read == len(turn.read[0])
    assert turn.logprobs == pytest.approx(whole(model, second), abs=1e-3)


def whole(model: BatchModel, asked: TurnRequest) -> list[float]:
    """Compute a turn's log-probabilities in one pass over all of its ids."""
    turn = asked.future.result()
    read = iter(turn.read)
    ids = [i for s in asked.transcript for i in (s.get("token_ids") or next(read))]
    with torch.no_grad():
        logits = model.model(input_ids=torch.tensor([[*ids, *turn.ids]])).logits[0]
    logprobs = logits.log_softmax(-1)
    return [logprobs[len(ids) + n - 1, i].item() for n, i in enumerate(turn.ids)]


def test_runs_that_begin_alike_read_what_they_share_once(model: Watched) -> None:
    rows = batch(model)
    asked = [request(question, seed=n) for n, question in enumerate(["Who?", "When?", "Who?"] * 3)]
    join(rows, *asked)
    finish(rows)
    instructions, who = map(len, asked[0].future.result().read)
    when = len(asked[1].future.result().read[1])
    # Each beginning ends one id before its segment does, and that id is computed with the rest.
    assert model.read_tokens <= instructions + who + when + 2 * len(asked)
    for one in asked:
        assert one.future.result().logprobs == pytest.approx(whole(model, one), abs=1e-3)


def test_a_turn_joins_while_others_are_sampled_and_waits_for_none(model: Watched) -> None:
    rows = batch(model, max_tokens=20)
    early, late = request("Who?"), request("When was that?", seed=1)
    join(rows, early)
    with torch.no_grad():
        for _ in range(10):
            rows.step()
    join(rows, late)
    with torch.no_grad():
        while not early.future.done():
            rows.step()
    assert model.widest == 2
    assert not late.future.done()
    finish(rows)
    for one in (early, late):
        assert one.future.result().logprobs == pytest.approx(whole(model, one), abs=1e-3)


def test_a_turn_that_is_cancelled_leaves_its_row(model: Watched) -> None:
    rows = batch(model, max_tokens=20)
    stay, go = request("Who?"), request("When?", seed=1)
    join(rows, go, stay)
    with torch.no_grad():
        rows.step()
        assert go.future.cancel()
        rows.step()
    model.widest = 0
    finish(rows)
    assert model.widest == 1
    assert stay.future.result().logprobs == pytest.approx(whole(model, stay), abs=1e-3)


def test_what_a_cancelled_turn_leaves_behind_harms_nobody(model: Watched) -> None:
    rows = batch(model, max_tokens=4)
    go = request("Who?" * 9)
    join(rows, go)
    for layer in model.cache.layers:
        assert isinstance(layer, RowLayer)
        assert layer.keys is not None and layer.values is not None
        layer.keys[0] = layer.values[0] = torch.nan
    go.future.cancel()
    finish(rows)
    short, long = request("When?"), request("When was that? " * 9)
    join(rows, short, long)  # as long as the other row is, columns of this one are hidden
    finish(rows)
    assert short.future.result().status == "length"


def test_rows_beyond_the_memory_wait(model: Watched) -> None:
    rows = batch(model, row_bytes=1)
    asked = [request(seed=n) for n in range(3)]
    join(rows, *asked)
    finish(rows)
    assert model.widest == 1
    assert all(one.future.done() for one in asked)


def test_a_turn_is_the_same_in_any_company(model: Watched) -> None:
    alone, company = batch(model), batch(Watched())
    one = request("Who was it?", seed=7)
    join(alone, one)
    finish(alone)
    same = request("Who was it?", seed=7)
    join(company, *(request("Where? " * n, seed=n) for n in range(5)), same)
    finish(company)
    assert same.future.result().ids == one.future.result().ids


def outcome(decoder: Decoder, asked: TurnRequest) -> "Future[SampledTurn]":
    decoder.submit(asked)
    return asked.future


def test_a_failing_model_fails_the_waiting_turns_and_goes_on(
    model: Watched, decoder: Decoder
) -> None:
    def fail() -> None:
        raise RuntimeError("out of memory")

    model.before_step = fail
    waiting = [outcome(decoder, request(seed=n)) for n in range(3)]
    for turn in waiting:
        with pytest.raises(PolicyError, match="local:tiny failed: RuntimeError: out of memory"):
            turn.result(timeout=20)
    model.before_step = lambda: None
    later = request()
    turn_after = outcome(decoder, later).result(timeout=20)
    assert turn_after.logprobs == pytest.approx(whole(model, later), abs=1e-3)


def test_a_transcript_that_cannot_be_rendered_fails_alone(decoder: Decoder) -> None:
    broken = request(cast(str, None))
    fine = request()
    with pytest.raises(PolicyError, match="cannot be tokenized"):
        outcome(decoder, broken).result(timeout=20)
    assert outcome(decoder, fine).result(timeout=20).ids


async def test_the_loop_is_never_held_up(model: Watched, decoder: Decoder) -> None:
    held = threading.Event()
    model.before_step = lambda: assert_waited(held)
    turn = asyncio.ensure_future(asyncio.wrap_future(outcome(decoder, request())))
    for _ in range(20):
        await asyncio.sleep(0.001)  # goes on, though the model stands still
    assert not turn.done()
    held.set()
    assert (await turn).ids


def assert_waited(held: threading.Event) -> None:
    assert held.wait(timeout=20)


def test_closing_ends_the_thread(model: Watched) -> None:
    decoder = Decoder("local:closing", batch(model, max_tokens=1_000), model.model)
    turn = outcome(decoder, request())
    decoder.close()
    assert "local:closing" not in {thread.name for thread in threading.enumerate()}
    with pytest.raises(PolicyError, match="closed"):
        turn.result(timeout=1)

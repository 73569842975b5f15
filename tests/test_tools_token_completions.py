"""An endpoint of token ids tells its context's length, and which log-probabilities it returns."""

import pytest
from tiny_models import tiny_model_folder
from token_engine import LogprobsMode
from token_server import TokenServer, token_server

from crosearch.tools.token_completions import LogprobScale, Sampling, TokenEndpoint

PROMPT = [5, 6, 7, 8]


def endpoint(server: TokenServer, model: str = "tiny") -> TokenEndpoint:
    return TokenEndpoint(model, base_url=server.url, retries=1, backoff=0.01)


@pytest.mark.parametrize(
    ("mode", "scale"), [("raw_logprobs", "model"), ("processed_logprobs", "sampling")]
)
async def test_two_calls_find_out_what_the_log_probabilities_are_of(
    mode: LogprobsMode, scale: LogprobScale
) -> None:
    with token_server(tiny_model_folder(), logprobs_mode=mode) as server:
        assert await endpoint(server).logprob_scale(PROMPT) == scale
    assert [request["temperature"] for request in server.requests] == [1.0, 0.5]


async def test_without_likeliest_tokens_it_stays_unknown() -> None:
    with token_server(tiny_model_folder(), "no_logprobs", "no_logprobs") as server:
        assert await endpoint(server).logprob_scale(PROMPT) == "unknown"


async def test_the_context_is_as_long_as_the_server_says() -> None:
    with token_server(tiny_model_folder(), context=77) as server:
        assert await endpoint(server).context_length() == 77
        assert await endpoint(server, "another").context_length() is None


async def test_a_completion_comes_with_its_tokens() -> None:
    with token_server(tiny_model_folder()) as server:
        completion, usage = await endpoint(server).complete(
            PROMPT, Sampling(temperature=1.0, seed=4), stop=["</answer>"], max_tokens=6
        )
    assert completion.prompt_token_ids == PROMPT
    assert completion.token_ids is not None and completion.logprobs is not None
    assert len(completion.token_ids) == len(completion.logprobs.token_logprobs) == 6
    assert (usage.prompt_tokens, usage.completion_tokens) == (4, 6)
    assert completion.finish_reason == "length"


@pytest.mark.parametrize(
    ("sampling", "name", "value"),
    [
        (Sampling(temperature=0.7), "temperature", 0.7),
        (Sampling(temperature=1.0, top_p=0.9), "top_p", 0.9),
        (Sampling(temperature=1.0, top_k=20), "top_k", 20),
        (Sampling(temperature=1.0, seed=3), "seed", 3),
    ],
)
def test_what_was_asked_for_is_sent(sampling: Sampling, name: str, value: float) -> None:
    assert sampling.body()[name] == value


def test_what_was_not_asked_for_is_switched_off() -> None:
    body = Sampling(temperature=1.0).body()
    assert (body["top_p"], body["top_k"], body["repetition_penalty"]) == (1.0, -1, 1.0)
    assert "seed" not in body

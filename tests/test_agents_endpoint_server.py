"""The endpoint policy speaks to `transformers serve`, a server that nobody here wrote."""

import asyncio
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from observations import observe
from servers import free_port, running
from tiny_models import save_tiny_model

from crosearch.agents.endpoint import OpenAIPolicy
from crosearch.agents.policy_settings import PolicySettings
from crosearch.agents.prompts import open_transcript
from crosearch.tools.errors import PolicyError
from crosearch.tools.languages import Language

pytestmark = [pytest.mark.server, pytest.mark.slow]

TRANSCRIPT = open_transcript(
    "Wo liegt 東京?", Language("de"), languages={Language("fr"): 3}, turns=4, searches=2
)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_model(tmp_path_factory.mktemp("served") / "tiny")


@pytest.fixture(scope="module")
def url(model: Path) -> Iterator[str]:
    command = Path(sys.executable).with_name("transformers")
    if not command.exists():
        pytest.skip("transformers is not installed as a command")
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    options = ["--host", "127.0.0.1", "--port", str(port), "--device", "cpu"]
    try:
        with running(
            [str(command), "serve", str(model), *options],
            ready=f"{address}/health",
            log=model.with_suffix(".log"),
            cwd=model.parent,
            env={"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1", "HF_HOME": str(model.parent)},
            seconds=90,
        ):
            yield f"{address}/v1"
    except RuntimeError as error:
        pytest.skip(f"transformers serve does not start here: {error}")


def policy(url: str, model: Path, settings: PolicySettings) -> OpenAIPolicy:
    return OpenAIPolicy(str(model), settings=settings, base_url=url, timeout=60.0)


async def test_turns_come_back_as_text_with_their_counts(url: str, model: Path) -> None:
    asked = policy(url, model, PolicySettings(max_tokens=12))
    observation = replace(observe(transcript=TRANSCRIPT), temperature=1.0, seed=3)
    shown: list[list[str]] = [[], [], []]
    emissions = await asyncio.gather(*(asked.act(observation, pieces.append) for pieces in shown))
    for emission, pieces in zip(emissions, shown, strict=True):
        assert emission.text == "".join(pieces)
        assert emission.status in ("length", "ok", "empty")
        assert emission.untrainable.startswith("text only: no tokenizer was given for openai:")
        assert emission.usage.prompt_tokens and emission.usage.prompt_tokens > 100
        assert emission.usage.completion_tokens and emission.usage.completion_tokens <= 12
    assert asked.usage.prompt_tokens == sum(e.usage.prompt_tokens or 0 for e in emissions)


async def test_a_setting_that_the_server_does_not_know_is_told(url: str, model: Path) -> None:
    asked = policy(url, model, PolicySettings(top_k=5))
    with pytest.raises(PolicyError, match="top_k"):
        await asked.act(observe(transcript=TRANSCRIPT), lambda piece: None)


async def test_prompts_as_token_ids_are_not_taken_and_that_is_told(url: str, model: Path) -> None:
    asked = policy(url, model, PolicySettings(tokenizer=str(model)))
    with pytest.raises(PolicyError, match="refused the request"):
        await asked.act(observe(transcript=TRANSCRIPT), lambda piece: None)

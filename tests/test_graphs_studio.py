"""LangGraph Studio's server, as `make studio` starts it, driven over HTTP."""

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from langgraph_sdk import get_client
from langgraph_sdk.client import LangGraphClient
from servers import free_port, running

from crosearch.graphs.baselines import BASELINES

ROOT = Path(__file__).parent.parent
QUESTION = "En quelle année est mort l'écrivain swahili Shaaban Robert ?"

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """Start `langgraph dev` on the checkout, with no setting but the tests' home."""
    folder = tmp_path_factory.mktemp("studio")
    port = free_port()
    log = folder / "server.log"
    command = [
        str(Path(sys.executable).parent / "langgraph"), "dev", "--config",
        str(ROOT / "langgraph.json"), "--host", "127.0.0.1", "--port", str(port),
        "--no-browser", "--no-reload",
    ]  # fmt: skip
    env = {"LANGGRAPH_NO_VERSION_CHECK": "true", "LANGGRAPH_CLI_NO_ANALYTICS": "1"}
    url = f"http://127.0.0.1:{port}"
    with running(command, ready=f"{url}/ok", log=log, cwd=folder, env=env):
        yield url, log


@pytest.fixture
def client(server: tuple[str, Path]) -> LangGraphClient:
    return get_client(url=server[0])


async def test_the_context_is_described_with_closed_choices(client: LangGraphClient) -> None:
    (assistant,) = await client.assistants.search(graph_id="search")
    schemas: Any = await client.assistants.get_schemas(assistant["assistant_id"])
    fields = schemas["context_schema"]["properties"]
    assert {"language", "search_languages", "policy", "store", "corpus", "embedder"} <= set(fields)
    assert all(field.get("description") for field in fields.values())
    assert "auto" in fields["language"]["enum"]
    assert list(schemas["input_schema"]["properties"]) == ["question"]


async def test_a_run_streams_and_leaves_its_history(client: LangGraphClient) -> None:
    thread = await client.threads.create()
    parts = [
        part
        async for part in client.runs.stream(
            thread["thread_id"],
            "search",
            input={"question": QUESTION},
            context={"max_turns": 6},
            stream_mode=["updates", "custom"],
        )
    ]
    assert not [part for part in parts if part.event == "error"]
    nodes = [name for part in parts if part.event == "updates" for name in part.data]
    assert nodes[0] == "begin"
    assert {"think", "search", "align", "answer"} <= set(nodes)
    assert "policy" in [part.data["event"] for part in parts if part.event == "custom"]
    history = await client.threads.get_history(thread["thread_id"], limit=50)
    assert len(history) >= len(nodes)
    assert history[0]["values"]["ending"] == "answered"  # type: ignore[call-overload]


async def test_an_edited_state_is_resumed_from_a_checkpoint(client: LangGraphClient) -> None:
    thread = await client.threads.create()
    await client.runs.wait(thread["thread_id"], "search", input={"question": QUESTION})
    history = await client.threads.get_history(thread["thread_id"], limit=50)
    before: Any = next(state for state in reversed(history) if state["next"] == ["search"])
    action = {**before["values"]["action"], "languages": ["ja"], "text": "灯台"}
    fork = await client.threads.update_state(
        thread["thread_id"], {"action": action}, checkpoint=before["checkpoint"]
    )
    result: Any = await client.runs.wait(
        thread["thread_id"], "search", input=None, checkpoint=fork["checkpoint"]
    )
    assert result["searches"][0]["languages"] == ["ja"]
    assert result["ending"] == "answered"


@pytest.mark.parametrize("name", [name for name in BASELINES if name != "crosearch"])
async def test_each_baseline_is_a_graph_of_its_own(client: LangGraphClient, name: str) -> None:
    drawing: Any = await client.assistants.get_graph(name)
    nodes = {node["id"] for node in drawing["nodes"]}
    assert {"begin", "think", "answer"} <= nodes
    result: Any = await client.runs.wait(None, name, input={"question": QUESTION})
    assert (result["ending"], result["language"]) == ("answered", "fr")
    assert bool(result["searches"]) is ("search" in nodes)


async def test_two_runs_at_once(client: LangGraphClient) -> None:
    questions = [QUESTION, "Wann starb der Schriftsteller Shaaban Robert?"]
    results: Any = await asyncio.gather(
        *(client.runs.wait(None, "search", input={"question": q}) for q in questions)
    )
    assert [result["language"] for result in results] == ["fr", "de"]
    assert all(result["ending"] == "answered" for result in results)


async def test_a_wrong_setting_is_told(client: LangGraphClient) -> None:
    result: Any = await client.runs.wait(
        None,
        "search",
        input={"question": QUESTION},
        context={"search_languages": "xx"},
        raise_error=False,
    )
    assert "unknown language 'xx'" in str(result)


def test_nothing_blocked_the_event_loop(server: tuple[str, Path]) -> None:
    log = server[1].read_text(encoding="utf-8", errors="replace")
    assert "BlockingError" not in log
    assert "blocking call" not in log.lower()

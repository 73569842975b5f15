"""Any LangChain chat model can be the policy, whether it streams or not."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from observations import observe

from crosearch.agents.chat import ChatModelPolicy
from crosearch.agents.policy import Observation
from crosearch.agents.transcript import Segment
from crosearch.tools.errors import PolicyError

SEARCH = '<think>It is French.</think><search lang="fr">phare</search>'


class WholeModel(BaseChatModel):
    """Says one thing, all at once."""

    says: str = SEARCH
    model_name: str = "tiny"
    heard: list[BaseMessage] = []

    @property
    def _llm_type(self) -> str:
        return "tests"

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        self.heard.extend(messages)
        return ChatResult(generations=[ChatGeneration(message=AIMessage(self.says))])


class StreamingModel(WholeModel):
    """Says it three letters at a time, as content blocks, and remembers how far it came."""

    said: list[str] = []
    closed: list[bool] = []

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        try:
            for start in range(0, len(self.says), 3):
                piece = self.says[start : start + 3]
                self.said.append(piece)
                content: list[str | dict[str, Any]] = [{"type": "text", "text": piece}]
                yield ChatGenerationChunk(message=AIMessageChunk(content=content))
        finally:
            self.closed.append(True)


class FailingModel(WholeModel):
    """Fails as providers do, with a key in the message."""

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        raise ConnectionError("401: key sk-very-secret-0123456789\nwas refused")


def with_question() -> Observation:
    return observe(
        transcript=[
            Segment(kind="prompt", text="instructions"),
            Segment(kind="prompt", text="question"),
            Segment(kind="policy", text="search"),
            Segment(kind="evidence", text="found"),
        ]
    )


async def test_a_model_that_does_not_stream_acts_all_at_once() -> None:
    model = WholeModel()
    pieces: list[str] = []
    emission = await ChatModelPolicy(model).act(with_question(), pieces.append)
    assert emission.text == "".join(pieces) == SEARCH
    assert [message.type for message in model.heard] == ["system", "human", "ai", "human"]


async def test_a_model_that_streams_is_passed_on_as_it_writes() -> None:
    pieces: list[str] = []
    emission = await ChatModelPolicy(StreamingModel()).act(with_question(), pieces.append)
    assert emission.text == "".join(pieces) == SEARCH
    assert len(pieces) > 10


async def test_the_stream_is_closed_where_the_action_ends() -> None:
    model = StreamingModel(says=f"{SEARCH}<information>made up</information> and on and on")
    emission = await ChatModelPolicy(model).act(with_question(), lambda piece: None)
    assert emission.text == SEARCH
    assert len("".join(model.said)) <= len(SEARCH) + 3
    assert model.closed == [True]


async def test_a_failure_is_one_line_without_the_key() -> None:
    with pytest.raises(PolicyError) as raised:
        await ChatModelPolicy(FailingModel()).act(with_question(), lambda piece: None)
    message = str(raised.value)
    assert message.startswith("chat:tiny failed: ConnectionError: 401")
    assert "very-secret" not in message and "\n" not in message
    assert isinstance(raised.value.__cause__, ConnectionError)


@pytest.mark.parametrize("says", ["", " \n"])
async def test_an_empty_reply_is_a_failure(says: str) -> None:
    with pytest.raises(PolicyError, match="empty reply"):
        await ChatModelPolicy(WholeModel(says=says)).act(with_question(), lambda piece: None)


def test_its_name_tells_the_model() -> None:
    assert ChatModelPolicy(WholeModel()).name == "chat:tiny"
    assert ChatModelPolicy(WholeModel(model_name="")).name == "chat:WholeModel"

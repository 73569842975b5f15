"""Any LangChain chat model as a policy."""

from collections.abc import AsyncGenerator, Sequence

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage

from crosearch.agents.actions import CLOSING_TAGS, end_of_action
from crosearch.agents.policy import Emission, Emit, Observation
from crosearch.agents.transcript import chat_messages
from crosearch.tools.endpoint_errors import excerpt
from crosearch.tools.errors import PolicyError
from crosearch.tools.openai_client import Message

_LONGEST_TAG = max(len(tag) for tag in CLOSING_TAGS)


class ChatModelPolicy:
    """Lets a LangChain chat model decide, streamed where the model can stream.

    The turn ends at the first closing tag of an action: the stream is closed there, since not
    every model takes stop sequences. How often it retries and how long it may take are the
    model's own settings.
    """

    def __init__(self, model: BaseChatModel) -> None:
        """Wrap a model; it is not called yet."""
        self._model = model

    @property
    def name(self) -> str:
        """`chat:` and the model's name, or its class's where it has none."""
        named = getattr(self._model, "model_name", None) or getattr(self._model, "model", None)
        return f"chat:{named if isinstance(named, str) else type(self._model).__name__}"

    async def act(self, observation: Observation, emit: Emit) -> Emission:
        """Have the model write one action.

        Raises:
            PolicyError: The model failed, or wrote nothing.
        """
        messages = [_to_langchain(message) for message in chat_messages(observation.transcript)]
        try:
            text = await self._stream(messages, emit)
        except Exception as error:  # each model has errors of its own
            cause = excerpt(str(error), "")
            raise PolicyError(f"{self.name} failed: {type(error).__name__}: {cause}") from error
        if not text.strip():
            raise PolicyError(f"{self.name} gave an empty reply")
        return Emission(text=text)

    async def _stream(self, messages: Sequence[BaseMessage], emit: Emit) -> str:
        text = ""
        stream = self._model.astream(list(messages))
        try:
            async for chunk in stream:
                longer = text + chunk.text
                end = end_of_action(longer, start=len(text) - _LONGEST_TAG)
                if new := longer[len(text) : end]:
                    emit(new)
                text += new
                if end is not None:
                    break
        finally:
            if isinstance(stream, AsyncGenerator):  # ends the request, too
                await stream.aclose()
        return text


def _to_langchain(message: Message) -> BaseMessage:
    match message["role"]:
        case "system":
            return SystemMessage(message["content"])
        case "assistant":
            return AIMessage(message["content"])
        case "user":
            return HumanMessage(message["content"])

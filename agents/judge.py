"""An LLM judge: scores several runs of one question relative to each other, with a reason each.

After RULER of OpenPipe's ART, which has a model see all trajectories of a group at once, since it
is easier to say which of several is better than how good one is. A reply that is not usable is
asked for again a few times; if none is, there are no scores, and never made-up ones.
"""

import threading
from collections.abc import Mapping, Sequence
from typing import Protocol

from typing_extensions import Unpack

from crosearch.agents.judge_prompts import (
    PROMPT_VERSION,
    Attempt,
    AttemptGroup,
    JudgeRequest,
    judge_request,
)
from crosearch.agents.judge_replies import (
    Judgement,
    asked_again,
    parse_judgements,
    why_unusable,
)
from crosearch.agents.policy import Usage
from crosearch.tools.completions import Completion, Message
from crosearch.tools.endpoint import EndpointOptions
from crosearch.tools.endpoint_errors import EndpointError
from crosearch.tools.errors import CroSearchError, UsageError
from crosearch.tools.openai_client import ChatEndpoint
from crosearch.tools.prices import read_prices
from crosearch.tools.settings import choose_judge

__all__ = [
    "PROMPT_VERSION",
    "Attempt",
    "AttemptGroup",
    "Judge",
    "Judgement",
    "JudgementError",
    "judge_endpoint",
    "load_judge",
]

ATTEMPTS = 3
"""How often a judge is asked for a reply that can be used."""

_PREFIX = "openai:"
_ROOM, _ROOM_EACH = 2_000, 200
"""Tokens that a reply may have, and for each run more; reasoning models spend most on thought."""


class JudgementError(CroSearchError):
    """A judge gave no judgement that can be used; the message says why."""


class ChatModel(Protocol):
    """Writes the next message of a chat; `ChatEndpoint` is one."""

    async def complete(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int | None = None,
        temperature: float | None = None,
    ) -> Completion:
        """Write it.

        Raises:
            EndpointError: There is no usable reply.
        """
        ...


class Judge:
    """Judges groups of runs by a model; safe for many at once."""

    def __init__(self, model: ChatModel, *, name: str = "", seed: int = 0) -> None:
        """Take a model.

        Args:
            model: Who judges.
            name: How it is called, such as `openai:MODEL`.
            seed: What the order in which runs are shown is drawn from.

        Raises:
            UsageError: The prices of tokens are set, and are none.
        """
        self.name = name
        self._model = model
        self._seed = seed
        self._prices = read_prices()
        self._counting = threading.Lock()
        self._usage = Usage(
            prompt_tokens=0, completion_tokens=0, cost=0.0 if self._prices else None
        )

    @property
    def usage(self) -> Usage:
        """What all judging took so far, as far as the endpoint counted."""
        return self._usage

    async def judge(self, group: AttemptGroup) -> list[Judgement]:
        """Judge the runs of a group, in its order.

        Raises:
            JudgementError: There are no scores: the model cannot be reached, or none of its replies
                was a score from 0 to 1 for each run.
        """
        if not group.attempts:
            return []
        request = judge_request(group, seed=self._seed)
        messages = list(request.messages)
        why = ""
        for _ in range(ATTEMPTS):
            completion = await self._ask(messages, len(request.labels))
            why = why_unusable(completion)
            if not why:
                try:
                    return _in_order(parse_judgements(completion.text, request.labels), request)
                except ValueError as error:
                    why = str(error)
            messages = asked_again(request.messages, completion.text, why)
        raise JudgementError(
            f"{self.name or 'the judge'} gave no usable scores in {ATTEMPTS} replies: the last one "
            f"{why}"
        )

    async def _ask(self, messages: Sequence[Message], runs: int) -> Completion:
        try:
            completion = await self._model.complete(
                messages, max_tokens=_ROOM + _ROOM_EACH * runs, temperature=0.0
            )
        except EndpointError as error:
            raise JudgementError(str(error)) from error
        self._count(completion)
        return completion

    def _count(self, completion: Completion) -> None:
        prompt, written = completion.prompt_tokens or 0, completion.completion_tokens or 0
        cost = self._prices.cost(prompt, written) if self._prices else 0.0
        with self._counting:
            total = self._usage
            self._usage = Usage(
                prompt_tokens=(total.prompt_tokens or 0) + prompt,
                completion_tokens=(total.completion_tokens or 0) + written,
                cost=None if total.cost is None else total.cost + cost,
            )


def load_judge(name: str = "", *, seed: int = 0, **options: Unpack[EndpointOptions]) -> Judge:
    """Open a judge; nothing is contacted yet.

    Args:
        name: As for `judge_endpoint`.
        seed: What the order in which runs are shown is drawn from.
        options: Where the model is and how it is called; see `Endpoint`.

    Raises:
        UsageError: As `judge_endpoint`; or the prices of tokens are set, and are none.
    """
    endpoint = judge_endpoint(name, **options)
    return Judge(endpoint, name=f"{_PREFIX}{endpoint.model}", seed=seed)


def judge_endpoint(name: str = "", **options: Unpack[EndpointOptions]) -> ChatEndpoint:
    """Open the model of a judge; nothing is contacted yet.

    Args:
        name: `openai:MODEL`; empty: `CROSEARCH_JUDGE`.
        options: Where the model is and how it is called; see `Endpoint`.

    Raises:
        UsageError: No judge is named, it is none, or its endpoint cannot be called so.
    """
    name = choose_judge(name)
    if not name.startswith(_PREFIX):
        told = f"the judge is {name!r}" if name else "no judge is named"
        raise UsageError(f"{told}: give openai:MODEL, such as openai:gpt-4.1-mini")
    return ChatEndpoint(name.removeprefix(_PREFIX), **options)


def _in_order(judged: Mapping[str, Judgement], request: JudgeRequest) -> list[Judgement]:
    return [judged[label] for label in request.labels]

"""The model behind ragas' metrics: asked through our own client, its replies checked and kept.

ragas asks for an object of a given form and believes what it holds. Here a reply counts only if it
holds the form, verdicts are 0 or 1, and each statement that was asked about is judged. Otherwise
the model is told what is wrong and asked again; in the end there is no value, and a reason.
"""

import asyncio
from collections.abc import Sequence
from typing import Protocol, TypeVar
from weakref import WeakValueDictionary

from pydantic import BaseModel, ValidationError

from crosearch.agents.json_replies import find_object
from crosearch.agents.judge import ChatModel, JudgementError
from crosearch.agents.judge_replies import asked_again, why_unusable
from crosearch.evals.ragas_budget import Budget
from crosearch.evals.ragas_cache import KeptReply, ReplyCache, reply_key
from crosearch.tools.completions import Completion, Message
from crosearch.tools.endpoint_errors import EndpointError, excerpt
from crosearch.tools.errors import CollectionError
from crosearch.tools.threads import in_thread

ATTEMPTS = 3
"""How often a model is asked for a reply of use."""
MAX_REPLY_TOKENS = 4_096
"""The longest reply; reasoning models spend most of it on thought."""

_FAILURES_IN_A_ROW = 10
_ROLES = 64
"""Tokens that stand around the messages of a chat, or more."""

Reply = TypeVar("Reply", bound=BaseModel)


class Asker(Protocol):
    """Gets replies, from a model or in its place."""

    async def ask(self, prompt: str, form: type[Reply], statements: int | None) -> Reply:
        """Get the object that a prompt asks for.

        Args:
            prompt: What ragas asks.
            form: The object's class.
            statements: How many the object has to hold; None: not known.

        Raises:
            JudgementError: There is no reply of use; the message says why.
            BudgetReachedError: It could cost more than is left.
        """
        ...


class ValueJudge:
    """What ragas takes for its model, for one value: it knows what was asked before."""

    def __init__(self, asker: Asker, statements: Sequence[int] = ()) -> None:
        """Ask through `asker`.

        Args:
            asker: Who gets the replies.
            statements: How many statements the replies to come have to hold, one after the other,
                where that is known.
        """
        self._asker = asker
        self._expected = list(statements)

    def generate(self, prompt: str, response_model: type[Reply]) -> Reply:
        """Refuse: ragas' metrics await `agenerate`."""
        raise NotImplementedError

    async def agenerate(self, prompt: str, response_model: type[Reply]) -> Reply:
        """Get a reply of use.

        Raises:
            JudgementError: There is none.
            BudgetReachedError: It could cost more than is left.
        """
        expected = self._expected.pop(0) if self._expected else None
        reply = await self._asker.ask(prompt, response_model, expected)
        # Faithfulness lists an answer's statements first, and then has each of them judged.
        listed: object = getattr(reply, "statements", None)
        if isinstance(listed, list) and listed and isinstance(listed[0], str):
            self._expected.append(len(listed))
        return reply


class PaidAsker:
    """Asks a model, but never twice for the same."""

    def __init__(self, model: ChatModel, *, name: str, cache: ReplyCache, budget: Budget) -> None:
        """Take a model.

        Args:
            model: Who judges.
            name: What its replies are kept under: a model of one name is taken for one model.
            cache: Keeps them.
            budget: What may be spent.
        """
        self.name = name
        self._model, self._cache, self._budget = model, cache, budget
        self._asking: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._in_a_row = 0
        self.from_cache = 0
        """Replies that were there already, from this run or an earlier one."""

    async def ask(self, prompt: str, form: type[Reply], statements: int | None) -> Reply:
        """Get the object that a prompt asks for; see `Asker`.

        Raises:
            CollectionError: The endpoint fails at everything, or the reply cannot be kept.
        """
        key = reply_key(self.name, prompt)
        lock = self._asking.setdefault(key, asyncio.Lock())
        async with lock:
            kept = kept_reply(self._cache, key, form)
            if kept is not None:
                self.from_cache += 1
                return kept
            return await self._pay(key, prompt, form, statements)

    async def _pay(self, key: str, prompt: str, form: type[Reply], statements: int | None) -> Reply:
        asked = [Message(role="user", content=prompt)]
        messages, why = asked, ""
        prompt_tokens = completion_tokens = 0
        for _ in range(ATTEMPTS):
            completion, took = await self._complete(messages)
            prompt_tokens, completion_tokens = prompt_tokens + took[0], completion_tokens + took[1]
            try:
                reply = parse_reply(completion, form, statements)
            except ValueError as error:
                why = str(error)
                messages = asked_again(asked, completion.text, why)
                continue
            await self._keep(key, reply, prompt_tokens, completion_tokens)
            return reply
        raise JudgementError(f"none of {ATTEMPTS} replies was of use; the last one {why}")

    async def _keep(self, key: str, reply: BaseModel, prompt: int, completion: int) -> None:
        kept = KeptReply(
            key=key,
            reply=reply.model_dump(mode="json"),
            prompt_tokens=prompt,
            completion_tokens=completion,
        )
        await in_thread(lambda: self._cache.add(kept))

    async def _complete(self, messages: Sequence[Message]) -> tuple[Completion, tuple[int, int]]:
        longest = sum(len(message["content"].encode()) + _ROLES for message in messages)
        held = await self._budget.hold(longest, MAX_REPLY_TOKENS)
        try:
            completion = await self._model.complete(
                messages, max_tokens=MAX_REPLY_TOKENS, temperature=0.0
            )
        except EndpointError as error:
            self._budget.release(held, lost=isinstance(error.__cause__, TimeoutError))
            self._note(error)
            raise JudgementError(str(error)) from error
        except BaseException:
            self._budget.release(held)
            raise
        self._in_a_row = 0
        return completion, self._budget.settle(held, completion)

    def _note(self, error: EndpointError) -> None:
        if error.too_long:
            return
        self._in_a_row += 1
        if self._in_a_row >= _FAILURES_IN_A_ROW:
            raise CollectionError(
                f"{self._in_a_row} requests failed one after the other, the last one so: {error}. "
                "What came before is kept, and the same command goes on"
            ) from error


def kept_reply(cache: ReplyCache, key: str, form: type[Reply]) -> Reply | None:
    """Return a reply that was paid for; None where there is none of this form."""
    kept = cache.get(key)
    try:
        return form.model_validate(kept["reply"]) if kept else None
    except ValidationError:  # ragas may want another form than it did
        return None


def parse_reply(completion: Completion, form: type[Reply], statements: int | None = None) -> Reply:
    """Read a reply.

    Args:
        completion: What the model wrote.
        form: What ragas wants it to hold.
        statements: How many statements it has to hold; None: not known.

    Raises:
        ValueError: It is of no use; the message says, of the reply, why.
    """
    if why := why_unusable(completion):
        raise ValueError(why)
    found = find_object(completion.text)
    if found is None:
        raise ValueError(f"held no JSON object, but: {excerpt(completion.text, '')}")
    try:
        reply = form.model_validate(found)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise ValueError(f"is not of the form that was asked for ({place}: {first['msg']})") from (
            error
        )
    _check(reply)
    listed: object = getattr(reply, "statements", None)
    if statements is not None and isinstance(listed, list) and len(listed) != statements:
        raise ValueError(f"held {len(listed)} statements where {statements} were asked for")
    return reply


def _check(value: object, name: str = "") -> None:
    """See that verdicts are 0 or 1, and that no statement or question is blank."""
    if isinstance(value, BaseModel):
        for field, inner in value:
            _check(inner, field)
    elif isinstance(value, list):
        if not value:
            raise ValueError(f"held no {name}")
        for inner in value:
            _check(inner, name)
    elif isinstance(value, int) and value not in (0, 1):
        raise ValueError(f"gave {value} as {name}, which has to be 0 or 1")
    elif isinstance(value, str) and not value.strip() and name != "reason":
        raise ValueError(f"held a blank {name}")

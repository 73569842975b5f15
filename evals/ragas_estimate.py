"""What judging will cost: ragas' metrics are run on stand-ins for a judge's replies, and counted.

What ragas asks later depends on what was replied before, so that the figure is an estimate; what is
kept already is read, and costs nothing.
"""

from typing import TypeVar, get_args, get_origin

from pydantic import BaseModel

from crosearch.agents.prompts import estimate_tokens
from crosearch.evals.ragas_budget import Spent
from crosearch.evals.ragas_cache import ReplyCache, reply_key
from crosearch.evals.ragas_judge import kept_reply

_SENTENCE = "A judge writes about as much as this where it is to state or to explain something."
_LISTED = 3
"""Statements that an answer is taken to have."""

Reply = TypeVar("Reply", bound=BaseModel)


class EstimatingAsker:
    """Counts what would be asked and replied, each request once."""

    def __init__(self, *, name: str, cache: ReplyCache) -> None:
        """Take the name of a model, and the replies that are kept of it."""
        self._name, self._cache = name, cache
        self._seen: set[str] = set()
        self.expected = Spent()
        """What is still to be spent."""

    async def ask(self, prompt: str, form: type[Reply], statements: int | None) -> Reply:
        """Give what is kept, else a stand-in; see `Asker`."""
        key = reply_key(self._name, prompt)
        kept = kept_reply(self._cache, key, form)
        if kept is not None:
            return kept
        reply = stand_in(form, statements or _LISTED)
        if key not in self._seen:
            self._seen.add(key)
            self._count(prompt, reply, is_translation="TranslatedStrings" in form.__name__)
        return reply

    def _count(self, prompt: str, reply: BaseModel, *, is_translation: bool) -> None:
        asked = estimate_tokens(prompt)
        written = asked if is_translation else estimate_tokens(reply.model_dump_json())
        self.expected.add(asked, written)


def stand_in(form: type[Reply], listed: int = _LISTED) -> Reply:
    """Make an object of a form, about as long as a judge's.

    Args:
        form: Its class; its fields are texts, whole numbers, objects of such, and lists of them.
        listed: How many things its lists hold.
    """
    return form.model_validate(_fields(form, listed))


def _fields(form: type[BaseModel], listed: int) -> dict[str, object]:
    return {name: _value(field.annotation, listed) for name, field in form.model_fields.items()}


def _value(kind: object, listed: int) -> object:
    if get_origin(kind) is list:
        return [_value(get_args(kind)[0], listed)] * listed
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return _fields(kind, listed)
    return 0 if kind is int else _SENTENCE

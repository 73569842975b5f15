"""What judging costs: estimated before it is spent, and never more than was allowed."""

import asyncio
from dataclasses import dataclass, field

from crosearch.tools.completions import Completion
from crosearch.tools.errors import CroSearchError, UsageError
from crosearch.tools.prices import Prices


class BudgetReachedError(CroSearchError):
    """A request is not made, since it could cost more than is left."""


@dataclass(kw_only=True, slots=True)
class Spent:
    """Requests and tokens, of the past or expected."""

    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0

    def add(self, prompt_tokens: int, completion_tokens: int) -> None:
        """Count a request."""
        self.calls += 1
        self.prompt_tokens += prompt_tokens
        self.completion_tokens += completion_tokens

    @property
    def tokens(self) -> int:
        """All tokens."""
        return self.prompt_tokens + self.completion_tokens

    def cost(self, prices: Prices | None) -> float | None:
        """Return what it costs in US dollars; None where no price is known."""
        return prices.cost(self.prompt_tokens, self.completion_tokens) if prices else None


@dataclass(kw_only=True, slots=True)
class Budget:
    """What may be spent in one run of the command; what is cached costs nothing.

    Before a request its most expensive outcome is put aside: a token for each byte of the prompt,
    since no tokenizer makes more, and all tokens that the reply may have.
    """

    prices: Prices | None = None
    max_cost: float | None = None
    """In US dollars; None: no bound."""
    max_tokens: int | None = None
    """Prompts and replies together; None: no bound."""
    spent: Spent = field(default_factory=Spent)
    reached: str = ""
    """Which bound a request was refused for; empty: none was."""
    _held: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    _freed: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        """Check the bounds.

        Raises:
            UsageError: A bound of money is given, and no prices are.
        """
        if self.max_cost is not None and self.prices is None:
            raise UsageError(
                "a bound in dollars takes prices: set CROSEARCH_PRICE_PROMPT and "
                "CROSEARCH_PRICE_COMPLETION, or give the bound in tokens"
            )

    async def hold(self, prompt: int, completion: int) -> tuple[int, int]:
        """Put a request's most expensive outcome aside, in tokens.

        Where what is under way leaves too little, it waits to see what that really takes.

        Raises:
            BudgetReachedError: It could cost more than is left.
        """
        asked = (prompt, completion)
        while why := self._too_much(asked):
            if not self._held:
                self.reached = why
                raise BudgetReachedError(why)
            await self._freed.wait()
        self._held.append(asked)
        return asked

    def settle(self, held: tuple[int, int], completion: Completion) -> tuple[int, int]:
        """Count what a request took, in place of what was put aside for it.

        Returns:
            Its tokens; where the endpoint does not count them, those that were put aside.
        """
        prompt, written = completion.prompt_tokens, completion.completion_tokens
        took = (held[0] if prompt is None else prompt, held[1] if written is None else written)
        self.spent.add(*took)
        self.release(held)
        return took

    def release(self, held: tuple[int, int], *, lost: bool = False) -> None:
        """Put nothing aside any more for a request that failed.

        Args:
            held: What `hold` gave.
            lost: Whether it may have been charged for all the same, as one that took too long.
        """
        self._held.remove(held)
        if lost:
            self.spent.add(*held)
        self._freed.set()
        self._freed = asyncio.Event()

    def _too_much(self, asked: tuple[int, int]) -> str:
        """Say which bound would be passed, were all that is under way as dear as it can be."""
        together = [*self._held, asked]
        prompts = self.spent.prompt_tokens + sum(prompt for prompt, _ in together)
        completions = self.spent.completion_tokens + sum(written for _, written in together)
        if self.max_tokens is not None and prompts + completions > self.max_tokens:
            return f"the bound of {self.max_tokens:,} tokens is reached"
        if self.max_cost is not None and self.prices is not None:
            if self.prices.cost(prompts, completions) > self.max_cost:
                return f"the bound of ${self.max_cost:g} is reached"
        return ""

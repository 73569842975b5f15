"""A turn that a run asks a model in this process for, and what comes of it."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, InvalidStateError
from dataclasses import dataclass, field

from crosearch.agents.policy import EmissionStatus
from crosearch.agents.transcript import Segment


@dataclass(frozen=True, kw_only=True, slots=True)
class SampledTurn:
    """A turn that is over."""

    status: EmissionStatus
    read: tuple[tuple[int, ...], ...] = ()
    """The ids of the transcript's segments that had none."""
    ids: tuple[int, ...] = ()
    """What was sampled."""
    logprobs: tuple[float, ...] = ()
    text: str = ""
    prompt_tokens: int


@dataclass(frozen=True, kw_only=True, eq=False)
class TurnRequest:
    """A turn that is asked for."""

    transcript: Sequence[Segment]
    temperature: float
    seed: int | None
    show: Callable[[str], None]
    """Receives the text piece by piece."""
    future: "Future[SampledTurn]" = field(default_factory=Future)
    """Its result; who cancels it takes the turn out of the batch."""

    def settle(self, outcome: SampledTurn | Exception) -> None:
        """Set the result, unless the turn was cancelled meanwhile."""
        try:
            if isinstance(outcome, Exception):
                self.future.set_exception(outcome)
            else:
                self.future.set_result(outcome)
        except InvalidStateError:
            pass

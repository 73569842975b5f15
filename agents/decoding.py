"""The thread that samples the turns of all runs of a model, in one batch that never waits.

A turn joins at the next token after it is asked for, and leaves when it is over; no run waits for
another's turn to end.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from crosearch.agents.row_batch import RowBatch
from crosearch.agents.turn_request import TurnRequest
from crosearch.tools.endpoint_errors import excerpt
from crosearch.tools.errors import PolicyError

if TYPE_CHECKING:
    import torch


class Decoder:
    """Passes turns from event loops to a thread of its own, and what is sampled back."""

    def __init__(self, name: str, batch: RowBatch, model: "torch.nn.Module") -> None:
        """Get ready; the thread begins with the first turn.

        Args:
            name: What errors name the model.
            batch: What the thread runs; nobody else may.
            model: The model behind it.
        """
        self._name = name
        self._batch = batch
        self._model = model
        self._changed = threading.Condition()
        self._requests: list[TurnRequest] = []
        self._thread: threading.Thread | None = None
        self._is_closed = False

    def submit(self, request: TurnRequest) -> None:
        """Ask for a turn.

        Raises:
            PolicyError: The decoder was closed.
        """
        with self._changed:
            if self._is_closed:
                raise PolicyError(f"{self._name} was closed")
            self._requests.append(request)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()
            self._changed.notify()

    def close(self) -> None:
        """End the thread; turns that are not over fail."""
        with self._changed:
            self._is_closed = True
            self._changed.notify()
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    def _run(self) -> None:
        import torch

        with torch.no_grad():
            while self._wait():
                with _evaluating(self._model):
                    self._work()
        self._refuse(PolicyError(f"{self._name} was closed"))

    def _wait(self) -> bool:
        """Sleep until there is work; False once closed."""
        with self._changed:
            while not self._requests and not self._is_closed:
                self._changed.wait()
            return not self._is_closed

    def _work(self) -> None:
        """Sample until no turn is left."""
        while not self._is_closed:
            with self._changed:
                requests, self._requests = self._requests, []
            if not requests and self._batch.is_idle:
                return
            try:
                self._batch.join(requests)
                self._batch.step()
            except Exception as error:  # a model can fail in any way; the next turns may not
                self._batch.fail(self._failure(error))

    def _refuse(self, error: PolicyError) -> None:
        self._batch.fail(error)
        with self._changed:
            requests, self._requests = self._requests, []
        for request in requests:
            request.settle(error)

    def _failure(self, error: Exception) -> PolicyError:
        cause = f"{type(error).__name__}: {excerpt(str(error), '')}"
        failure = PolicyError(f"{self._name} failed: {cause}")
        failure.__cause__ = error
        return failure


@contextmanager
def _evaluating(model: "torch.nn.Module") -> Iterator[None]:
    """Put a model that is being trained into evaluation mode, all but its own flag.

    Gradient checkpointing and dropout are the layers' business; trainers file their metrics by
    the flag of the whole model.
    """
    training = [module for module in model.modules() if module.training and module is not model]
    for module in training:
        module.training = False
    try:
        yield
    finally:
        for module in training:
            module.training = True

"""Good runs as examples to imitate: rejection sampling, in the formats of TRL's `SFTTrainer`.

As messages, they are rendered by whichever model is trained: train with `assistant_only_loss=True`,
so that evidence is read and not learnt. As tokens, they are the ids that the policy sampled and
read, with `labels` in which -100 stands for all that is not the policy's: the trainer takes them as
they are.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypedDict, cast

from crosearch.agents.transcript import Segment, chat_messages
from crosearch.tools.completions import Message
from crosearch.tools.errors import UsageError
from crosearch.training.export_rows import ReadRuns, digest, exclusion, spoken_part
from crosearch.training.export_schema import Row
from crosearch.training.trajectories import Trajectory

NO_LOSS = -100
"""The label of a token that is not learnt."""


class SftRow(TypedDict):
    """A run as a chat."""

    messages: list[Message]
    key: str
    group: str
    language: str
    reward: float


class SftTokenRow(TypedDict):
    """A run as tokens."""

    input_ids: list[int]
    labels: list[int]
    key: str
    group: str
    language: str
    reward: float


@dataclass(frozen=True, kw_only=True, slots=True)
class TokenSequence:
    """A run's tokens, from its first to the policy's last."""

    ids: list[int]
    labels: list[int]
    """The policy's ids; `NO_LOSS` for all others."""


class UntrainableError(Exception):
    """A run cannot be trained on, or should not be; the message is the reason."""


def token_sequence(transcript: Sequence[Segment]) -> TokenSequence:
    """Join the tokens of a transcript, in which every segment has to have its own.

    Raises:
        UntrainableError: A segment before the policy's last words has no ids, or no token is the
            policy's.
    """
    ids: list[int] = []
    labels: list[int] = []
    for segment in spoken_part(list(transcript)):
        if "token_ids" not in segment:
            raise UntrainableError(f"a segment of kind {segment['kind']} has no token ids")
        is_policy = segment["kind"] == "policy"
        ids += segment["token_ids"]
        labels += segment["token_ids"] if is_policy else [NO_LOSS] * len(segment["token_ids"])
    # The first token of a sequence is never predicted, so it alone is no token to learn.
    if all(label == NO_LOSS for label in labels[1:]):
        raise UntrainableError("no token is the policy's: the mask is all zeros")
    return TokenSequence(ids=ids, labels=labels)


class SftRows:
    """Chooses good runs, each transcript once, and makes rows of them."""

    def __init__(
        self, *, reward: str = "answer_f1", threshold: float = 0.5, policy: str | None = None
    ) -> None:
        """Say which runs are good.

        Args:
            reward: The reward that is looked at.
            threshold: The least of it that is good.
            policy: The only policy whose runs are taken, by name; None takes every policy's.
        """
        self._reward = reward
        self._threshold = threshold
        self._policy = policy

    @property
    def row(self) -> type:
        """The rows' typed dictionary."""
        return SftRow

    def rows(self, read: ReadRuns, left_out: Counter[str]) -> Iterator[Row]:
        """Make the rows."""
        seen: set[bytes] = set()
        for record in read():
            said = digest(spoken_part(record["transcript"]))
            try:
                self._check(record)
                if said in seen:
                    raise UntrainableError("its transcript is the same as another's")
                row = self._make(record)
            except UntrainableError as error:
                left_out[str(error)] += 1
            else:
                seen.add(said)
                yield row

    def _check(self, record: Trajectory) -> None:
        if self._policy is not None and record["policy"]["name"] != self._policy:
            raise UntrainableError("another policy made it")
        reason = exclusion(record, self._reward)
        if reason:
            raise UntrainableError(reason)
        if record["rewards"][self._reward] < self._threshold:
            raise UntrainableError(f"its {self._reward} is below {self._threshold:g}")
        if not spoken_part(record["transcript"]):
            raise UntrainableError("the policy emitted nothing")

    def _make(self, record: Trajectory) -> Row:
        row = SftRow(
            messages=chat_messages(spoken_part(record["transcript"])),
            key=record["key"],
            group=record["group"],
            language=record["language"],
            reward=record["rewards"][self._reward],
        )
        return cast("Row", row)


class SftTokenRows(SftRows):
    """Chooses good runs as `SftRows` does, and makes rows of their tokens."""

    @property
    def row(self) -> type:
        """The rows' typed dictionary."""
        return SftTokenRow

    def rows(self, read: ReadRuns, left_out: Counter[str]) -> Iterator[Row]:
        """Make the rows.

        Raises:
            UsageError: The runs are of several policies, whose ids may mean different tokens.
        """
        policies: set[str] = set()

        def read_checked() -> Iterator[Trajectory]:
            for record in read():
                if any("token_ids" in segment for segment in record["transcript"]):
                    policies.add(record["policy"]["name"])
                if self._policy is None and len(policies) > 1:
                    raise UsageError(
                        f"the token ids of {' and '.join(sorted(policies))} may mean different "
                        "tokens: choose one policy with --policy"
                    )
                yield record

        yield from super().rows(read_checked, left_out)

    def _make(self, record: Trajectory) -> Row:
        tokens = token_sequence(record["transcript"])
        row = SftTokenRow(
            input_ids=tokens.ids,
            labels=tokens.labels,
            key=record["key"],
            group=record["group"],
            language=record["language"],
            reward=record["rewards"][self._reward],
        )
        return cast("Row", row)

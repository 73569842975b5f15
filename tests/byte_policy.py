"""A policy whose tokens are bytes: a token-exact run without a model."""

from collections.abc import Sequence

from crosearch.agents.policy import Emission, Emit, Observation, Usage


class BytePolicy:
    """Emits the given texts as UTF-8 bytes, each as likely as any other, and keeps what it read."""

    name = "bytes"

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = texts
        self.seen: list[list[int]] = []
        """What the model saw in each turn."""

    async def act(self, observation: Observation, emit: Emit) -> Emission:
        turn = sum(segment["kind"] == "policy" for segment in observation.transcript)
        text = self._texts[min(turn, len(self._texts) - 1)]
        ids = tuple(text.encode())
        read = tuple(
            tuple(segment["text"].encode())
            for segment in observation.transcript
            if "token_ids" not in segment
        )
        known = [token for s in observation.transcript for token in s.get("token_ids", ())]
        self.seen.append([*known, *(token for ids in read for token in ids)])
        emit(text)
        return Emission(
            text=text,
            token_ids=ids,
            logprobs=(-5.5,) * len(ids),
            read=read,
            usage=Usage(prompt_tokens=len(self.seen[-1]), completion_tokens=len(ids), cost=0.0),
        )

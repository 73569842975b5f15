"""How a policy that is a language model samples, and what it is loaded with."""

from dataclasses import dataclass, fields

from crosearch.tools.errors import UsageError


@dataclass(frozen=True, kw_only=True, slots=True)
class PolicySettings:
    """Settings of a model behind a policy; None is the model's or the server's own default.

    The temperature and the seed are a run's own, and stand in its `SearchContext`.
    """

    top_p: float | None = None
    """Sample from the likeliest tokens that hold this share of probability; not trainable."""
    top_k: int | None = None
    """Sample from this many likeliest tokens; not trainable."""
    max_tokens: int | None = None
    """The longest turn."""
    adapter: str | None = None
    """A LoRA adapter's name or folder, for a local model."""
    device: str | None = None
    """Where a local model runs, such as `cpu` or `cuda:0`; by default a GPU where there is one."""
    tokenizer: str | None = None
    """The tokenizer of an endpoint's model, by name or folder: prompts go as token ids."""

    def __post_init__(self) -> None:
        """Refuse settings that cannot be.

        Raises:
            UsageError: A share is not in (0, 1], or a count is less than 1.
        """
        if self.top_p is not None and not 0 < self.top_p <= 1:
            raise UsageError(f"top_p is {self.top_p}; it must be above 0 and at most 1")
        for name, value in (("top_k", self.top_k), ("max_tokens", self.max_tokens)):
            if value is not None and value < 1:
                raise UsageError(f"{name} is {value}; it must be at least 1")

    def given(self) -> dict[str, str | int | float]:
        """List the settings that were given, by name."""
        values = ((field.name, getattr(self, field.name)) for field in fields(self))
        return {name: value for name, value in values if value is not None}

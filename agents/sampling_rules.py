"""What a run's sampling settings mean for one of its turns: its seed, and whether it is trainable.

They hold for local models and for endpoints alike.
"""

import hashlib

from crosearch.agents.policy import Observation
from crosearch.agents.policy_settings import PolicySettings


def turn_seed(observation: Observation) -> int | None:
    """Derive a turn's seed from the run's and from how many turns came before; 31 bits."""
    if observation.seed is None:
        return None
    turns = sum(segment["kind"] == "policy" for segment in observation.transcript)
    digest = hashlib.blake2b(f"{observation.seed} {turns}".encode(), digest_size=4).digest()
    return int.from_bytes(digest) >> 1


def sampling_flaw(temperature: float, settings: PolicySettings) -> str:
    """Say why tokens that were sampled so cannot be trained on; empty where they can.

    The trainer recomputes log-probabilities over the full vocabulary, at the sampling temperature.
    """
    if temperature == 0:
        return "temperature 0 takes the likeliest tokens: nothing was sampled"
    if settings.top_p is not None and settings.top_p < 1:
        return f"sampled with top_p={settings.top_p:g}: its probabilities are not the model's"
    if settings.top_k is not None:
        return f"sampled with top_k={settings.top_k}: its probabilities are not the model's"
    return ""

"""Who decides: the action protocol, prompts, the transcript and the policies."""

from crosearch.agents.actions import (
    Action,
    ActionError,
    AnswerAction,
    SearchAction,
    parse_action,
)
from crosearch.agents.load import as_policy, load_policy
from crosearch.agents.policy import Emission, Emit, Observation, Policy
from crosearch.agents.transcript import Segment

__all__ = [
    "Action",
    "ActionError",
    "AnswerAction",
    "Emission",
    "Emit",
    "Observation",
    "Policy",
    "SearchAction",
    "Segment",
    "as_policy",
    "load_policy",
    "parse_action",
]

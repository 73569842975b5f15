"""How a finished run ended, as evaluations count it."""

from crosearch.training.trajectories import Trajectory


def has_failed(record: Trajectory) -> bool:
    """Tell whether the machine failed a run: it is in no figure."""
    return bool(record["failures"]) or record["ending"] in (None, "failed")


def has_answered(record: Trajectory) -> bool:
    """Tell whether a run gave an answer that it holds for one."""
    return record["ending"] == "answered" and record["found"]


def has_declined(record: Trajectory) -> bool:
    """Tell whether a run said that there is no answer to be found."""
    return record["ending"] == "answered" and not record["found"]


def given_answer(record: Trajectory) -> str:
    """Return a run's answer; empty where it declined, or ended without one."""
    return record["answer"] if has_answered(record) else ""

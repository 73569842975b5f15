"""What a collected run is worth: its answer, compared with the gold answers of its question."""

from collections.abc import Sequence

from crosearch.tools.scoring import exact_match, token_f1
from crosearch.training.questions import UNTOLD
from crosearch.training.trajectories import Trajectory


def with_rewards(record: Trajectory) -> Trajectory:
    """Score a run by `answer_f1` and `exact_match`, where a gold answer is known.

    A run that declined, or that ended without an answer, scores 0; one that the machine failed is
    not scored at all.
    """
    if record["failures"] or not record["answers"]:
        return record
    rewards = {"answer_f1": 0.0, "exact_match": 0.0}
    if record["ending"] == "answered" and record["found"]:
        for language, golds in _gold_answers(record):
            f1 = token_f1(record["answer"], golds, language)
            matched = float(exact_match(record["answer"], golds, language))
            rewards["answer_f1"] = max(rewards["answer_f1"], f1)
            rewards["exact_match"] = max(rewards["exact_match"], matched)
    return {**record, "rewards": {**record["rewards"], **rewards}}


def _gold_answers(record: Trajectory) -> list[tuple[str, Sequence[str]]]:
    """Choose what to compare with: the answers in the asker's language, else those in any."""
    asked = record["language"]
    golds = record["answers"]
    chosen = {code: golds[code] for code in (asked, UNTOLD) if golds.get(code)} or golds
    return [(asked if code == UNTOLD else code, texts) for code, texts in chosen.items() if texts]

"""What a run took: its searches, its turns, its tokens and its time."""

from crosearch.training.search_habits import first_search, searched_again
from crosearch.training.trajectories import Trajectory


def search_figures(record: Trajectory) -> dict[str, float]:
    """Count what a run took, by name.

    `second_search_after_hit` and `second_search_after_miss` tell whether it searched again after
    its first search brought a gold answer, or none. Tokens are absent where no turn says how many
    it took.
    """
    searched = {language for search in record["searches"] for language in search["languages"]}
    figures: dict[str, float] = {
        "searches": len(record["searches"]),
        "languages_searched": len(searched),
        "turns": len(record["history"]),
        "seconds": record["seconds"],
    }
    for name, tokens in (
        ("read_tokens", [turn["prompt_tokens"] for turn in record["history"]]),
        ("generated_tokens", [turn["completion_tokens"] for turn in record["history"]]),
    ):
        counted = [number for number in tokens if number is not None]
        if counted:
            figures[name] = sum(counted)
    first = first_search(record)
    if first is not None:
        figures[f"second_search_after_{first}"] = searched_again(record)
    return figures

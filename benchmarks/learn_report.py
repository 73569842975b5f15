"""What `learn.py` ends with: tables of every policy, as text, as Markdown and as JSON."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from learn_arms import Arm
from learn_settings import LearnSetting
from rich.console import Console
from rich.table import Table

from crosearch.training.training_folder import write_text

Comparison = dict[str, Any]
"""What `crosearch eval policy --json` tells."""
COLUMNS = ("exact_match", "own_language", "other_language", "consistency", "searches", "languages")
_CURVES = "curves.png"


def write_report(
    folder: Path, setting: LearnSetting, arms: Sequence[Arm], compared: Mapping[str, Comparison]
) -> None:
    """Write `learn.json` and `learn.md` into a folder, and print the table."""
    policies = [
        _told(name, one) for name, comparison in compared.items() for one in comparison["policies"]
    ]
    curves = [f"models/{arm.name}/{_CURVES}" for arm in arms]
    curves = [curve for curve in curves if (folder / curve).is_file()]
    story = {
        "setting": {"subjects": setting.subjects, "steps": setting.steps, "seeds": setting.seeds},
        "policies": policies,
        "differences": {name: comparison["differences"] for name, comparison in compared.items()},
        "curves": curves,
    }
    write_text(folder / "learn.json", json.dumps(story, ensure_ascii=False, indent=1) + "\n")
    rows = [_row(policy) for policy in policies]
    first, *others = (name.replace("_", " ") for name in COLUMNS)
    head = ("questions", "policy", first, "each seed", *others)
    write_text(folder / "learn.md", _markdown(head, rows))
    table = Table(*head)
    for row in rows:
        table.add_row(*row)
    Console(width=160).print(table)
    for curve in curves:
        print("curves:", folder / curve)


def _told(name: str, one: Mapping[str, Any]) -> dict[str, Any]:
    """Take of a policy what the story tells."""
    return {
        "name": one["name"],
        "questions": name,
        "exact_match": one["exact_match"],
        "seeds": [estimate["value"] for estimate in one["by_policy"].values()],
        "own_language": one["own_language"],
        "other_language": one["other_language"],
        "consistency": one["consistency"]["same_answer"],
        "searches": one["searches"],
        "languages": one["languages_searched"],
        "second_search": one["second_search"],
    }


def _row(policy: Mapping[str, Any]) -> list[str]:
    seeds = " ".join(f"{value:.2f}" for value in policy["seeds"])
    cells = [_cell(policy[name]) for name in COLUMNS]
    return [policy["questions"], policy["name"], cells[0], seeds, *cells[1:]]


def _cell(estimate: Mapping[str, float] | None) -> str:
    if estimate is None:
        return "-"
    return f"{estimate['value']:.2f} ({estimate['low']:.2f}–{estimate['high']:.2f})"


def _markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)

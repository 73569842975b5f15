"""Asks every question of the sample corpus, and counts what was cited and what was declined.

python benchmarks/sample_questions.py [--json FILE]
"""

import argparse
import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track
from rich.table import Table
from xquad import interval, share

from crosearch.agents.extractive import ExtractivePolicy
from crosearch.graphs.search import build_search_graph
from crosearch.tools.sample import SampleQuestion, sample_questions
from crosearch.tools.sample_store import sample_store
from crosearch.tools.search import open_retriever

Row = dict[str, Any]


async def ask_all(questions: Sequence[SampleQuestion]) -> list[Row]:
    """Ask the questions one after the other, as their askers would: nothing is told beside them."""
    retriever = open_retriever(str(sample_store()), "sample")
    graph = build_search_graph(ExtractivePolicy(retriever.embedder), retriever).compile()
    rows: list[Row] = []
    for question in track(questions, "asking"):
        run = await graph.ainvoke({"question": question.question})
        cited = [entry["document_id"] for entry in run["citations"]]
        answers = question.answers.get(question.language, ())
        rows.append(
            {
                "id": question.id,
                "kind": question.kind,
                "language": question.language,
                "question": question.question,
                "detected": run["language"],
                "found": run["found"],
                "answer": run["answer"],
                "gold_cited": bool(set(cited) & set(question.gold)),
                "cited": cited,
                "answered": any(alias.lower() in run["answer"].lower() for alias in answers),
                "searched": len({code for s in run["searches"] for code in s["languages"]}),
                "seconds": run["seconds"],
            }
        )
    return rows


def show(rows: Sequence[Row], console: Console) -> dict[str, Any]:
    """Print a table by kind of question, and return it."""
    table = Table(title="Sample questions, extractive policy")
    for column in ("kind", "questions", "gold cited", "95%", "told so", "alias in answer",
                   "languages searched", "median s"):  # fmt: skip
        table.add_column(column, justify="right")
    figures: dict[str, Any] = {}
    for kind in ("own", "other", "conflict", "nowhere"):
        group = [row for row in rows if row["kind"] == kind]
        good = [not row["found"] if kind == "nowhere" else row["gold_cited"] for row in group]
        low, high = interval(good, seed=1)
        seconds = sorted(row["seconds"] for row in group)
        declined = share([not row["found"] for row in group])
        figures[kind] = {"good": share(good), "interval": (low, high), "declined": declined}
        table.add_row(
            kind,
            str(len(group)),
            "" if kind == "nowhere" else f"{share(good):.3f}",
            f"{low:.3f}-{high:.3f}",
            f"{declined:.3f}",
            f"{share([row['answered'] for row in group]):.3f}",
            f"{sum(row['searched'] for row in group) / len(group):.1f}",
            f"{seconds[len(seconds) // 2]:.3f}",
        )
    console.print(table)
    return figures


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--json", type=Path, help="also write the figures and every run here")
    arguments = parser.parse_args()
    rows = asyncio.run(ask_all(sample_questions()))
    figures = show(rows, Console())
    if arguments.json:
        text = json.dumps({"figures": figures, "runs": rows}, ensure_ascii=False, indent=1)
        arguments.json.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()

"""Measure how long one waits: for help, for a first answer, and for the ones after it.

    python benchmarks/startup.py [--runs 10] [--questions 50]

*help* and *ask* start a process each time; *ask* is a sample question whose answer is in another
language, asked of a store that is made already. *further question* is asked of one graph in one
process, after a first one, by the extractive policy.
"""

import argparse
import asyncio
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence

from crosearch.agents.load import load_policy
from crosearch.graphs import SearchContext, SearchInput, build_search_graph
from crosearch.tools.opening import open_source
from crosearch.tools.sample import SampleQuestion, sample_questions
from crosearch.tools.settings import choose_source

COMMAND = [sys.executable, "-m", "crosearch.cli.main"]


def time_process(arguments: Sequence[str]) -> float:
    """Return the seconds that the command takes, start to end."""
    start = time.perf_counter()
    subprocess.run([*COMMAND, *arguments], check=True, capture_output=True)
    return time.perf_counter() - start


async def time_questions(questions: Sequence[SampleQuestion]) -> list[float]:
    """Return the seconds of each question but the first, which loads what the others find."""
    retriever = open_source(choose_source(corpus="sample"))
    policy = load_policy("extractive", embedder=retriever.embedder)
    graph = build_search_graph(policy, retriever).compile()
    seconds: list[float] = []
    for question in questions:
        start = time.perf_counter()
        await graph.ainvoke(SearchInput(question=question.question), context=SearchContext())
        seconds.append(time.perf_counter() - start)
    return seconds[1:]


def report(what: str, seconds: Sequence[float], goal: float) -> None:
    """Print a median with its spread, in milliseconds."""
    middle, low, high = (f(seconds) * 1000 for f in (statistics.median, min, max))
    print(
        f"{what:<18} median {middle:7.0f} ms   {low:.0f} to {high:.0f} ms   "
        f"n={len(seconds)}   goal {goal * 1000:.0f} ms"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--runs", type=int, default=10, help="processes of each kind")
    parser.add_argument("--questions", type=int, default=50, help="further questions")
    options = parser.parse_args()
    others = [question for question in sample_questions() if question.kind == "other"]
    ask = ["ask", others[0].question, "--json"]
    time_process(ask)
    report("help", [time_process(["--help"]) for _ in range(options.runs)], 0.5)
    report("ask, cold process", [time_process(ask) for _ in range(options.runs)], 3.0)
    report("further question", asyncio.run(time_questions(others[: options.questions + 1])), 0.1)


if __name__ == "__main__":
    main()

"""Asks real questions whose own language is left out, and looks for the gold paragraph.

Half of XQuAD (24 articles, 11 languages) is ingested; each question is asked by the extractive
policy with every language searched but its own. Then questions whose paragraph was taken out of
the index, in all languages, are asked of what is left: there, saying that nothing is found is
right. Left out here: whether the answer's words are right, which the evaluation measures.

    python benchmarks/real_input.py --data ../shared/data [--questions 300] [--absent 150]
        [--json FILE] [--before FILE]
"""

import argparse
import asyncio
import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from absent_answers import Asked, ask_absent, ask_answerable, print_declined, sum_declined
from rich.console import Console
from rich.progress import track
from rich.table import Table
from xquad import Question, build_corpus, draw, interval, rank, read_xquad, share

from crosearch.tools.default_signals import default_signals
from crosearch.tools.index import Corpus
from crosearch.tools.lexicon import load_lexicon
from crosearch.tools.search import HybridRetriever
from crosearch.tools.signals import Reranker

FIRST = 5
POOL = 50


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What one question came to."""

    language: str
    ledger_rank: int | None
    """The gold paragraph's first rank in the run's evidence, from 1; None where it is not."""
    asked: Asked
    search_ranks: Mapping[str, int | None]
    """The gold paragraph's first rank in one search, for the fusion and each signal alone."""


async def search_all(
    questions: Sequence[Question], corpus: Corpus, runs: Sequence[Asked]
) -> list[Outcome]:
    """Search for each question, beside its run, in each way: by one signal, and by all."""
    signals = [s for s in default_signals(corpus, load_lexicon()) if not isinstance(s, Reranker)]
    ways = {signal.name: HybridRetriever(corpus, signals=[signal]) for signal in signals}
    ways["fused"] = HybridRetriever(corpus)
    outcomes: list[Outcome] = []
    for question, asked in zip(track(questions, "searching"), runs, strict=True):
        others = [code for code in corpus.languages if code != question.language]
        results = {
            name: await way.search(question.text, others, k=POOL, asked_in=question.language)
            for name, way in ways.items()
        }
        ranked = {name: [h.passage.document_id for h in r.hits] for name, r in results.items()}
        outcomes.append(
            Outcome(
                language=question.language,
                ledger_rank=rank(asked.evidence, question.paragraph),
                asked=asked,
                search_ranks={name: rank(ids, question.paragraph) for name, ids in ranked.items()},
            )
        )
    return outcomes


def within(rank: int | None, depth: int = FIRST) -> bool:
    """Tell whether a rank is among the first."""
    return rank is not None and rank <= depth


def summary(outcomes: Sequence[Outcome], seed: int) -> dict[str, Any]:
    """Sum the outcomes up."""
    gold = [within(outcome.ledger_rank) for outcome in outcomes]
    return {
        "questions": len(outcomes),
        "evidence_top5": share(gold),
        "interval": interval(gold, seed),
        "found": share([outcome.asked.found for outcome in outcomes]),
        "citations_gold": gold_citations(outcomes),
        "search": {
            name: {
                f"top{depth}": share([within(o.search_ranks.get(name), depth) for o in outcomes])
                for depth in (1, FIRST, 20)
            }
            for name in sorted({name for outcome in outcomes for name in outcome.search_ranks})
        },
    }


def gold_citations(outcomes: Sequence[Outcome]) -> float:
    """Return the share of all citations that are the gold paragraph."""
    cited = sum(outcome.asked.citations for outcome in outcomes)
    return sum(outcome.asked.gold_citations for outcome in outcomes) / max(cited, 1)


def show(
    outcomes: Sequence[Outcome],
    total: Mapping[str, Any],
    before: Mapping[str, Any] | None,
    console: Console,
) -> None:
    """Print the tables; `before` holds an earlier run's outcomes, of the same questions."""
    earlier = before["outcomes"] if before else []
    table = Table(title="Own language left out: gold paragraph among the first five of evidence")
    columns = ["language", "questions", "evidence", "found", "citations gold", "search rank"]
    for column in [*columns, *(["evidence before"] if before else [])]:
        table.add_column(column, justify="right")
    for language in [*sorted({outcome.language for outcome in outcomes}), "all"]:
        group = [o for o in outcomes if language in (o.language, "all")]
        past = [within(o["ledger_rank"]) for o in earlier if language in (o["language"], "all")]
        table.add_row(language, *_row(group), *([f"{share(past):.3f}"] if before else []))
    console.print(table)
    low, high = total["interval"]
    console.print(f"evidence, all: {total['evidence_top5']:.3f} (95%: {low:.3f} to {high:.3f})")
    for name, tops in total["search"].items():
        console.print(f"search, {name}: " + ", ".join(f"{k} {v:.3f}" for k, v in tops.items()))


def _row(group: Sequence[Outcome]) -> list[str]:
    ranks = sorted(o.search_ranks["fused"] or POOL + 1 for o in group)
    return [
        str(len(group)),
        f"{share([within(outcome.ledger_rank) for outcome in group]):.3f}",
        f"{share([outcome.asked.found for outcome in group]):.3f}",
        f"{gold_citations(group):.3f}",
        f"median {ranks[len(ranks) // 2]}",
    ]


async def run(arguments: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Ask everything, print it, and return it."""
    documents, questions = read_xquad(arguments.data / "xquad_dev")
    drawn = draw(questions, arguments.questions, arguments.seed)
    console = Console(width=120)
    corpus = build_corpus(folder / "whole", documents)
    answerable = await ask_answerable(drawn, corpus)
    outcomes = await search_all(drawn, corpus, answerable.abstaining)
    total = summary(outcomes, arguments.seed)
    before = json.loads(arguments.before.read_text()) if arguments.before else None
    show(outcomes, total, before, console)
    missing = draw(questions, arguments.absent, arguments.seed + 1)
    absent = await ask_absent(missing, documents, folder)
    total["declined"] = sum_declined(answerable, absent, arguments.seed)
    print_declined(total["declined"], console)
    rows = [asdict(outcome) for outcome in outcomes]
    gone = {name: [asdict(asked) for asked in runs] for name, runs in absent.items()}
    return {"total": total, "outcomes": rows, "absent": gone}


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, required=True, help="the folder that holds xquad_dev")
    parser.add_argument("--questions", type=int, default=300)
    parser.add_argument("--absent", type=int, default=150, help="questions taken out of the index")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, help="also write the figures and outcomes here")
    parser.add_argument("--before", type=Path, help="an earlier --json file to print beside")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = asyncio.run(run(arguments, Path(folder)))
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()

"""Asks real questions whose own language is left out, and looks for the gold paragraph.

Half of XQuAD (24 articles, 11 languages) is ingested; each question is asked by the extractive
policy with every language searched but its own. Left out here: whether the answer's words are
right, which the evaluation measures.

    python benchmarks/real_input.py --data ../shared/data [--questions 300] [--json FILE]
"""

import argparse
import asyncio
import json
import random
import tempfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track
from rich.table import Table

from crosearch.agents.extractive import ExtractivePolicy
from crosearch.graphs.context import SearchContext
from crosearch.graphs.search import build_search_graph
from crosearch.tools.corpus import Corpus
from crosearch.tools.embedder import load_embedder
from crosearch.tools.index import open_store
from crosearch.tools.ingestion import ingest
from crosearch.tools.languages import Language
from crosearch.tools.search import HybridRetriever
from crosearch.tools.signals import default_signals

FIRST = 5
POOL = 50


@dataclass(frozen=True, kw_only=True)
class Question:
    """A question of XQuAD, and the paragraph that answers it in every language."""

    text: str
    language: Language
    paragraph: str
    """The paragraph's number in its article, and the article's: equal in all languages."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What one question came to."""

    language: str
    ledger_rank: int | None
    """The gold paragraph's first rank in the run's evidence, from 1; None where it is not."""
    found: bool
    citations: int
    gold_citations: int
    search_ranks: Mapping[str, int | None]
    """The gold paragraph's first rank in one search, for the fusion and each signal alone."""


def read_xquad(folder: Path) -> tuple[list[dict[str, str]], list[Question]]:
    """Read all languages' paragraphs, as documents, and their questions."""
    documents: list[dict[str, str]] = []
    questions: list[Question] = []
    for path in sorted(folder.glob("xquad.*.json")):
        language = Language(path.suffixes[0][1:])
        articles = json.loads(path.read_text(encoding="utf-8"))["data"]
        for number, article in enumerate(articles):
            for place, paragraph in enumerate(article["paragraphs"]):
                key = f"{number}-{place}"
                documents.append(
                    {
                        "id": f"{key}-{language}",
                        "title": "",
                        "text": paragraph["context"],
                        "language": language,
                    }
                )
                questions += [
                    Question(text=entry["question"], language=language, paragraph=key)
                    for entry in paragraph["qas"]
                ]
    return documents, questions


def build_store(folder: Path, documents: Sequence[Mapping[str, str]]) -> Path:
    """Ingest the paragraphs as the corpus `xquad`."""
    source = folder / "xquad.jsonl"
    lines = (json.dumps(document, ensure_ascii=False) + "\n" for document in documents)
    source.write_text("".join(lines), encoding="utf-8")
    store = folder / "store"
    ingest([source], store=open_store(store), corpus="xquad", embedder=load_embedder())
    return store


def draw(questions: Sequence[Question], count: int, seed: int) -> list[Question]:
    """Draw questions, about as many in each language."""
    by_language: dict[Language, list[Question]] = defaultdict(list)
    for question in questions:
        by_language[question.language].append(question)
    order = random.Random(seed)
    for group in by_language.values():
        order.shuffle(group)
    groups = [by_language[language] for language in sorted(by_language)]
    return [groups[n % len(groups)][n // len(groups)] for n in range(count)]


def rank(document_ids: Sequence[str], paragraph: str) -> int | None:
    """Find the paragraph, in any language, among documents; the first is 1."""
    keys = [document_id.rpartition("-")[0] for document_id in document_ids]
    return keys.index(paragraph) + 1 if paragraph in keys else None


async def ask(graph: Any, ways: Mapping[str, HybridRetriever], question: Question) -> Outcome:
    """Run the graph on one question, and search in each way beside it."""
    others = [code for code in ways["fused"].languages if code != question.language]
    context = SearchContext(language=question.language, search_languages=",".join(others))  # type: ignore[arg-type]  # a code of the corpus
    run = await graph.ainvoke({"question": question.text}, context=context)
    results = {name: await way.search(question.text, others, k=POOL) for name, way in ways.items()}
    ranked = {
        name: [hit.passage.document_id for hit in result.hits] for name, result in results.items()
    }
    cited = [entry["document_id"] for entry in run["citations"]]
    return Outcome(
        language=question.language,
        ledger_rank=rank([e["document_id"] for e in run["evidence"]], question.paragraph),
        found=run["found"],
        citations=len(cited),
        gold_citations=sum(rank([one], question.paragraph) == 1 for one in cited),
        search_ranks={name: rank(ids, question.paragraph) for name, ids in ranked.items()},
    )


async def ask_all(questions: Sequence[Question], corpus: Corpus) -> list[Outcome]:
    """Ask the questions one after the other."""
    signals = default_signals(corpus)
    ways = {signal.name: HybridRetriever(corpus, signals=[signal]) for signal in signals}
    ways["fused"] = HybridRetriever(corpus)
    graph = build_search_graph(ExtractivePolicy(corpus.embedder), ways["fused"]).compile()
    return [await ask(graph, ways, question) for question in track(questions, "asking")]


def share(values: Sequence[bool]) -> float:
    """Return the share that is true; NaN of none."""
    return sum(values) / len(values) if values else float("nan")


def interval(values: Sequence[bool], seed: int, rounds: int = 2000) -> tuple[float, float]:
    """Return the bootstrap's 95% interval of the share."""
    order = random.Random(seed)
    shares = sorted(share(order.choices(values, k=len(values))) for _ in range(rounds))
    return shares[round(0.025 * rounds)], shares[round(0.975 * rounds)]


def within(rank: int | None, depth: int = FIRST) -> bool:
    """Tell whether a rank is among the first."""
    return rank is not None and rank <= depth


def summary(outcomes: Sequence[Outcome], seed: int) -> dict[str, Any]:
    """Sum the outcomes up."""
    gold = [within(outcome.ledger_rank) for outcome in outcomes]
    cited = sum(outcome.citations for outcome in outcomes)
    return {
        "questions": len(outcomes),
        "evidence_top5": share(gold),
        "interval": interval(gold, seed),
        "found": share([outcome.found for outcome in outcomes]),
        "citations_gold": sum(outcome.gold_citations for outcome in outcomes) / max(cited, 1),
        "search": {
            name: {
                f"top{depth}": share([within(o.search_ranks.get(name), depth) for o in outcomes])
                for depth in (1, FIRST, 20)
            }
            for name in sorted({name for outcome in outcomes for name in outcome.search_ranks})
        },
    }


def show(outcomes: Sequence[Outcome], total: Mapping[str, Any], console: Console) -> None:
    """Print the tables."""
    table = Table(title="Own language left out: gold paragraph among the first five of evidence")
    for column in ("language", "questions", "evidence", "found", "citations gold", "search rank"):
        table.add_column(column, justify="right")
    for language in sorted({outcome.language for outcome in outcomes}):
        group = [outcome for outcome in outcomes if outcome.language == language]
        table.add_row(language, *_row(group))
    table.add_row("all", *_row(outcomes), style="bold")
    console.print(table)
    low, high = total["interval"]
    console.print(f"evidence, all: {total['evidence_top5']:.3f} (95%: {low:.3f} to {high:.3f})")
    for name, tops in total["search"].items():
        console.print(f"search, {name}: " + ", ".join(f"{k} {v:.3f}" for k, v in tops.items()))


def _row(group: Sequence[Outcome]) -> list[str]:
    cited = sum(outcome.citations for outcome in group)
    ranks = sorted(o.search_ranks["fused"] or POOL + 1 for o in group)
    return [
        str(len(group)),
        f"{share([within(outcome.ledger_rank) for outcome in group]):.3f}",
        f"{share([outcome.found for outcome in group]):.3f}",
        f"{sum(outcome.gold_citations for outcome in group) / max(cited, 1):.3f}",
        f"median {ranks[len(ranks) // 2]}",
    ]


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, required=True, help="the folder that holds xquad_dev")
    parser.add_argument("--questions", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, help="also write the figures and outcomes here")
    arguments = parser.parse_args()
    documents, questions = read_xquad(arguments.data / "xquad_dev")
    drawn = draw(questions, arguments.questions, arguments.seed)
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(build_store(Path(folder), documents))
        outcomes = asyncio.run(ask_all(drawn, store.open_corpus("xquad", load_embedder())))
    total = summary(outcomes, arguments.seed)
    show(outcomes, total, Console())
    if arguments.json:
        rows = [asdict(outcome) for outcome in outcomes]
        arguments.json.write_text(json.dumps({"total": total, "outcomes": rows}, indent=1))


if __name__ == "__main__":
    main()

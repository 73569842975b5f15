"""Fits the weights by which the extractive policy judges evidence, and says what they come to.

Every question of the sample corpus is run through the graph by a policy that searches on to the
end, and the measures of each ledger on the way are kept. Questions fall into two halves by a hash
of their ids: weights are fitted on one half and judged on the other, both ways. With `--data`,
questions of XQuAD are a check on text that nothing was fitted to: as they are, and once more with
the gold paragraphs taken out of the ledger. Prints the constants for `agents/sufficiency.py`,
fitted on all of the sample, and what is cited and declined at several thresholds.

    python benchmarks/calibrate_extractive.py [--data ../shared/data] [--questions 200]
"""

import argparse
import asyncio
import hashlib
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import get_args

import numpy as np
from numpy.typing import NDArray
from real_input import build_store, draw, read_xquad
from rich.console import Console
from rich.progress import track
from rich.table import Table

from crosearch.agents.actions import SearchAction, render_answer, render_search
from crosearch.agents.answers import abstain
from crosearch.agents.language_choice import choose_languages
from crosearch.agents.matching import CachedVectors
from crosearch.agents.policy import Emission, Emit, Observation
from crosearch.agents.sufficiency import ACCEPTABLE, FEATURES, SUFFICIENT, judge
from crosearch.graphs.context import LanguageChoice, SearchContext
from crosearch.graphs.search import build_search_graph
from crosearch.tools.embedder import Embedder
from crosearch.tools.languages import Language
from crosearch.tools.ledger import Evidence
from crosearch.tools.sample import sample_questions
from crosearch.tools.sample_store import sample_store
from crosearch.tools.search import HybridRetriever, open_retriever

Rows = NDArray[np.float64]
RIDGE = 0.3


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """What was measured of a ledger's entries, shape (entries, features)."""

    features: Rows
    own: NDArray[np.bool_]
    """Which entries are in the asker's language."""
    gold: NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Case:
    """A question, and the ledgers after each of its searches."""

    id: str
    kind: str
    ledgers: list[Ledger] = field(default_factory=list[Ledger])

    @property
    def half(self) -> int:
        """0 or 1, by the id."""
        return hashlib.sha256(self.id.encode()).digest()[0] % 2


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Weights and bias, the bias last."""

    own: Rows
    foreign: Rows

    def probabilities(self, ledger: Ledger) -> Rows:
        """Return each entry's probability."""
        weights = np.where(ledger.own[:, None], self.own, self.foreign)
        return logistic((with_bias(ledger.features) * weights).sum(axis=1))


class Explorer:
    """Searches as the extractive policy would that is never satisfied, and keeps the measures."""

    name = "explorer"

    def __init__(self, embedder: Embedder, is_gold: Callable[[str], bool], cases: Sequence[Case]):
        """Add ledgers to the cases: as they are to the first, without gold to a second one."""
        self._vectors = CachedVectors(embedder)
        self._is_gold = is_gold
        self._cases = cases

    async def act(self, observation: Observation, emit: Emit) -> Emission:
        """Search on while anything is left."""
        for case, evidence in zip(self._cases, self._views(observation.evidence), strict=False):
            if evidence:
                case.ledgers.append(await asyncio.to_thread(self._measure, observation, evidence))
        choice = choose_languages(observation)
        if not choice.languages:
            return Emission(text=render_answer(abstain(observation.language, thought="")))
        search = SearchAction(languages=choice.languages, query=observation.question[:1000])
        return Emission(text=render_search(search))

    def _views(self, evidence: Sequence[Evidence]) -> list[list[Evidence]]:
        without = [entry for entry in evidence if not self._is_gold(entry["document_id"])]
        return [list(evidence), without]

    def _measure(self, observation: Observation, evidence: Sequence[Evidence]) -> Ledger:
        judged = judge(observation.question, observation.language, evidence, self._vectors)
        return Ledger(
            features=np.array([judgement.features for judgement in judged]),
            own=np.array([j.entry["language"] == observation.language for j in judged]),
            gold=np.array([self._is_gold(j.entry["document_id"]) for j in judged]),
        )


async def explore(
    retriever: HybridRetriever,
    question: str,
    context: SearchContext,
    is_gold: Callable[[str], bool],
    cases: Sequence[Case],
) -> None:
    """Run one question to its end."""
    policy = Explorer(retriever.embedder, is_gold, cases)
    graph = build_search_graph(policy, retriever).compile()
    await graph.ainvoke({"question": question}, context=context)


async def sample_cases() -> list[Case]:
    """Explore the sample corpus' questions."""
    retriever = open_retriever(str(sample_store()), "sample")
    cases: list[Case] = []
    for question in track(sample_questions(), "sample"):
        case = Case(id=question.id, kind=question.kind)
        context = SearchContext(language=choice_of(question.language))
        await explore(
            retriever, question.question, context, set(question.gold).__contains__, [case]
        )
        cases.append(case)
    return cases


async def xquad_cases(data: Path, count: int) -> list[Case]:
    """Explore questions of XQuAD in all languages but their own, with and without gold."""
    documents, questions = read_xquad(data / "xquad_dev")
    cases: list[Case] = []
    with tempfile.TemporaryDirectory() as folder:
        store = build_store(Path(folder), documents)
        retriever = open_retriever(str(store), "xquad")
        for question in track(draw(questions, count, seed=2), "xquad"):
            others = [code for code in retriever.languages if code != question.language]
            context = SearchContext(
                language=choice_of(question.language), search_languages=",".join(others)
            )
            name = f"{question.paragraph} {question.text}"
            pair = [Case(id=name, kind="xquad"), Case(id=name, kind="xquad without gold")]
            paragraph = question.paragraph

            def is_gold(document: str, paragraph: str = paragraph) -> bool:
                return document.rpartition("-")[0] == paragraph

            await explore(retriever, question.text, context, is_gold, pair)
            cases += pair
    return cases


def choice_of(language: Language) -> LanguageChoice:
    """Return a language as the context's closed choice."""
    return next(choice for choice in get_args(LanguageChoice) if choice == language)


def with_bias(features: Rows) -> Rows:
    """Append a column of ones."""
    return np.column_stack([features, np.ones(len(features))])


def logistic(values: Rows) -> Rows:
    """Return 1 / (1 + exp(-x))."""
    result: Rows = 1 / (1 + np.exp(-np.clip(values, -30, 30)))
    return result


def fit(cases: Iterable[Case]) -> Rule:
    """Fit both rules to every ledger of the cases."""
    ledgers = [ledger for case in cases for ledger in case.ledgers]
    return Rule(
        own=fit_logistic(ledgers, lambda ledger: ledger.own),
        foreign=fit_logistic(ledgers, lambda ledger: ~ledger.own),
    )


def fit_logistic(ledgers: Sequence[Ledger], which: Callable[[Ledger], NDArray[np.bool_]]) -> Rows:
    """Fit a ridge logistic regression by Newton's method; the bias is not shrunk."""
    rows = with_bias(np.concatenate([ledger.features[which(ledger)] for ledger in ledgers]))
    labels = np.concatenate([ledger.gold[which(ledger)] for ledger in ledgers]).astype(float)
    penalty = np.diag([RIDGE] * (rows.shape[1] - 1) + [0.0])
    weights: Rows = np.zeros(rows.shape[1])
    for _ in range(50):
        chance = logistic(rows @ weights)
        slope = rows.T @ (labels - chance) - penalty @ weights
        curve = (rows * (chance * (1 - chance))[:, None]).T @ rows + penalty
        step: Rows = np.linalg.solve(curve, slope).astype(np.float64)
        weights = weights + step
        if np.abs(step).max() < 1e-6:
            break
    return weights


@dataclass(frozen=True, kw_only=True)
class Ending:
    """How a case ends under a rule and two thresholds."""

    answered: bool
    gold: bool
    """Whether the best entry, at the end, is gold."""
    searches: int


def replay(case: Case, rule: Rule, sufficient: float, acceptable: float) -> Ending:
    """Stop where the policy would have stopped."""
    for count, ledger in enumerate(case.ledgers, start=1):
        chances = rule.probabilities(ledger)
        best = int(chances.argmax())
        is_last = count == len(case.ledgers)
        if chances[best] >= sufficient or is_last:
            return Ending(
                answered=bool(chances[best] >= (acceptable if is_last else sufficient)),
                gold=bool(ledger.gold[best]),
                searches=count,
            )
    return Ending(answered=False, gold=False, searches=0)


def show(sample: Sequence[Case], check: Sequence[Case], console: Console) -> None:
    """Print what held-out questions come to at several thresholds."""
    rules = [fit(case for case in sample if case.half != half) for half in (0, 1)]
    cases = [*sample, *check]
    kinds = list(dict.fromkeys(case.kind for case in cases))
    table = Table(title="Held out: best entry gold and answered / declined / searches")
    for column in ("sufficient", "acceptable", *kinds):
        table.add_column(column, justify="right")
    grid = [(s, a) for s in (0.7, 0.8, 0.9) for a in (0.1, 0.2, 0.3, 0.4, 0.5, 0.6)]
    for sufficient, acceptable in [(SUFFICIENT, ACCEPTABLE), *grid]:
        cells: list[str] = []
        for kind in kinds:
            group = [case for case in cases if case.kind == kind]
            ends = [replay(c, rules[c.half], sufficient, acceptable) for c in group]
            cited = np.mean([end.answered and end.gold for end in ends])
            declined = np.mean([not end.answered for end in ends])
            searches = np.mean([end.searches for end in ends])
            cells.append(f"{cited:.2f} / {declined:.2f} / {searches:.1f}")
        table.add_row(f"{sufficient:.2f}", f"{acceptable:.2f}", *cells)
    console.print(table)


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, help="the folder that holds xquad_dev")
    parser.add_argument("--questions", type=int, default=200, help="how many of XQuAD")
    arguments = parser.parse_args()
    sample = asyncio.run(sample_cases())
    check: list[Case] = []
    if arguments.data:
        check = asyncio.run(xquad_cases(arguments.data, arguments.questions))
    console = Console(width=160)
    show(sample, check, console)
    rule = fit(sample)
    for name, weights in (("OWN", rule.own), ("FOREIGN", rule.foreign)):
        listed = ", ".join(f"{weight:.1f}" for weight in weights[:-1])
        console.print(f"{name}_WEIGHTS = ({listed})\n{name}_BIAS = {weights[-1]:.1f}")
    console.print(f"FEATURES = {FEATURES}")


if __name__ == "__main__":
    main()

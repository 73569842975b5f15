"""Fits the weights by which the extractive policy judges evidence, and says what they come to.

Every question of the sample corpus is run through the graph by a policy that searches on to the
end, and the measures of each ledger on the way are kept; then once more in stores without the
passages that answer it. With `--data`, training questions in Arabic, Chinese, Japanese, Swahili
and Thai, and questions of XQuAD, are a check on text that no weight is fitted to; XQuAD's are
others than those of `real_input.py`, and `UNTITLED_BIAS` was chosen on them. Questions fall into
two halves by a hash of their ids: weights are fitted on one half and judged on the other, both
ways. Prints the constants for `agents/sufficiency.py`, fitted on all of the sample, and what is
cited and declined at several thresholds.

    python benchmarks/calibrate_extractive.py [--data ../shared/data] [--questions 150]
"""

import argparse
import asyncio
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
from calibration_cases import Case, Ledger, Rows, native_cases, sample_cases, xquad_cases
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from crosearch.agents.sufficiency import ACCEPTABLE, FEATURES, SUFFICIENT, UNTITLED_BIAS

RIDGE = 1.0
LEAST_SPREAD = 1e-3


class Rule:
    """Weights and bias of both kinds of entries, the bias last."""

    def __init__(self, own: Rows, foreign: Rows) -> None:
        """Hold weights, shape (features + 1,)."""
        self.own = own
        self.foreign = foreign

    def probabilities(self, ledger: Ledger) -> Rows:
        """Return each entry's probability."""
        weights = np.where(ledger.own[:, None], self.own, self.foreign)
        untitled = np.where(ledger.titled, 0.0, UNTITLED_BIAS)
        return logistic((with_bias(ledger.features) * weights).sum(axis=1) + untitled)


def with_bias(features: Rows) -> Rows:
    """Append a column of ones."""
    return np.column_stack([features, np.ones(len(features))])


def logistic(values: Rows) -> Rows:
    """Return 1 / (1 + exp(-x))."""
    result: Rows = 1 / (1 + np.exp(-np.clip(values, -30, 30)))
    return result


def fit(cases: Iterable[Case]) -> Rule:
    """Fit both rules to the sample's last ledgers, each to those that have such entries."""
    sample = [case for case in cases if case.ledgers and case.kind.startswith("sample")]
    return Rule(
        own=fit_logistic(sample, lambda ledger: ledger.own),
        foreign=fit_logistic(sample, lambda ledger: ~ledger.own),
    )


def fit_logistic(cases: Sequence[Case], which: Callable[[Ledger], NDArray[np.bool_]]) -> Rows:
    """Fit a ridge logistic regression by Newton's method, on standardised measures.

    An entry counts the less the more entries its ledger has; the bias is not shrunk. A measure
    that does not vary gets no weight.
    """
    ledgers = [case.ledgers[-1] for case in cases if which(case.ledgers[-1]).any()]
    raw = np.concatenate([ledger.features[which(ledger)] for ledger in ledgers])
    labels = np.concatenate([ledger.gold[which(ledger)] for ledger in ledgers]).astype(float)
    counts = [int(which(ledger).sum()) for ledger in ledgers]
    importance = np.concatenate([np.full(count, count**-0.5) for count in counts])
    mean, spread = raw.mean(axis=0), raw.std(axis=0)
    spread[spread < LEAST_SPREAD] = np.inf
    rows = with_bias((raw - mean) / spread)
    penalty = np.diag([RIDGE] * raw.shape[1] + [0.0])
    weights: Rows = np.zeros(rows.shape[1])
    for _ in range(50):
        chance = logistic(rows @ weights)
        slope = rows.T @ (importance * (labels - chance)) - penalty @ weights
        curve = (rows * (importance * chance * (1 - chance))[:, None]).T @ rows + penalty
        step: Rows = np.linalg.solve(curve, slope).astype(np.float64)
        weights = weights + step
        if np.abs(step).max() < 1e-6:
            break
    plain = weights[:-1] / spread
    return np.append(plain, weights[-1] - plain @ mean)


class Ending:
    """How a case ends under a rule and two thresholds."""

    def __init__(self, *, probability: float, answered: bool, gold: bool, searches: int) -> None:
        """Hold the best entry's probability, and whether it is gold and is answered from."""
        self.probability = probability
        self.answered = answered
        self.gold = gold
        self.searches = searches


def replay(case: Case, rule: Rule, sufficient: float, acceptable: float) -> Ending:
    """Stop where the policy would have stopped."""
    for count, ledger in enumerate(case.ledgers, start=1):
        chances = rule.probabilities(ledger)
        best = int(chances.argmax())
        if chances[best] >= sufficient or count == len(case.ledgers):
            return Ending(
                probability=float(chances[best]),
                answered=bool(chances[best] >= acceptable),
                gold=bool(ledger.gold[best]),
                searches=count,
            )
    return Ending(probability=0.0, answered=False, gold=False, searches=0)


def show(cases: Sequence[Case], console: Console) -> None:
    """Print what held-out questions come to at several thresholds."""
    rules = [fit(case for case in cases if case.half != half) for half in (0, 1)]
    kinds = list(dict.fromkeys(case.kind for case in cases))
    table = Table(title="Held out: best entry gold and answered / declined / searches")
    for column in ("sufficient", "acceptable", *kinds):
        table.add_column(column, justify="right")
    grid = [(s, a) for s in (0.6, 0.75, 0.9) for a in (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4)]
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
    for there in ("sample", "native", "xquad"):
        show_separation(cases, rules, there, f"{there} gone", console)


def show_separation(
    cases: Sequence[Case], rules: Sequence[Rule], there: str, gone: str, console: Console
) -> None:
    """Print how well the probabilities part what has an answer from what has none."""
    group = [case for case in cases if case.kind in (there, f"{there} other")]
    ends = [replay(case, rules[case.half], SUFFICIENT, 0.0) for case in group]
    lost = [replay(c, rules[c.half], SUFFICIENT, 0.0) for c in cases if c.kind == gone]
    if not ends or not lost:
        return
    right = np.sort([end.probability for end in ends if end.gold])
    wrong = np.array([end.probability for end in lost])
    pairs = right[:, None] - wrong[None, :]
    parts = [f"{there}: gold {len(right) / len(ends):.3f}, AUC {(pairs > 0).mean():.3f}"]
    for loss in (0.01, 0.02, 0.03, 0.05):
        least = right[min(int(loss * len(ends)), len(right) - 1)]
        parts.append(f"at a loss of {loss:.2f} (from {least:.2f}) {(wrong < least).mean():.3f}")
    console.print("; ".join(parts))


async def explore_all(data: Path | None, questions: int, folder: Path) -> list[Case]:
    """Explore all questions."""
    cases = await sample_cases(folder)
    if data:
        cases += await native_cases(data, questions // 2, folder)
        cases += await xquad_cases(data, questions, folder)
    return cases


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, help="the folder that holds train and xquad_dev")
    parser.add_argument("--questions", type=int, default=150, help="how many of XQuAD")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        cases = asyncio.run(explore_all(arguments.data, arguments.questions, Path(folder)))
    console = Console(width=200)
    show(cases, console)
    rule = fit(cases)
    for name, weights in (("OWN", rule.own), ("FOREIGN", rule.foreign)):
        listed = ", ".join(f"{weight:.2f}" for weight in weights[:-1])
        console.print(f"{name}_WEIGHTS = ({listed})\n{name}_BIAS = {weights[-1]:.2f}")
    console.print(f"FEATURES = {FEATURES}")


if __name__ == "__main__":
    main()

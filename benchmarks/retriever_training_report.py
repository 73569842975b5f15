"""The tables of `retriever_training.py`, with intervals over seeds and questions."""

from collections.abc import Mapping, Sequence

import numpy as np
from retriever_measures import Values, interval
from retriever_training_cells import DOMAINS, KINDS, Cell, Result
from retriever_training_starts import MODELS
from rich import box
from rich.console import Console
from rich.table import Table

Results = Mapping[str, Result]

_SHOWN = {
    "mono": ("mono mAP", 3),
    "cross": ("cross mAP", 3),
    "pool": ("pool mAP", 3),
    "rank_distance": ("rank distance", 0),
    "own_share": ("own in top 20", 3),
}
_ROWS = {"cross": ("cross mAP", 3), "pool": ("pool mAP", 3)}


def print_report(console: Console, cells: Sequence[Cell], results: Results) -> None:
    """Print all tables."""
    for model in MODELS:
        of_model = [c for c in cells if c.part == "questions" and c.model == model]
        if of_model:
            _print_questions(console, model, of_model, results)
    _print_domains(console, [cell for cell in cells if cell.part == "domains"], results)


def _print_questions(console: Console, model: str, cells: Sequence[Cell], results: Results) -> None:
    table = _table(f"{model}: question to answer sentence, XQuAD-R", "batches", *_headings(_SHOWN))
    found = {kind: _values(cells, results, kind, "xquad") for kind in (None, *KINDS)}
    for kind, values in found.items():
        cells_of_row = [_shown(values[name], digits) for name, (_, digits) in _SHOWN.items()]
        table.add_row(kind or "start", *cells_of_row)
    table.add_section()
    for kind in ("monolingual", "cross-lingual"):
        differences = [
            _shown(_minus(found["hybrid"][name], found[kind][name]), digits, sign=True)
            for name, (_, digits) in _SHOWN.items()
        ]
        table.add_row(f"hybrid - {kind}", *differences)
    console.print(table)


def _print_domains(console: Console, cells: Sequence[Cell], results: Results) -> None:
    for domain in DOMAINS:
        (other,) = set(DOMAINS) - {domain}
        title = f"static: tested on {domain} that no training saw"
        headings = [
            f"{name}, {trained}"
            for name in ("cross mAP", "pool mAP")
            for trained in (f"trained on {domain}", f"on {other}", "loss")
        ]
        table = _table(title, "batches", *headings)
        start = _values(cells, results, None, domain)
        alone = [_shown(start[name], digits) for name, (_, digits) in _ROWS.items()]
        table.add_row("start", alone[0], "", "", alone[1], "", "")
        for kind in KINDS:
            near = _values([c for c in cells if c.data == domain], results, kind, domain)
            far = _values([c for c in cells if c.data == other], results, kind, domain)
            row: list[str] = []
            for name, (_, digits) in _ROWS.items():
                row += _shown(near[name], digits), _shown(far[name], digits)
                row.append(_shown(_minus(near[name], far[name]), digits, sign=True))
            table.add_row(kind, *row)
        console.print(table)


def _values(
    cells: Sequence[Cell], results: Results, kind: str | None, test: str
) -> dict[str, list[Values]]:
    """Gather a kind's values of each measure: those of the questions, for each seed."""
    found = [results[c.name]["tests"][test] for c in cells if c.kind == kind and c.name in results]
    return {name: [np.asarray(one[name]) for one in found] for name in _SHOWN}


def _minus(left: Sequence[Values], right: Sequence[Values]) -> list[Values]:
    """Subtract seed by seed and question by question."""
    return [a - b for a, b in zip(left, right, strict=False)]


def _shown(values: Sequence[Values], digits: int, *, sign: bool = False) -> str:
    if not values:
        return "-"
    mean, low, high = interval(values)
    form = f"{'+' if sign else ''},.{digits}f"
    return f"{mean:{form}} [{low:{form}}, {high:{form}}]"


def _headings(shown: Mapping[str, tuple[str, int]]) -> list[str]:
    return [heading for heading, _ in shown.values()]


def _table(title: str, first: str, *headings: str) -> Table:
    table = Table(title=title, box=box.SIMPLE_HEAD, pad_edge=False, title_justify="left")
    table.add_column(first, no_wrap=True)
    for heading in headings:
        table.add_column(heading, justify="right")
    return table

"""How reports of comparisons write figures and tables."""

from collections.abc import Sequence

from crosearch.evals.policies_bootstrap import Estimate


def shown(estimate: Estimate | None, *, digits: int = 3, with_interval: bool = False) -> str:
    """Write a figure; `-` where there is none."""
    if estimate is None:
        return "-"
    value = f"{estimate['value']:.{digits}f}"
    if not with_interval:
        return value
    return f"{value} [{estimate['low']:.{digits}f}, {estimate['high']:.{digits}f}]"


def difference_cells(difference: Estimate) -> list[str]:
    """Write how far two figures differ, and the interval of that, as two cells."""
    return [
        f"{difference['value']:+.3f}",
        f"[{difference['low']:+.3f}, {difference['high']:+.3f}]",
    ]


def markdown_table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Write a table's lines; its first row are names, its first column is what rows are called."""
    header, *body = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    ruler = ["---", *("---:" for _ in header[1:])]
    return [f"| {' | '.join(row)} |" for row in (header, ruler, *body)]

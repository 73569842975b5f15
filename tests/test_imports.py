"""Imports go down the folders only, and nothing but `crosearch` is imported by name."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ORDER = ["tools", "agents", "graphs", "training", "evals", "cli"]
SOURCES = sorted(path for folder in ORDER for path in (ROOT / folder).glob("*.py"))


def imported_modules(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_folder_imports_only_what_lies_below_it(path: Path) -> None:
    allowed = ORDER[: ORDER.index(path.parent.name) + 1]
    inner = {name.split(".")[1] for name in imported_modules(path) if name.startswith("crosearch.")}
    assert inner <= set(allowed)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_no_folder_is_imported_by_its_bare_name(path: Path) -> None:
    assert not {name.split(".")[0] for name in imported_modules(path)} & set(ORDER)

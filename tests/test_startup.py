"""Asking for help loads nothing heavy."""

import subprocess
import sys

import pytest

HEAVY = {
    "babel",
    "chromadb",
    "langchain_core",
    "langgraph",
    "llama_index",
    "numpy",
    "openai",
    "pypdf",
    "sentence_transformers",
    "tantivy",
    "tokenizers",
    "torch",
    "transformers",
}

PROGRAM = """
import sys
from crosearch.cli.main import app

sys.argv = ["crosearch", *{arguments!r}]
try:
    app()
except SystemExit:
    print("LOADED", *{{name.partition(".")[0] for name in sys.modules}})
"""


def loaded_by(*arguments: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(arguments=arguments)],
        check=True,
        capture_output=True,
        text=True,
    )
    (line,) = (line for line in done.stdout.splitlines() if line.startswith("LOADED"))
    return set(line.split())


@pytest.mark.parametrize(
    "arguments", [("--help",), ("ask", "--help"), ("ingest", "--help"), ("--version",)]
)
def test_help_loads_nothing_heavy(arguments: tuple[str, ...]) -> None:
    assert not loaded_by(*arguments) & HEAVY


def test_a_question_that_cannot_be_asked_opens_no_index() -> None:
    assert not loaded_by("ask", " ") & {"chromadb", "tantivy", "torch"}

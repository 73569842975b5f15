"""Runs the command line for a test: in this process, or in one of its own."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from crosearch.cli.commands import commands

COMMAND = [sys.executable, "-m", "crosearch.cli.main"]


def crosearch(*arguments: str, input: str | bytes | None = None) -> Result:
    """Run a command here; an exception that it did not turn into a line fails the test."""
    return CliRunner().invoke(commands, arguments, input=input, catch_exceptions=False)


def printed_json(result: Result) -> dict[str, Any]:
    """Read the one object that a command printed, and nothing beside it."""
    assert result.exit_code == 0, result.stderr
    value = json.loads(result.stdout)
    assert isinstance(value, dict)
    return value


def refusal(result: Result) -> str:
    """Return the one line of a command that refused what was asked of it."""
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith("crosearch: ")
    assert result.stderr.count("\n") == 1
    return result.stderr


def start(
    *arguments: str, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> subprocess.Popen[str]:
    """Start a command as a process that Ctrl-C reaches, even where the tests ignore it themselves.

    A shell's background jobs ignore SIGINT, and hand that on to what they start.
    """
    return subprocess.Popen(
        [*COMMAND, *arguments],
        cwd=cwd,
        env={**os.environ, **(env or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )

"""Runs `crosearch` commands for `learn.py`, in a folder of its own."""

import shlex
import subprocess
import sys
import time
from pathlib import Path

PASSAGES, TOKENS = 2, 96
_SPARE = 3
"""Turns beside the searches: one to answer, and two to be wrong in."""


class Commands:
    """Where everything lies, and how it is searched."""

    def __init__(self, folder: Path, searches: int) -> None:
        """Use a folder, which is made where it is missing; a run may search so many times."""
        self.folder, self._searches = folder, searches
        self.world, self.store = folder / "world", folder / "store"
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def searching(self) -> list[str]:
        """The options that say what is searched, and how far; the same for all policies."""
        return [
            "--corpus", "facts", "--store", str(self.store), "--translator", "lexicon",
            "--passages", str(PASSAGES), "--max-searches", str(self._searches),
            "--max-turns", str(self._searches + _SPARE), "--max-tokens", str(TOKENS),
        ]  # fmt: skip

    def questions(self, split: str) -> Path:
        """Return the file of a split's questions."""
        return self.world / "questions" / f"{split}.jsonl"

    def model(self, name: str) -> Path:
        """Return the folder of a trained policy."""
        return self.folder / "models" / name

    def run(self, *arguments: str | Path) -> str:
        """Run a command, and return its standard output; what it tells of its progress is shown.

        Raises:
            SystemExit: It failed.
        """
        told = [str(argument) for argument in arguments]
        print("$ crosearch", shlex.join(told), flush=True)
        began = time.perf_counter()
        done = subprocess.run(
            [str(Path(sys.executable).with_name("crosearch")), *told],
            stdout=subprocess.PIPE,
            text=True,
        )
        print(f"  {told[1]} {told[-1]}: {time.perf_counter() - began:.0f} s", flush=True)
        if done.returncode:
            raise SystemExit(done.returncode)
        return done.stdout

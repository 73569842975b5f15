"""Which of its pieces a tiny policy can copy: each is put in the place of a piece of an answer.

    python benchmarks/copied_pieces.py --policy tiny --policy build/start

A piece that is never copied, whatever the evidence, garbles every name that holds it. Lessons are
of a round that no training comes to; the next piece is the likeliest one, all before it given.
"""

import argparse
import asyncio
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from rich.table import Table
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from crosearch.agents.local_model import load_causal_lm
from crosearch.agents.tiny import tiny_folder
from crosearch.training.facts import read_facts
from crosearch.training.tiny_lessons import Lesson, render_lessons
from crosearch.training.tiny_runs import Demonstration, RunSettings, demonstrate
from crosearch.training.tiny_scramble import Scrambler, tokens_between

ROUND = 1_000_000
RUNS = 300
TRIES = 4
"""Lessons that each piece is put into."""
BATCH = 32
Counts = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a lesson's answer copies a piece out of its evidence."""

    lesson: Lesson
    at: int

    def filled(self, piece: int) -> torch.Tensor:
        """Put another piece there, and wherever else the same one stands."""
        ids = self.lesson.ids
        return torch.from_numpy(np.where(ids == ids[self.at], piece, ids)).long()


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--policy", action="append", required=True, help="tiny, or a folder")
    parser.add_argument("--languages", default="en,de,fr,es,it,nl", help="of the lessons")
    parser.add_argument("--pieces", type=int, default=1_200, help="drawn of each vocabulary")
    arguments = parser.parse_args()
    settings = RunSettings(languages=tuple(arguments.languages.split(",")), runs=RUNS)
    runs = asyncio.run(demonstrate(read_facts(), settings, ROUND))
    table = Table("policy", "pieces", "copied", "never copied")
    for policy in arguments.policy:
        folder = tiny_folder() if policy == "tiny" else Path(policy)
        copied = count_copies(folder, runs, arguments.pieces)
        never = int((copied == 0).sum())
        table.add_row(
            policy,
            f"{len(copied):,}",
            f"{copied.mean() / TRIES:.3f}",
            f"{never / len(copied):.3f} ({never})",
        )
    Console().print(table)


def count_copies(folder: Path, runs: Sequence[Demonstration], pieces: int) -> Counts:
    """Count of each drawn piece in how many lessons it is copied, of `TRIES`; shape (pieces,)."""
    model, tokenizer = load_causal_lm(str(folder), adapter=None, device="cpu")
    is_name = Scrambler(tokenizer, 1.0).is_content
    places = list(find_places(render_lessons(runs, tokenizer), tokenizer, is_name))
    draw = random.Random(0)
    named = np.flatnonzero(is_name).tolist()
    drawn = draw.sample(named, min(pieces, len(named)))
    tasks = [(piece, place) for piece in drawn for place in draw.sample(places, TRIES)]
    copied: Counts = np.reshape(copies(model, tasks), (-1, TRIES)).sum(axis=1)
    return copied


def find_places(
    lessons: Sequence[Lesson], tokenizer: PreTrainedTokenizerBase, is_name: NDArray[np.bool_]
) -> Iterator[Place]:
    """Find the pieces of names in answers that stand in what was read before, too."""
    opened, closed = (tokenizer.get_vocab()[piece] for piece in ("<answer>", "</answer>"))
    for lesson in lessons:
        ids = lesson.ids
        inside = tokens_between(ids, opened, closed)
        read = np.isin(ids, ids[~lesson.learnt])
        for at in np.flatnonzero(inside & lesson.learnt & read & is_name[ids]):
            yield Place(lesson=lesson, at=int(at))


@torch.inference_mode()
def copies(model: PreTrainedModel, tasks: Sequence[tuple[int, Place]]) -> list[bool]:
    """Tell of each piece and place whether the model copies the piece there."""
    copied: list[bool] = []
    for first in track(range(0, len(tasks), BATCH), "reading lessons"):
        batch = tasks[first : first + BATCH]
        filled = [place.filled(piece) for piece, place in batch]
        # The padding lies behind, where nothing that counts looks.
        ids = torch.nn.utils.rnn.pad_sequence(filled, batch_first=True)
        hidden = model.base_model(input_ids=ids, use_cache=False).last_hidden_state
        before = torch.tensor([place.at - 1 for _, place in batch])
        logits = cast("torch.Tensor", model.lm_head(hidden[torch.arange(len(batch)), before]))
        wanted = torch.tensor([piece for piece, _ in batch])
        copied += (logits.argmax(dim=-1) == wanted).tolist()
    return copied


if __name__ == "__main__":
    main()

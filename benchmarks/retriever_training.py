"""Which batches make which retriever: monolingual, cross-lingual, and a hybrid of both.

    python benchmarks/retriever_training.py --data ../shared/data --out build/retriever_training

At equal steps and from a common start, a static model and a small transformer are trained on the
same question–sentence pairs (SQuAD, put into ten other languages word by word) with each kind of
batch and several seeds, and tested on XQuAD-R. Then the static model is trained on news (NTREX)
or on other texts (TICO-19), and tested on rows of both that it was not trained on.

Every cell is one training. Its figures are kept in the folder: a run that was ended goes on, and a
finished one prints its tables again. `--quick` shows in a minute that everything works; its
figures mean nothing.
"""

import argparse
import os
import time
from pathlib import Path

_WIDE = 160


def main() -> None:
    """Run what is not known yet, and print the tables."""
    options = _parser().parse_args()
    os.environ.update(OMP_NUM_THREADS="1", RAYON_NUM_THREADS="1", TOKENIZERS_PARALLELISM="false")
    # Imported once the threads are held to one.
    from retriever_training_cells import Bench, plan_cells
    from retriever_training_data import make_pairs, make_tokenizer
    from retriever_training_report import print_report
    from retriever_training_starts import FULL, QUICK
    from rich.console import Console

    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = _WIDE
    schedule = QUICK if options.quick else FULL
    folder: Path = options.out / ("quick" if options.quick else "full")
    began = time.perf_counter()
    make_pairs(options.data, folder / "pairs", questions=schedule.questions)
    if not (folder / "tokenizer.json").exists():
        make_tokenizer(folder / "pairs", folder / "tokenizer.json", schedule.pieces)
    console.print(f"pairs and tokenizer after {time.perf_counter() - began:,.0f} s")
    bench = Bench(options.data, folder, schedule)
    cells = plan_cells(1 if options.quick else options.seeds)
    for number, cell in enumerate(cells, start=1):
        if cell.name not in bench.results:
            result = bench.run(cell)
            console.print(
                f"{number} of {len(cells)}: {cell.name}, {result['seconds']:,.0f} s, "
                f"{result['pairs_per_second']:,.0f} pairs a second"
            )
    print_report(console, cells, bench.results)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Compare kinds of batches.")
    parser.add_argument("--data", type=Path, required=True, help="the project's data folder")
    parser.add_argument("--out", type=Path, required=True, help="folder of pairs and figures")
    parser.add_argument("--seeds", type=int, default=3, help="trainings of a kind (default: 3)")
    parser.add_argument("--quick", action="store_true", help="see in a minute that it works")
    return parser


if __name__ == "__main__":
    main()

"""Measures rollouts: policies, collection, log and memory, against what was asked of them.

    python benchmarks/rollouts.py --data ../shared/data --work FOLDER
    python benchmarks/rollouts.py --only policy,trl --quick
    python benchmarks/rollouts.py --only memory --work FOLDER    # an hour; goes on where it ended

The first run teaches a tiny model (about 5 million parameters, minutes) and keeps it in FOLDER:

- policy: runs a second with the local policy, 64 at once against one at a time, beside the gain
  of bare batched decoding of the same turns;
- trl: the same against the generation loop of TRL's `GRPOTrainer` with a search tool;
- overhead: what graph, ledger and log cost over a bare loop of policy and search;
- extractive: runs a second with the extractive policy on 20,000 passages, and where time goes;
- resume: the time of `crosearch collect` on a finished log of 100,000 records;
- ray: two of Ray's workers against one;
- memory: RSS over the first and the last thousand of 50,000 runs.

Repeats alternate between what is compared, and ratios are taken within each repeat.
"""

import argparse
import json
import tempfile
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import cast

from rich.console import Console
from rollout_report import Report
from rollout_setting import Setting

PARTS = ("policy", "trl", "overhead", "extractive", "resume", "ray", "memory")
TAUGHT = ("policy", "trl", "overhead", "ray")
"""Parts that need the tiny model."""


def main() -> None:
    """Teach where need be, run the parts that were asked for, and print the table."""
    arguments = _read_arguments()
    with tempfile.TemporaryDirectory() as temporary:
        work = (arguments.work or Path(temporary)).resolve()
        setting = _setting(arguments, work)
        report = Report()
        if not set(TAUGHT).isdisjoint(arguments.only):
            from rollout_teacher import teach

            teach(setting, report)
        for part in arguments.only:
            _measure(part)(setting, report)
    report.show(Console(width=120))
    if arguments.json:
        text = json.dumps(report.plain(), ensure_ascii=False, indent=1)
        arguments.json.write_text(text + "\n", encoding="utf-8")


def _measure(part: str) -> Callable[[Setting, Report], None]:
    """Find a part; each loads what it alone needs, such as TRL."""
    module = import_module(f"rollout_{part}")
    return cast(Callable[[Setting, Report], None], getattr(module, f"measure_{part}"))


def _read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    add = parser.add_argument
    add("--only", type=_parts, default=PARTS, metavar="PART,…", help=", ".join(PARTS))
    add("--quick", action="store_true", help="a tenth of everything, once: does it work?")
    add("--work", type=Path, help="keep the model, stores and logs in this folder")
    add("--data", type=Path, help="folder of the data sets, for the large corpus")
    add("--json", type=Path, help="also write the figures here")
    add("--questions", type=int, default=256)
    add("--concurrency", type=int, default=64, help="of the tiny policy's runs")
    add("--repeats", type=int, default=3)
    add("--passages", type=int, default=20_000, help="of the large corpus, in five languages")
    add("--runs", type=int, default=50_000, help="of the memory part")
    add("--records", type=int, default=100_000, help="of the resume part")
    add("--threads", type=int, default=2, help="of torch")
    add("--temperature", type=float, default=0.0, help="of the tiny policy; 0: the likeliest token")
    return parser.parse_args()


def _parts(text: str) -> tuple[str, ...]:
    asked = text.split(",")
    for part in asked:
        if part not in PARTS:
            raise argparse.ArgumentTypeError(f"no part is named {part!r}; there are {PARTS}")
    return tuple(part for part in PARTS if part in asked)


def _setting(arguments: argparse.Namespace, work: Path) -> Setting:
    share = 10 if arguments.quick else 1
    return Setting(
        work=work,
        data=arguments.data,
        questions=max(16, arguments.questions // share),
        concurrency=arguments.concurrency // (4 if arguments.quick else 1),
        repeats=1 if arguments.quick else arguments.repeats,
        passages=arguments.passages // share,
        runs=arguments.runs // share,
        records=arguments.records // share,
        threads=arguments.threads,
        temperature=arguments.temperature,
    )


if __name__ == "__main__":
    main()

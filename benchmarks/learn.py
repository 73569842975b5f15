"""The whole story on facts: a world, a policy that gives up too early, training, a comparison.

Every step is a `crosearch` command, shown as it is run; what is done is not done again, so a run
that was ended goes on. The small setting takes nine to twelve minutes on two cores; the full one,
with three seeds and all arms, an hour and a half, after 65 minutes for a start of its own, and
makes the second table of the README. Most of the start's lessons go on after a third of the first
misses, the last ones after a fifth, so that it does so now and then and not by rule:

    make learn OUT=build/learn
    crosearch train tiny --languages en,de,fr,es,it,nl --later-share 0.9 --minutes 50 \
        --out build/start
    crosearch train tiny --languages en,de,fr,es,it,nl --later-share 0.9 --second-share 0.2 \
        --minutes 65 --out build/start
    OMP_NUM_THREADS=1 python benchmarks/learn.py --setting full --policy build/start --jobs 2 \
        --out build/learn-full

It leaves, beside the models, `learn.json`, `learn.md` and the curves of each training.
"""

import argparse
import json
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from learn_arms import arms_of, train_arm
from learn_commands import Commands
from learn_report import Comparison, write_report
from learn_settings import SETTINGS, LearnSetting

SPLITS = ("test", "new-languages")
STRATEGIES = ("free", "own", "everywhere", "untranslated", "unaligned")


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--out", type=Path, required=True, help="gets everything")
    parser.add_argument("--setting", choices=sorted(SETTINGS), default="small")
    parser.add_argument("--policy", default="tiny", help="what is trained")
    parser.add_argument("--jobs", type=int, default=1, help="trainings, and comparisons, at once")
    arguments = parser.parse_args()
    began = time.perf_counter()
    setting = SETTINGS[arguments.setting]
    commands = Commands(arguments.out, setting.searches)
    make_world(commands, setting)
    arms = arms_of(setting)
    with ThreadPoolExecutor(arguments.jobs) as jobs:
        list(jobs.map(lambda arm: train_arm(commands, setting, arm, arguments.policy), arms))
        # The seeds of an arm go by one title.
        trained = [(arm.kind, commands.model(arm.name)) for arm in arms]
        models = [("start", arguments.policy), *trained]
        asked = {split: jobs.submit(compare, commands, setting, models, split) for split in SPLITS}
        if setting.ablations:
            asked["ablations"] = jobs.submit(
                compare, commands, setting, trained[:1], "test", STRATEGIES, name="ablations"
            )
    compared = {name: made.result() for name, made in asked.items()}
    write_report(arguments.out, setting, arms, compared)
    print(f"{arguments.out}: {time.perf_counter() - began:.0f} s")


def make_world(commands: Commands, setting: LearnSetting) -> None:
    """Build the world, and ingest its passages."""
    commands.run("facts", "build", *setting.world, "--out", commands.world)
    commands.run(
        "ingest", commands.world / "passages.jsonl", "--corpus", "facts", "--store", commands.store
    )


def compare(
    commands: Commands,
    setting: LearnSetting,
    models: Sequence[tuple[str, str | Path]],
    split: str,
    strategies: Sequence[str] = ("free",),
    *,
    name: str = "",
) -> Comparison:
    """Ask every policy the split's questions, and return what `crosearch eval policy` tells.

    Its report lies in `compared/NAME`, the split's where no name is given.
    """
    told = commands.run(
        "eval",
        "policy",
        commands.questions(split),
        *(part for title, model in models for part in ("--policy", f"{title}={model}")),
        *(part for strategy in strategies for part in ("--strategy", strategy)),
        *setting.evaluation,
        *commands.searching,
        "--json",
        "--out",
        commands.folder / "compared" / (name or split),
    )
    result: Comparison = json.loads(told)
    return result


if __name__ == "__main__":
    main()

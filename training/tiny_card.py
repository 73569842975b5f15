"""The card of a tiny policy: what it is, what it was made of, how good it is, what it cannot do."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from crosearch.training.tiny_runs import CONTEXT, RunSettings

if TYPE_CHECKING:
    from crosearch.training.tiny_settings import TinyReport

_CARD = """\
# The tiny policy

A language model of {parameters:,} parameters that decides where to search and what to answer. It \
is small enough to be trained by reinforcement on two cores, and is there for that and for trying \
things out, not to answer anybody's questions. `--policy tiny` takes the one that comes with \
CroSearch, `--policy DIR` any other.

- `model.safetensors`: {pieces:,} pieces and {layers} layers of {width} numbers, of the Qwen3 \
architecture of `transformers`, in bfloat16; random weights to begin with, nothing pretrained.
- `tokenizer.json`: byte-level pieces, with a chat template of its own. What the protocol and the \
graph write is one piece a phrase; characters of scripts without spaces stand alone.
- `crosearch.json`: it is made for the brief instructions.

Languages: {languages}.

## How it was made

`crosearch train tiny`{facts}: {steps:,} steps, {lessons:,} lessons \
({tokens:,} tokens, {per_lesson:.0f} a lesson), {minutes:.0f} minutes with waiting for lessons.

The lessons are runs of a demonstrating policy in CroSearch's own graph, over worlds of facts that \
are shuffled anew for every {runs:,} lessons: what they tell is mostly false, and could only be \
copied out of the evidence. The demonstrating policy searches in the question's language first. \
Where a passage tells the fact it copies the name and cites the passage; after a miss it gives up, \
but after {second:.0%} of the first misses and {later:.0%} of the later ones it goes on to another \
language, drawn evenly (in the last lessons, should these shares have been changed on the way). \
{led:.0%} of its runs go on after the first miss whatever that share, and \
mostly where nothing is told: that turn is not learnt, but what comes after it is, so that names \
are copied late in a run, too. {slips:.0%} of its turns are slips, as a model makes: not learnt, \
but what it does after them is. In {narrow:.0%} of the lessons only some languages can be \
searched, and {mixed:.0%} of the questions are asked in another language than the answer is wanted \
in. In most readings of a lesson the names are swapped for drawn pieces besides, the same \
throughout the lesson.

## What it can do

On real facts about subjects that no lesson was about, asked in all its languages, \
{passages} passages a search and at most {searches} searches; exact match with the name in the \
asker's language, {questions} questions of each kind:

| | |
|---|---|
| told in the asker's language, greedy | {own:.3f} |
| told in other languages only, greedy | {other:.3f} |
| told in other languages only, at temperature 1 | {sampled:.3f} |
| first searches in vain that were followed by another, at temperature 1 | {after_miss:.3f} |
| first searches that found it and were followed by another, at temperature 1 | {after_hit:.3f} |
| turns that were no action, at temperature 1 | {mistakes:.3f} |

That it gives up after most misses is on purpose: going on, and where to, is what reinforcement is \
to teach (`crosearch train grpo --policy tiny`).

## What it cannot do

- It knows nothing, and says nothing but names that stand in the evidence. Questions unlike those \
of `crosearch facts build`, longer passages, or more than a few of them are foreign to it.
- It answers a question that is told in another language only through a gloss in the asker's: \
search with `--translator lexicon`, and with `--passages {passages}`.
- It searches for the question as it was asked, word by word, and in one language at a time.
- Sampled at temperature 1 it garbles some of the names that it copies.
- It does not weigh sources: of two passages that disagree it takes one.

## Data and licences

| data | used as | licence |
|---|---|---|
| Wikidata: facts and labels, as collected in coastalcph/mpararel | names and relations | CC0 1.0 |
| CroSearch's phrasings | questions and passages | Apache-2.0 |
| CroSearch's lexicon (see its card) | glosses in the lessons' evidence | as its card says |

The names are Wikidata's labels with whatever leanings its editors have. No text of a person's was \
read. The weights are under CroSearch's licence, Apache-2.0.
"""


def write_card(
    folder: Path, runs: RunSettings, report: "TinyReport", *, shipped_facts: bool
) -> None:
    """Write the card as the folder's `README.md`.

    Args:
        folder: The model's, with the model in it.
        runs: What its lessons were like.
        report: What came of it.
        shipped_facts: Whether the facts were those that come with the package.
    """
    test = report["test"]
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    text = _CARD.format(
        facts="" if shipped_facts else " on facts of its maker's (`--labels`, `--facts`)",
        parameters=report["parameters"],
        pieces=report["pieces"],
        layers=config["num_hidden_layers"],
        width=config["hidden_size"],
        languages=" ".join(sorted(runs.languages)),
        steps=report["step"],
        lessons=report["lessons"],
        tokens=report["tokens"],
        per_lesson=report["tokens_per_lesson"],
        minutes=report["seconds"] / 60,
        runs=runs.runs,
        second=runs.habits.second_share,
        later=runs.habits.later_share,
        led=runs.led_share,
        slips=runs.habits.slip_share,
        narrow=runs.narrow_share,
        mixed=runs.mixed_share,
        passages=CONTEXT.passages,
        searches=CONTEXT.max_searches,
        questions=test["questions"],
        own=test["own_exact_match"],
        other=test["other_exact_match"],
        sampled=test["other_sampled"],
        after_miss=test["second_after_miss"],
        after_hit=test["second_after_hit"],
        mistakes=test["mistakes"],
    )
    (folder / "README.md").write_text(text, encoding="utf-8")

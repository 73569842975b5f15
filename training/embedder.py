"""Train the default embedder: `python -m crosearch.training.embedder --data D --out O`.

A static table of subword vectors (what sentence-transformers calls `StaticEmbedding`),
trained from nothing on parallel sentences, bilingual terms and question-answer pairs;
questions reach other languages by word-by-word translation through the lexicon.

Left out: anything pretrained, hard negatives (questions of one passage side by side in a
batch gained nothing), and a validation loop (benchmarks/embedder.py measures the result on
held-out data).

The tokenizer and the table's state are kept in a folder of checkpoints; the same command
goes on from there after a kill, and ends with the same weights. The seed decides all: on
one kind of processor, with OMP_NUM_THREADS=1 as `make embedder` sets it (sums by several
threads differ in their last bits), two runs write the same bytes.
"""

import argparse
import json
import logging
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from tokenizers import Tokenizer

from crosearch.tools.errors import UsageError
from crosearch.tools.static_embedder import TOKENIZER_FILE, save_static_embedder
from crosearch.training.embedder_model import Floats, Pairs, TokenTable
from crosearch.training.embedder_pairs import Source, TextPool, TokenPool, TranslationSource
from crosearch.training.embedder_pieces import piece_features
from crosearch.training.embedder_refine import refine
from crosearch.training.embedder_sources import (
    MANY_WAY,
    TERMS,
    make_sources,
    make_tokenizer,
    read_corpus,
)
from crosearch.training.embedder_tokenizer import save_tokenizer

_LOG = logging.getLogger(__name__)

_STATE = "state.npz"
_TRAINED = ("rows", "square", "updates")


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What decides the weights, together with the data."""

    pieces: int = 80_000
    dimension: int = 256
    steps: int = 20_000
    batch: int = 1024
    rate: float = 0.03
    """Length of a step at the start, for each number of a row; it falls to zero in a line."""
    inverse_temperature: float = 10.0
    token_dropout: float = 0.1
    seed: int = 1


def train(data: Path, checkpoints: Path, recipe: Recipe, *, every: int = 500) -> Floats:
    """Return token vectors, trained on from the checkpoint in a folder.

    Args:
        data: The project's data folder (`train/`, `wikidata_labels.jsonl`).
        checkpoints: Folder of the tokenizer and the state; made where absent.
        recipe: What decides the weights.
        every: Steps between two checkpoints, and two lines of progress.

    Raises:
        UsageError: `checkpoints` holds another recipe's state or a damaged one, `data` lacks a
            file, or the loss is not a number.
    """
    _claim(checkpoints, recipe)
    tokenizer, tokens, sources = _prepare(data, checkpoints, recipe)
    table, step = _resume(checkpoints, recipe, tokenizer, tokens)
    losses: list[float] = []
    while step < recipe.steps:
        losses.append(train_step(table, tokens, sources, recipe, step))
        if not np.isfinite(losses[-1]):
            raise UsageError(
                f"the loss is {losses[-1]} at step {step} with a rate of {recipe.rate:g}: "
                "take a smaller --rate, and other --checkpoints"
            )
        step += 1
        if step % every == 0 or step == recipe.steps:
            _save(checkpoints / _STATE, table, step)
            _LOG.info("step %d of %d, loss %.3f", step, recipe.steps, np.mean(losses))
            losses.clear()
    kinds = {s.name: s for s in sources if isinstance(s, TranslationSource)}
    terms = [source for name, source in kinds.items() if name in TERMS]
    return refine(table.weights(), tokens, kinds[MANY_WAY], terms)


def train_step(
    table: TokenTable, tokens: TokenPool, sources: Sequence[Source], recipe: Recipe, step: int
) -> float:
    """Take one step on a batch of one source, and return its loss in nats a pair."""
    # Seeded by the step, so that a resumed run draws what an unbroken one draws.
    rng = np.random.default_rng([recipe.seed, step])
    shares = np.array([source.share for source in sources])
    source = sources[rng.choice(len(sources), p=shares / shares.sum())]
    drawn = source.draw(rng, recipe.batch)
    left = tokens.bags(drawn.left, recipe.token_dropout, rng)
    right = tokens.bags(drawn.right, recipe.token_dropout, rng)
    return table.step(
        Pairs(left=left, right=right, same=drawn.same),
        inverse_temperature=recipe.inverse_temperature,
        rate=recipe.rate * (1 - step / recipe.steps),
    )


def _claim(checkpoints: Path, recipe: Recipe) -> None:
    checkpoints.mkdir(parents=True, exist_ok=True)
    path = checkpoints / "recipe.json"
    if path.exists():
        held = json.loads(path.read_text(encoding="utf-8"))
        if held != asdict(recipe):
            raise UsageError(
                f"{checkpoints} holds checkpoints of another recipe ({held}): "
                "delete the folder, or name another one with --checkpoints"
            )
    path.write_text(json.dumps(asdict(recipe), indent=1), encoding="utf-8")


def _prepare(
    data: Path, checkpoints: Path, recipe: Recipe
) -> tuple[Tokenizer, TokenPool, list[Source]]:
    try:
        corpus = read_corpus(data)
    except FileNotFoundError as error:
        raise UsageError(f"{data} is not the project's data folder: {error}") from error
    path = checkpoints / TOKENIZER_FILE
    if not path.exists():
        _LOG.info("training the tokenizer; this takes minutes and shows no progress")
        save_tokenizer(make_tokenizer(corpus, recipe.pieces, recipe.seed), path)
    _LOG.info("tokenizing the training texts; this takes minutes")
    tokenizer = Tokenizer.from_file(str(path))
    pool = TextPool()
    sources = make_sources(corpus, pool, recipe.seed)
    return tokenizer, pool.tokenize(tokenizer), sources


def _resume(
    checkpoints: Path, recipe: Recipe, tokenizer: Tokenizer, tokens: TokenPool
) -> tuple[TokenTable, int]:
    size = tokenizer.get_vocab_size()
    features = piece_features([tokenizer.id_to_token(number) or "" for number in range(size)])
    table = TokenTable.start(features, tokens.frequencies(size), recipe.dimension, recipe.seed)
    path = checkpoints / _STATE
    if not path.exists():
        return table, 0
    try:
        with np.load(path, allow_pickle=False) as held:
            step = int(held["step"])
            for name in _TRAINED:
                setattr(table, name, held[name])
    except (OSError, ValueError, KeyError, BadZipFile) as error:
        raise UsageError(f"{path} is damaged ({error}): delete it to start again") from error
    _LOG.info("going on from step %d", step)
    return table, step


def _save(path: Path, table: TokenTable, step: int) -> None:
    partial = path.with_suffix(".partial")
    held = {name: getattr(table, name) for name in _TRAINED}
    with partial.open("wb") as file:
        np.savez(file, allow_pickle=False, step=np.int64(step), **held)
    os.replace(partial, path)


def main(arguments: Sequence[str] | None = None) -> None:
    """Train as the command line says, and write the artefact."""
    parser = _parser()
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    recipe = Recipe(**{name: getattr(options, name) for name in _OPTIONS})
    try:
        vectors = train(options.data, options.checkpoints, recipe)
    except UsageError as error:
        parser.error(str(error))
    tokenizer_json = (options.checkpoints / TOKENIZER_FILE).read_text(encoding="utf-8")
    fingerprint = save_static_embedder(options.out, vectors, tokenizer_json)
    _LOG.info("wrote %s, fingerprint %s", options.out, fingerprint)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m crosearch.training.embedder",
        description="Train the default embedder and write it; run again to go on after a kill.",
    )
    parser.add_argument("--data", type=Path, required=True, help="the project's data folder")
    parser.add_argument("--out", type=Path, required=True, help="folder of the artefact")
    parser.add_argument(
        "--checkpoints",
        type=Path,
        default=Path("build/embedder"),
        help="folder of the tokenizer and the state (default: %(default)s)",
    )
    for name, meaning in _OPTIONS.items():
        value = getattr(Recipe(), name)
        parser.add_argument(
            f"--{name.replace('_', '-')}",
            type=type(value),
            default=value,
            help=f"{meaning} (default: %(default)s)",
        )
    return parser


_OPTIONS = {
    "steps": "training steps",
    "pieces": "size of the vocabulary",
    "dimension": "length of a vector",
    "batch": "pairs in a batch",
    "rate": "learning rate at the start",
    "inverse_temperature": "factor of the cosines in the softmax",
    "token_dropout": "share of the tokens left out of a text",
    "seed": "seed of the tokenizer's corpus, the first weights and the batches",
}


if __name__ == "__main__":
    main()

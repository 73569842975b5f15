"""Last corrections to trained token vectors, in closed form.

Each mends what the gradient leaves: directions in which translations still differ, tokens
seen so seldom that their few long steps made them too long, words whose translations are
in the lexicon and were drawn too rarely.
"""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from crosearch.training.embedder_model import Floats, bag_matrix
from crosearch.training.embedder_pairs import TokenPool, TranslationSource

_FLOOR = 0.1
_KEPT_LENGTH = 0.8
_PULL = 0.3


def refine(
    vectors: Floats,
    tokens: TokenPool,
    sentences: TranslationSource,
    terms: Sequence[TranslationSource],
) -> Floats:
    """Return better token vectors, shape (tokens, dimension).

    Args:
        vectors: The trained ones.
        tokens: The token ids of the sources' texts.
        sentences: Rows of sentences that say the same in many languages.
        terms: Rows of words and names of one meaning.
    """
    vectors = whiten_within_rows(vectors, tokens, sentences)
    return pull_to_translations(shorten(vectors, _KEPT_LENGTH), tokens, terms, _PULL)


def whiten_within_rows(vectors: Floats, tokens: TokenPool, source: TranslationSource) -> Floats:
    """Weaken the directions in which texts of one meaning differ.

    This is within-class covariance normalisation (Hatch, Kajarekar and Stolcke 2006) of
    the power 1/4 instead of 1/2, with a tenth of the mean variance added to each.
    """
    units, rows = _text_vectors(vectors, tokens, source)
    counts = np.diff(source.offsets)
    centres = np.add.reduceat(units[rows], source.offsets[:-1]) / counts[:, None]
    apart = (units[rows] - np.repeat(centres, counts, axis=0)).astype(np.float64)
    variances, axes = np.linalg.eigh(apart.T @ apart / len(apart))
    factors = (variances + _FLOOR * variances.mean()) ** -0.25
    # The loss does not see the scale; the mean factor keeps it.
    whitening = (axes * (factors / factors.mean())) @ axes.T
    whitened: Floats = vectors @ whitening.astype(np.float32)
    return whitened


def shorten(vectors: Floats, share: float) -> Floats:
    """Return vectors of which all beyond a share in length are brought down to that length.

    A text of one very long token and a dozen others would be all but that token.
    """
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    longest = np.quantile(lengths[lengths > 0], share) if lengths.any() else 1.0
    factors = np.minimum(1.0, longest / np.maximum(lengths, longest * 1e-6))
    shortened: Floats = (vectors * factors).astype(np.float32)
    return shortened


def pull_to_translations(
    vectors: Floats, tokens: TokenPool, terms: Iterable[TranslationSource], share: float
) -> Floats:
    """Turn the vectors of pieces that are whole terms a share of the way to their translations.

    The vectors' lengths stay. A piece's goal is the sum over the rows it stands in, each
    the mean direction of its terms (one round of the retrofitting of Faruqui et al. 2015).
    """
    goals = np.zeros_like(vectors)
    for source in terms:
        goals += _goals(vectors, tokens, source)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    has_goal = np.any(goals, axis=1, keepdims=True)
    turned = np.where(has_goal, (1 - share) * _unit(vectors) + share * _unit(goals), vectors)
    pulled: Floats = (_unit(turned) * lengths).astype(np.float32)
    return pulled


def _goals(vectors: Floats, tokens: TokenPool, source: TranslationSource) -> Floats:
    units, places = _text_vectors(vectors, tokens, source)
    rows = bag_matrix(places, np.diff(source.offsets), len(units))
    texts = np.unique(source.texts)
    alone = np.diff(tokens.offsets)[texts] == 1
    pieces = tokens.ids[tokens.offsets[texts[alone]]]
    owners = bag_matrix(pieces, alone.astype(np.int64), len(vectors))
    goals: Floats = owners.T @ (rows.T @ _unit(rows @ units))
    return goals


def _text_vectors(
    vectors: Floats, tokens: TokenPool, source: TranslationSource
) -> tuple[Floats, NDArray[np.int64]]:
    """Return the distinct texts' directions, and which of them each place of a row holds."""
    texts, places = np.unique(source.texts, return_inverse=True)
    bags = tokens.bags(texts, 0.0, np.random.default_rng(0))
    return _unit(bag_matrix(bags.ids, bags.lengths, len(vectors)) @ vectors), places


def _unit(vectors: Floats) -> Floats:
    unit: Floats = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    return unit

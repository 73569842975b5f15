"""A question in phrases, and how far a passage holds each, in its own words or in translation.

Each piece of the question looks for its nearest in a sentence or the title (MaxSim, after Khattab
and Zaharia, ColBERT, SIGIR 2020, on vectors without context). A phrase is found as far as its own
pieces are, or as far as the pieces of one of its translations are there, whichever is more.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crosearch.tools.languages import Language
from crosearch.tools.lexicon import Lexicon, Match
from crosearch.tools.pieces import Pieces, PieceTable, QueryPieces
from crosearch.tools.static_embedder import Vectors

TRANSLATIONS = 4
"""Of a phrase, the likeliest."""

_DOUBT = 0.25
"""The power of a translation's weight that its finding is worth: one of four is worth 0.7."""


@dataclass(frozen=True, kw_only=True, slots=True)
class QueryPhrases:
    """A question cut into phrases, with their translations into one language, as pieces.

    A phrase is a match of the lexicon; what is in none is a phrase, piece by piece.
    """

    query: QueryPieces
    starts: NDArray[np.int64]
    """The first piece of each phrase, shape (phrases,)."""
    weights: Vectors
    """How much each phrase tells, shape (phrases,); they sum to 1."""
    wanted: Pieces
    """The pieces of all translations, shape (wanted,)."""
    shares: Vectors
    """What each wanted piece is of each translation, times the translation's worth, shape
    (translations, wanted)."""
    phrases: NDArray[np.int64]
    """The phrase of each translation, shape (translations,)."""


def cut_phrases(
    text: str, source: Language, target: Language, table: PieceTable, lexicon: Lexicon | None
) -> QueryPhrases:
    """Cut a question into phrases, and translate them.

    Args:
        text: The question.
        source: The language that it is written in.
        target: The language of the passages; where it is the source, nothing is translated.
        table: What cuts it into pieces.
        lexicon: What to translate by; None: nothing.
    """
    query = table.cut_query(text)
    foreign = lexicon is not None and source != target
    matches = lexicon.match(text, source, target, most=TRANSLATIONS) if lexicon and foreign else []
    owners = _owners(query, matches)
    starts = np.flatnonzero(np.diff(owners, prepend=-1))
    numbers = {int(owners[start]): phrase for phrase, start in enumerate(starts)}
    texts = [
        (numbers[place], translation.text, translation.weight**_DOUBT)
        for place, match in enumerate(matches)
        if place in numbers
        for translation in match.translations
    ]
    pieces = table.cut_texts([text for _, text, _ in texts])
    wanted = np.unique(np.concatenate([*pieces, np.zeros(0, np.uint32)]))
    shares = np.zeros((len(texts), len(wanted)), np.float32)
    for row, (cut, (_, _, worth)) in enumerate(zip(pieces, texts, strict=True)):
        if len(cut):
            weights = table.weigh(cut)
            np.add.at(shares[row], np.searchsorted(wanted, cut), worth * weights / weights.sum())
    return QueryPhrases(
        query=query,
        starts=starts,
        weights=np.add.reduceat(query.weights, starts) if len(starts) else query.weights,
        wanted=wanted,
        shares=shares,
        phrases=np.array([phrase for phrase, _, _ in texts], np.int64),
    )


def phrases_found(
    question: QueryPhrases, passages: Sequence[Pieces], table: PieceTable
) -> tuple[Vectors, NDArray[np.int64]]:
    """Tell how far each phrase is found in each sentence of some passages.

    Returns:
        From 0 to 1, shape (phrases, sentences of all passages), and the number of the passage that
        each sentence is of, shape (sentences,).
    """
    cosines, present, owners = table.find_pieces(
        question.query.directions, question.wanted, passages
    )
    found = cosines * question.query.weights[:, None]
    if len(question.starts):
        found = np.add.reduceat(found, question.starts, axis=0, dtype=np.float32)
    found /= np.maximum(question.weights, 1e-9)[:, None]
    if len(question.phrases):
        np.maximum.at(found, question.phrases, question.shares @ present)
    return found, owners


def _owners(query: QueryPieces, matches: Iterable[Match]) -> NDArray[np.int64]:
    """Tell for each piece the number of its match, or a number of its own, shape (pieces,)."""
    owners = np.arange(len(query.spans), dtype=np.int64) + 1_000_000
    for number, match in enumerate(matches):
        start, end = match.span
        owners[(query.spans[:, 0] >= start) & (query.spans[:, 1] <= end)] = number
    return owners

"""The subword tokenizer of the default embedder: its normalisation and its training.

Everything that happens to a text before it becomes token ids is said here once, in the
`tokenizers` library's own terms, and written into tokenizer.json: training, the
embedder and its sentence-transformers export all read that file, so they cannot differ.
"""

import json
import math
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

UNKNOWN = "<unk>"
WORD_START = "\u2581"

Texts = Mapping[str, Sequence[str]]
"""Texts by language."""

_LONGEST_PIECE = 16
_SEEDS_PER_PIECE = 5
_LEAST_COUNT = 4

# Scripts written without spaces; U+30FC, the long vowel mark, belongs to no script.
_UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\x{30FC}"

# Soft hyphen, zero-width characters and bidirectional controls (the zero-width
# non-joiner stays: it ends a Persian morpheme), the dot that lower-casing a Turkish
# capital leaves, tatweel and Arabic vowel marks, the Devanagari nukta.
_DROPPED = (
    r"[\x{AD}\x{200B}\x{200D}-\x{200F}\x{202A}-\x{202E}\x{2060}-\x{2069}\x{FEFF}"
    r"\x{FE0E}\x{FE0F}\x{307}\x{640}\x{64B}-\x{65F}\x{670}\x{6D6}-\x{6ED}\x{93C}]+"
)

# Arabic-Indic, Persian, Devanagari and Thai zero; NFKC already maps full-width digits.
_ZEROS = (0x660, 0x6F0, 0x966, 0xE50)


def _replace(pattern: str, content: str) -> normalizers.Normalizer:
    return normalizers.Replace(Regex(pattern), content)


def build_normalizer() -> normalizers.Normalizer:
    """Return the normaliser: one form per letter and digit, words marked, no punctuation.

    A word starts with U+2581; a run of a script without spaces does not, and stands
    apart from words and numbers beside it.
    """
    digits = [
        _replace("[" + "".join(f"\\x{{{zero + digit:X}}}" for zero in _ZEROS) + "]", str(digit))
        for digit in range(10)
    ]
    border = rf"(?<=[{_UNSPACED}])(?=[^{_UNSPACED} ])|(?<=[^{_UNSPACED} ])(?=[{_UNSPACED}])"
    return normalizers.Sequence(
        [
            normalizers.NFKC(),
            normalizers.Lowercase(),
            _replace(_DROPPED, ""),
            _replace(r"[\x{622}\x{623}\x{625}\x{671}]", "\u0627"),
            _replace(r"[\x{649}\x{6CC}]", "\u064a"),
            _replace(r"\x{6A9}", "\u0643"),
            *digits,
            _replace(r"(?<=\p{Cyrillic})['\x{2019}\x{2BC}](?=\p{Cyrillic})", ""),
            _replace(r"[^\p{L}\p{M}\p{N}]+", " "),
            _replace(border, " "),
            normalizers.Prepend(" "),
            _replace(rf" (?=[^{_UNSPACED} ])", f" {WORD_START}"),
            normalizers.Strip(),
        ]
    )


def build_tokenizer(vocabulary: list[tuple[str, float]] | None = None) -> Tokenizer:
    """Return a unigram tokenizer with the embedder's normalisation.

    Args:
        vocabulary: Pieces with their log-probabilities, `UNKNOWN` first; None for an
            empty tokenizer to be trained.
    """
    model = models.Unigram() if vocabulary is None else models.Unigram(vocabulary, unk_id=0)
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = build_normalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.Split(" ", "removed")
    return tokenizer


def train_tokenizer(texts: Iterable[str], pieces: int) -> Tokenizer:
    """Train a unigram tokenizer (after Kudo 2018) of at most the given number of pieces.

    It starts from the frequent substrings of the words, five times as many as wanted, and
    in each round keeps the three quarters that the words' best segmentations use most.
    The `tokenizers` library's own trainer gives other pieces on every run, and never a
    word that is part of no other, however frequent; this one is deterministic and has none
    of its weighing of segmentations, only the best one counts.
    """
    normalizer = build_normalizer()
    counts = Counter(word for text in texts for word in normalizer.normalize_str(text).split(" "))
    del counts[""]
    words = list(counts)
    weights = np.array([counts[word] for word in words], np.float64)
    size = _SEEDS_PER_PIECE * pieces
    vocabulary = _frequent_substrings(counts, size)
    while size > pieces:
        size = max(pieces, size * 3 // 4)
        vocabulary = _most_used(vocabulary, words, weights, size)
    return build_tokenizer(list(_most_used(vocabulary, words, weights, pieces).items()))


def _frequent_substrings(counts: Counter[str], limit: int) -> dict[str, float]:
    """Return all characters, and the substrings that cover most of the text, by their length.

    A substring is counted only where both of its shorter halves, all but the last and all
    but the first character, were frequent themselves.
    """
    found: Counter[str] = Counter()
    for word, count in counts.items():
        for character in word:
            found[character] += count
    frequent = {piece for piece, count in found.items() if count >= _LEAST_COUNT}
    for length in range(2, _LONGEST_PIECE + 1):
        level = _count_substrings(counts, length, frequent)
        frequent = {piece for piece, count in level.items() if count >= _LEAST_COUNT}
        found.update({piece: level[piece] for piece in frequent})
    kept = sorted(found, key=lambda piece: (len(piece) > 1, -found[piece] * len(piece), piece))
    kept = kept[: limit - 1]
    total = math.log(sum(found[piece] for piece in kept))
    return {UNKNOWN: 0.0} | {piece: math.log(found[piece]) - total for piece in kept}


def _count_substrings(counts: Counter[str], length: int, frequent: set[str]) -> dict[str, int]:
    level: defaultdict[str, int] = defaultdict(int)
    for word, count in counts.items():
        for start in range(len(word) - length + 1):
            piece = word[start : start + length]
            if piece[:-1] in frequent and piece[1:] in frequent:
                level[piece] += count
    return level


def _most_used(
    vocabulary: dict[str, float], words: list[str], weights: NDArray[np.float64], size: int
) -> dict[str, float]:
    """Count the pieces of the words' best segmentations; keep the most frequent.

    Single characters are kept whatever their count. Four decimals of the
    log-probabilities segment alike and halve the file.
    """
    tokenizer = Tokenizer(models.Unigram(list(vocabulary.items()), unk_id=0))
    used = np.zeros(len(vocabulary))
    for start in range(0, len(words), 10_000):
        encodings = tokenizer.encode_batch_fast(words[start : start + 10_000])
        for encoding, weight in zip(encodings, weights[start:], strict=False):
            for number in encoding.ids:
                used[number] += weight
    pieces = list(vocabulary)
    order = sorted(range(1, len(pieces)), key=lambda n: (len(pieces[n]) > 1, -used[n], n))
    total = math.log(used.sum())
    kept = {pieces[n]: round(math.log(max(used[n], 0.5)) - total, 4) for n in order[: size - 1]}
    return {UNKNOWN: 0.0} | kept


def save_tokenizer(tokenizer: Tokenizer, path: Path) -> None:
    """Write tokenizer.json without the blanks that make up a third of it."""
    content = json.dumps(json.loads(tokenizer.to_str()), ensure_ascii=False, separators=(",", ":"))
    partial = path.with_suffix(".partial")
    partial.write_text(content, encoding="utf-8")
    partial.replace(path)


def balanced_corpus(
    sentences: Texts, terms: Texts, *, rng: random.Random, characters: int = 1_500_000
) -> Iterator[str]:
    """Yield about as many characters of sentences for each language, and its terms.

    Sentences of a language that has fewer are repeated, at most ten times; terms are
    given once, up to 40% of `characters`.
    """
    for language in sorted(sentences.keys() | terms.keys()):
        yield from _take(sentences.get(language, []), characters, 10, rng)
        yield from _take(terms.get(language, []), characters * 4 // 10, 1, rng)


def _take(texts: Sequence[str], characters: int, repeats: int, rng: random.Random) -> Iterator[str]:
    for _ in range(repeats):
        for text in rng.sample(texts, len(texts)):
            if characters <= 0:
                return
            characters -= len(text)
            yield text

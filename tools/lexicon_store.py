"""The files of a lexicon: opened by mapping them, so that only what is looked up is read.

A term is a phrase of one language; a sense joins the terms that mean the same. Terms lie in one
MARISA trie a language (the `marisa-trie` package), which holds keys and spellings in about five
bytes a term, finds the longest phrase by prefixes, and gives a term back by its number. Which terms
a sense has, and which senses a term, lies in arrays of three bytes an entry: the number and, in its
lowest bits, how likely the entry is. The same in SQLite takes 100 MB instead of 25.

    lexicon.json        format, languages, inflection rules, sizes and checksums
    <language>.marisa   key, tab, spelling of each term
    term_counts.npy     uint8 (terms,): how many senses each term has
    term_blocks.npy     uint32 (terms // 64 + 1,): where each 64th term's senses begin
    term_senses.npy     uint8 (entries, 3)
    sense_starts.npy    uint32 (senses + 1,): where each sense's terms begin
    sense_terms.npy     uint8 (entries, 3): a sense's terms in the order of their numbers
"""

import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Protocol, cast

import marisa_trie  # type: ignore[import-not-found]  # A compiled module without types.
import numpy as np
from numpy.typing import NDArray

from crosearch.tools.languages import Language
from crosearch.tools.lexicon_header import (
    FORMAT,
    HEADER_FILE,
    VERSION,
    check_sizes,
    damaged,
    read_header,
)
from crosearch.tools.lexicon_spelling import SEPARATOR, written
from crosearch.tools.lexicon_text import FOLDING

ARRAYS = ("term_counts", "term_blocks", "term_senses", "sense_starts", "sense_terms")
BLOCK = 64
MOST_SENSES = 255
"""Of one term; the likeliest are kept."""

LEVEL_BITS = 3
MOST_NUMBERS = 1 << (24 - LEVEL_BITS)
"""Terms, and senses, that a lexicon can hold."""
LEVEL_WEIGHTS: NDArray[np.float32] = (0.65 ** np.arange(1 << LEVEL_BITS)).astype(np.float32)

Numbers = NDArray[np.uint32]
Weights = NDArray[np.float32]


class Trie(Protocol):
    """What is used of a MARISA trie."""

    def __len__(self) -> int:
        """Return how many entries it has."""
        ...

    def items(self, prefix: str, /) -> list[tuple[str, int]]:
        """Return the entries that begin like this, and their numbers."""
        ...

    def iterkeys(self, prefix: str, /) -> Iterator[str]:
        """Yield the entries that begin like this."""
        ...

    def __getitem__(self, entry: str, /) -> int:
        """Return the number of an entry."""
        ...

    def restore_key(self, number: int, /) -> str:
        """Return the entry of a number."""
        ...

    def save(self, path: str, /) -> None:
        """Write it into a file."""
        ...


class LexiconStore:
    """Terms and senses by their numbers; safe to share among threads.

    The terms of all languages are numbered through: those of a language follow each other.
    """

    def __init__(self, folder: Path) -> None:
        """Open a folder that `write_store` made.

        Raises:
            UsageError: The folder holds no lexicon, one of another version, or a damaged one.
        """
        self.folder = folder
        self.header = read_header(folder)
        self._files = check_sizes(folder, self.header)
        try:
            # Mapped all the same, but plain arrays: a memmap makes itself anew at every slice.
            arrays = {
                name: np.asarray(np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False))
                for name in ARRAYS
            }
            self.languages = {
                Language(code): int(count)
                for code, count in cast(dict[str, int], self.header["languages"]).items()
            }
            self.fingerprint = str(self.header["fingerprint"])
        except (OSError, KeyError, TypeError, ValueError, AttributeError) as error:
            raise damaged(folder, str(error)) from error
        self._counts = arrays["term_counts"]
        self._blocks = arrays["term_blocks"]
        self._term_senses = arrays["term_senses"]
        self._starts = arrays["sense_starts"]
        self._sense_terms = arrays["sense_terms"]
        self._bases = _bases(self.languages)
        self._tries: dict[Language, Trie] = {}

    @property
    def sense_count(self) -> int:
        """How many senses are numbered, those without terms included."""
        return len(self._starts) - 1

    def numbers(self, language: Language) -> tuple[int, int]:
        """Return the first number of a language's terms, and the one after its last."""
        base = self._bases.get(language, 0)
        return base, base + self.languages.get(language, 0)

    def terms(self, language: Language, key: str) -> list[tuple[int, str]]:
        """Return the numbers of the terms with a key, and how they are written."""
        trie = self._trie(language)
        if trie is None:
            return []
        base, start = self._bases[language], key + SEPARATOR
        return [
            (base + number, written(key, entry[len(start) :]))
            for entry, number in trie.items(start)
        ]

    def has(self, language: Language, key: str) -> bool:
        """Tell whether a term has this key."""
        trie = self._trie(language)
        return trie is not None and next(trie.iterkeys(key + SEPARATOR), None) is not None

    def begins(self, language: Language, start: str) -> bool:
        """Tell whether a key begins like this."""
        trie = self._trie(language)
        return trie is not None and next(trie.iterkeys(start), None) is not None

    def term(self, language: Language, number: int) -> str:
        """Return a term as it is written.

        Raises:
            UsageError: There is none of this number: the lexicon is damaged.
        """
        trie = self._trie(language)
        try:
            if trie is None:
                raise KeyError(language)
            key, _, spelling = trie.restore_key(number - self._bases[language]).partition(SEPARATOR)
        except (KeyError, UnicodeDecodeError, OverflowError) as error:
            raise damaged(self.folder, f"no term {number} in {language}") from error
        return written(key, spelling)

    def senses_of(self, term: int) -> tuple[Numbers, Weights]:
        """Return the numbers of a term's senses, and how likely each is beside the others."""
        block = term // BLOCK
        before = self._counts[block * BLOCK : term]
        start = int(self._blocks[block]) + int(before.sum(dtype=np.int64))
        return _unpack(self._term_senses[start : start + int(self._counts[term])])

    def terms_of(self, sense: int) -> tuple[Numbers, Weights]:
        """Return the numbers of a sense's terms, rising, and how likely each is in its language."""
        start, end = int(self._starts[sense]), int(self._starts[sense + 1])
        return _unpack(self._sense_terms[start:end])

    def _trie(self, language: Language) -> Trie | None:
        if language not in self.languages:
            return None
        trie = self._tries.get(language)
        if trie is None:
            # Two threads may both open it: the second opening costs little and changes nothing.
            trie = self._tries[language] = self._open_trie(language)
        return trie

    def _open_trie(self, language: Language) -> Trie:
        path = self.folder / f"{language}.marisa"
        try:
            # A trie that lies would be read outside of its bounds: its bytes are checked first.
            if zlib.crc32(path.read_bytes()) != self._files[path.name].checksum:
                raise damaged(self.folder, f"{path.name} is not what was written")
            trie = cast(Trie, marisa_trie.Trie().mmap(str(path)))
        except (OSError, RuntimeError, KeyError) as error:
            raise damaged(self.folder, f"{path.name}: {error}") from error
        if len(trie) != self.languages[language]:
            raise damaged(self.folder, f"{path.name} holds {len(trie)} terms")
        return trie


def check_store(folder: Path) -> None:
    """Read every file of a lexicon and compare its checksum.

    Raises:
        UsageError: One is damaged.
    """
    for name, file in check_sizes(folder, read_header(folder)).items():
        if zlib.crc32((folder / name).read_bytes()) != file.checksum:
            raise damaged(folder, f"{name} is not what was written")


def write_store(
    folder: Path,
    header: Mapping[str, object],
    tries: Mapping[Language, Trie],
    arrays: Mapping[str, NDArray[np.generic]],
) -> str:
    """Write the files of a lexicon into an empty folder, and return its fingerprint."""
    for language, trie in tries.items():
        trie.save(str(folder / f"{language}.marisa"))
    for name in ARRAYS:
        np.save(folder / f"{name}.npy", arrays[name], allow_pickle=False)
    contents = {path.name: path.read_bytes() for path in sorted(folder.iterdir())}
    files = {name: [len(content), zlib.crc32(content)] for name, content in contents.items()}
    body = {
        "format": FORMAT,
        "version": VERSION,
        "folding": FOLDING,
        "languages": {language: len(trie) for language, trie in tries.items()},
        **header,
        "files": files,
    }
    digest = sha256(json.dumps(body, sort_keys=True).encode())
    for name in sorted(contents):
        digest.update(contents[name])
    fingerprint = digest.hexdigest()[:16]
    text = json.dumps({"fingerprint": fingerprint, **body}, ensure_ascii=False)
    (folder / HEADER_FILE).write_text(text + "\n", encoding="utf-8")
    return fingerprint


def make_trie(entries: Iterable[str]) -> Trie:
    """Make a trie; its numbers follow from its entries alone."""
    return cast(Trie, marisa_trie.Trie(entries))


def pack(numbers: NDArray[np.uint32], levels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Put numbers and levels of likelihood into three bytes each, shape (entries, 3)."""
    joined = (numbers.astype(np.uint32) << LEVEL_BITS) | levels
    return joined.astype("<u4").view(np.uint8).reshape(-1, 4)[:, :3].copy()


def _unpack(entries: NDArray[np.uint8]) -> tuple[Numbers, Weights]:
    wide = np.zeros((len(entries), 4), np.uint8)
    wide[:, :3] = entries
    joined = wide.view("<u4").ravel()
    weights: Weights = LEVEL_WEIGHTS[joined & ((1 << LEVEL_BITS) - 1)]
    return (joined >> LEVEL_BITS).astype(np.uint32), weights


def _bases(languages: Mapping[Language, int]) -> dict[Language, int]:
    bases, base = {}, 0
    for language, count in languages.items():
        bases[language] = base
        base += count
    return bases

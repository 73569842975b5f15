"""Small sets of pairs in made-up languages' words, for tests of batches and of training."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from crosearch.tools.languages import Language
from crosearch.training.pair_records import PairKind, PairRecord, PairSet

EN, DE, FR, RU = Language("en"), Language("de"), Language("fr"), Language("ru")
LANGUAGES = (EN, DE, FR)

_WORDS = "amber bridge castle delta engine forest garden harbour island jungle".split()


def pair_set(
    records: Iterable[PairRecord],
    *,
    name: str = "pairs",
    weight: float = 1.0,
    kind: PairKind = "questions",
) -> PairSet:
    """Make a set of records as a file of that name would give it."""
    return PairSet(
        name=name,
        path=Path(f"{name}.jsonl"),
        weight=weight,
        kind=kind,
        sha256="0" * 64,
        licence="CC0",
        source="a test",
        records=list(records),
    )


def question(
    number: int,
    languages: Sequence[Language] = LANGUAGES,
    *,
    negatives: Mapping[Language, tuple[str, ...]] | None = None,
    group: str = "",
) -> PairRecord:
    """Make a question and its passage, in several languages: each has words of its own."""
    return PairRecord(
        id=f"q{number}",
        query={one: (f"{one} where is {word(one, number)} ?",) for one in languages},
        passage={one: (f"{one} {word(one, number)} lies at {number}",) for one in languages},
        negatives=negatives or {},
        group=group,
    )


def parallel(number: int, languages: Sequence[Language] = LANGUAGES) -> PairRecord:
    """Make a sentence in several languages."""
    texts = {one: (f"{one} says {word(one, number)}",) for one in languages}
    return PairRecord(id=f"s{number}", query=texts, passage=texts)


def word(language: Language, number: int) -> str:
    """Name a thing by words that only this language has."""
    digits = [int(digit) for digit in f"{number:03d}"]
    return " ".join(f"{language}{_WORDS[digit]}" for digit in digits)


def questions(
    count: int, languages: Sequence[Language] = LANGUAGES, *, name: str = "questions"
) -> PairSet:
    """Make a set of questions."""
    return pair_set((question(number, languages) for number in range(count)), name=name)


def parallels(
    count: int, languages: Sequence[Language] = LANGUAGES, *, name: str = "parallel"
) -> PairSet:
    """Make a set of parallel sentences."""
    return pair_set(
        (parallel(number, languages) for number in range(count)), name=name, kind="parallel"
    )

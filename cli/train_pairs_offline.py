"""Translates questions and their passages word by word, and prints what came of it."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from crosearch.cli.output import one_line, print_json, result_console
from crosearch.tools.errors import UsageError
from crosearch.tools.languages import Language

if TYPE_CHECKING:
    from crosearch.training.pair_records import PairRecord, PairSet


def translate(
    paths: list[str],
    out: Path,
    languages: tuple[Language, ...],
    *,
    dictionary: str,
    seed: int,
    limit: int | None,
    licence: str,
    as_json: bool,
) -> None:
    """Put the questions of pair files, and their passages, into other languages.

    Args:
        paths: Pair files of questions.
        out: The pair file to write.
        languages: Into which; empty: all of the lexicon.
        dictionary: The lexicon's path; empty for the usual one.
        seed: What senses are drawn from.
        limit: How many pairs to use; None uses all.
        licence: Of the result; empty: the files' own.
        as_json: Whether to print JSON.

    Raises:
        UsageError: A file or the lexicon cannot be read, or a file holds no questions.
    """
    from crosearch.tools.lexicon import load_lexicon
    from crosearch.training.pair_files import read_pairs, write_pairs
    from crosearch.training.synthetic_dictionary import WordByWord, frequent_words, translate_pairs

    if not paths:
        raise UsageError("nothing to translate: name a pair file of questions")
    sets = [read_pairs(path) for path in paths]
    for one in sets:
        if one.kind != "questions":
            raise UsageError(f"{one.path} holds {one.kind}: only questions are translated")
    lexicon = load_lexicon(dictionary or None)
    settings = WordByWord(languages=languages or tuple(lexicon.languages), seed=seed)
    everywhere = frequent_words(record for one in sets for record in one.records)
    records = list(islice(_records(sets), limit))
    made = _Counted(translate_pairs(records, lexicon, settings, everywhere))
    sources = "; ".join(dict.fromkeys(one.source for one in sets if one.source))
    about = {
        "source": f"{sources or ', '.join(one.name for one in sets)}; translated word by word",
        "licence": licence or "; ".join(dict.fromkeys(s.licence for s in sets if s.licence)),
        "lexicon": lexicon.fingerprint,
        "languages": list(settings.languages),
        "seed": seed,
    }
    write_pairs(out, made, about)
    _print(out, made, len(records), as_json=as_json)


def _records(sets: "list[PairSet]") -> "Iterator[PairRecord]":
    """Yield the records of all files; of several, each under its file's name too."""
    from dataclasses import replace

    for one in sets:
        for record in one.records:
            yield record if len(sets) == 1 else replace(record, id=f"{one.name} {record.id}")


class _Counted:
    """Records, and how many texts there are in each language once they have been read."""

    def __init__(self, records: "Iterator[PairRecord]") -> None:
        self.texts: dict[Language, tuple[int, int]] = {}
        self._records = records

    def __iter__(self) -> "Iterator[PairRecord]":
        for record in self._records:
            for language in record.languages:
                queries, passages = self.texts.get(language, (0, 0))
                self.texts[language] = (
                    queries + len(record.query.get(language, ())),
                    passages + len(record.passage.get(language, ())),
                )
            yield record


def _print(out: Path, made: _Counted, records: int, *, as_json: bool) -> None:
    by_language = sorted(made.texts.items())
    if as_json:
        texts = {code: {"queries": q, "passages": p} for code, (q, p) in by_language}
        print_json({"out": str(out), "records": records, "texts": texts})
        return
    console = result_console()
    console.print(
        f"{one_line(str(out))}: {records:,} questions in {len(by_language)} languages",
        soft_wrap=True,
    )
    for code, (queries, passages) in by_language:
        console.print(f"  {code}: {queries:,} questions, {passages:,} passages")

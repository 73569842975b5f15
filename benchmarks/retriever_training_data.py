"""The pair files and test texts of `retriever_training.py`, made from the project's data folder.

Everything that is trained on passes through pair files in their documented formats. XQuAD-R is
read for testing alone.
"""

import csv
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from crosearch.tools.languages import Language
from crosearch.tools.lexicon import load_lexicon
from crosearch.tools.rows import batches
from crosearch.tools.static_embedder import load_default
from crosearch.training.pair_files import read_pairs, write_pairs
from crosearch.training.pair_records import PairRecord, PairSet
from crosearch.training.synthetic_dictionary import WordByWord, frequent_words, translate_pairs

ENGLISH = Language("en")
ASKED = tuple(map(Language, "ar de el en es hi ru th tr vi zh".split()))
"""XQuAD-R's languages."""
REPORTED = tuple(map(Language, "ar en es fa fr hi id pt ru sw zh".split()))
"""The languages that NTREX (news) and TICO-19 (medicine, encyclopaedia, travel) share."""

NEWS, OTHER = "ntrex.tsv", "tico19.tsv"
_UNSPACED = ("th", "zh")
_BLOCK = 20
"""Rows that stand together, mostly of one document, and are kept back together."""
_TERMS_OF_A_LANGUAGE = 12_000


@dataclass(frozen=True, kw_only=True)
class TestTexts:
    """One language's questions and passages; question n is the same one in every language."""

    queries: list[str]
    passages: list[str]
    gold: NDArray[np.int64]


def make_pairs(data: Path, folder: Path, *, questions: int | None = None) -> None:
    """Write the pair files; those that are there already are left.

    Args:
        data: The project's data folder.
        folder: Gets `terms.tsv`, `names.jsonl`, `sentences.tsv`, `questions.jsonl`,
            `translated.jsonl`, `news.jsonl` and `other.jsonl`.
        questions: How many questions to translate; None translates all.
    """
    folder.mkdir(parents=True, exist_ok=True)
    train = data / "train"
    makers: dict[str, Callable[[Path], object]] = {
        "terms.tsv": lambda path: _write_terms(train / "wiktionary_lex.tsv", path),
        "names.jsonl": lambda path: _write_names(data / "wikidata_labels.jsonl", path),
        "sentences.tsv": lambda path: path.write_bytes((train / "tatoeba_laser.tsv").read_bytes()),
        "questions.jsonl": lambda path: _write_questions(train, path),
        "translated.jsonl": lambda path: _write_translated(folder, path, questions),
        "news.jsonl": lambda path: _write_halves(train / NEWS, path),
        "other.jsonl": lambda path: _write_halves(train / OTHER, path),
    }
    for name, make in makers.items():
        if not (folder / name).exists():
            partial = folder / f"making.{name}"
            make(partial)
            partial.replace(folder / name)


def start_sets(folder: Path) -> tuple[PairSet, ...]:
    """Return what the common starting model is trained on: no news, no questions."""
    weights = {"terms.tsv": 4.0, "names.jsonl": 2.0, "sentences.tsv": 4.0}
    return tuple(read_pairs(folder / name, weight=weight) for name, weight in weights.items())


def make_tokenizer(folder: Path, path: Path, pieces: int) -> None:
    """Write the embedded embedder's tokenizer, cut down to what the pairs of a folder need most.

    Args:
        folder: The pair files.
        path: The tokenizer.json.
        pieces: How many pieces are kept, beside single characters.
    """
    whole = json.loads(load_default().tokenizer_json)
    vocabulary, unknown = whole["model"]["vocab"], whole["model"]["unk_id"]
    counts = _count_pieces(Tokenizer.from_str(json.dumps(whole)), folder)
    often = {number for number, _ in counts.most_common(pieces)}
    kept = [
        number
        for number, (piece, _) in enumerate(vocabulary)
        if number in often or number == unknown or len(piece) == 1
    ]
    whole["model"] |= {
        "vocab": [vocabulary[number] for number in kept],
        "unk_id": kept.index(unknown),
    }
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(whole, ensure_ascii=False), encoding="utf-8")
    partial.replace(path)


def _count_pieces(tokenizer: Tokenizer, folder: Path) -> Counter[int]:
    counts: Counter[int] = Counter()
    for file in sorted(folder.iterdir()):
        texts = {
            text
            for record in read_pairs(file).records
            for side in (record.query, record.passage)
            for some in side.values()
            for text in some
        }
        for some in batches(sorted(texts), 10_000):
            for encoding in tokenizer.encode_batch_fast(some):
                counts.update(encoding.ids)
    return counts


def question_tests(data: Path) -> dict[Language, TestTexts]:
    """Return XQuAD-R: questions, and the sentences of all paragraphs."""
    return {code: _xquad(data / "xquad_r_dev" / f"{code}.jsonl") for code in ASKED}


def row_tests(data: Path, name: str) -> dict[Language, TestTexts]:
    """Return the rows of parallel sentences that are not trained on: each looks for the others."""
    _, kept = _split(read_pairs(data / "train" / name).records)
    numbers = np.arange(len(kept))
    return {
        code: TestTexts(
            queries=[record.query[code][0] for record in kept],
            passages=[record.query[code][0] for record in kept],
            gold=numbers,
        )
        for code in REPORTED
    }


def _xquad(path: Path) -> TestTexts:
    sentences: list[str] = []
    questions: dict[str, tuple[str, int]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        paragraph = json.loads(line)
        for identifier, question, number, _ in paragraph["qas"]:
            questions[identifier] = question, len(sentences) + number
        sentences.extend(paragraph["sents"])
    ordered = [questions[identifier] for identifier in sorted(questions)]
    return TestTexts(
        queries=[question for question, _ in ordered],
        passages=sentences,
        gold=np.array([number for _, number in ordered]),
    )


def _write_terms(source: Path, path: Path) -> None:
    """Take every nth term of a language, so that no language has very many."""
    wanted = {*ASKED, *REPORTED}
    by_language: dict[str, list[list[str]]] = {}
    with source.open(encoding="utf-8", newline="") as lines:
        for row in islice(csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE), 1, None):
            if row[0] in wanted and row[1].strip() and row[2].strip():
                by_language.setdefault(row[0], []).append(row[:3])
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write("lang\tterm\ten\n")
        for rows in by_language.values():
            for row in rows[:: max(1, -(-len(rows) // _TERMS_OF_A_LANGUAGE))]:
                file.write("\t".join(row) + "\n")


def _write_names(source: Path, path: Path) -> None:
    wanted = {*ASKED, *REPORTED}
    about = {"source": "Wikidata labels", "licence": "CC0 1.0", "kind": "terms"}
    write_pairs(path, _names(source, wanted), about)


def _names(source: Path, wanted: set[Language]) -> Iterator[PairRecord]:
    for row in _rows(source):
        texts = {code: (str(row[code]),) for code in wanted if row.get(code)}
        if len(texts) > 1:
            yield PairRecord(id=str(row["q"]), query=texts, passage=texts)


def _write_questions(train: Path, path: Path) -> None:
    """Convert the question–sentence pairs; a group is the passage that the sentence is from."""
    records = [
        PairRecord(
            id=f"{row['src']} {number}",
            query={Language(str(row["l"])): (str(row["q"]),)},
            passage={Language(str(row["l"])): (str(row["s"]).replace("[SEP]", " ").strip(),)},
            group="" if row["c"] == -1 else f"passage {row['c']}",
        )
        for number, row in enumerate(_rows(train / "qa.jsonl"))
        if row["src"] != "afriqa"
    ]
    about = {"source": "SQuAD, ARCD, CMRC 2018, JSQuAD, iapp-wiki-qa", "licence": "CC BY-SA 4.0"}
    write_pairs(path, records, about)


def _write_translated(folder: Path, path: Path, limit: int | None) -> None:
    english = [r for r in read_pairs(folder / "questions.jsonl").records if ENGLISH in r.query]
    everywhere = frequent_words(english)
    settings = WordByWord(languages=ASKED)
    made = translate_pairs(english[:limit], load_lexicon(), settings, everywhere)
    write_pairs(path, made, {"source": "SQuAD, translated word by word"})


def _write_halves(source: Path, path: Path) -> None:
    trained, _ = _split(read_pairs(source).records)
    write_pairs(path, map(_halved, trained), {"source": source.stem})


def _split(records: Sequence[PairRecord]) -> tuple[list[PairRecord], list[PairRecord]]:
    """Keep every fifth block of rows back; train on as many of the others as the smaller has."""
    complete = [record for record in records if all(code in record.query for code in REPORTED)]
    kept = [record for n, record in enumerate(complete) if n // _BLOCK % 5 == 4]
    trained = [record for n, record in enumerate(complete) if n // _BLOCK % 5 != 4]
    return trained[:: max(1, len(trained) // 1_500)][:1_500], kept[:380]


def _halved(record: PairRecord) -> PairRecord:
    """Make either half of a sentence ask for the whole of it, in any of its languages."""
    texts = {code: record.query[code] for code in REPORTED}
    halves = {code: _halves(text[0], code) for code, text in texts.items()}
    return PairRecord(id=record.id, query=halves, passage=texts)


def _halves(text: str, language: Language) -> tuple[str, ...]:
    words = list(text) if language in _UNSPACED else text.split()
    middle = max(1, len(words) // 2)
    between = "" if language in _UNSPACED else " "
    halves = (between.join(words[:middle]), between.join(words[middle:]))
    return tuple(half for half in halves if half.strip()) or (text,)


def _rows(path: Path) -> Iterator[dict[str, object]]:
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)

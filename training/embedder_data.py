"""The training texts of the default embedder, read from the project's data folder.

Only `train/` and the Wikidata labels are opened: the evaluation sets beside them
(xquad_dev, xquad_r_dev) are never read here.
"""

import csv
import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

LANGUAGES: tuple[str, ...] = tuple(
    "ar de el en es fa fr hi id it ja ko nl pl pt ro ru sw th tr uk vi zh".split()
)

Row = dict[str, list[str]]
"""Texts that say the same, by language."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """A question and the sentence that answers it, in one language."""

    language: str
    question: str
    sentence: str


def read_parallel(data: Path) -> dict[str, list[Row]]:
    """Return the parallel sentences by source, a row for each meaning."""
    train = data / "train"
    sources = {
        "ntrex": _read_columns(train / "ntrex.tsv"),
        "tico": _read_columns(train / "tico19.tsv"),
        "tatoeba": _group_by_english(train / "tatoeba_laser.tsv", "text"),
        "tanaka": _read_columns(train / "tanaka_en_ja.tsv"),
        "pud": _read_columns(train / "pud_en_th.tsv"),
        "afriqa": _read_columns(train / "afriqa_sw_en_questions.tsv"),
        "mgsm": _read_columns(train / "mgsm.tsv"),
    }
    return {name: [row for row in rows if len(row) > 1] for name, rows in sources.items()}


def read_terms(data: Path) -> dict[str, list[Row]]:
    """Return the bilingual and multilingual terms by source, a row for each sense."""
    train = data / "train"
    keywords: list[Row] = []
    names: list[Row] = []
    for record in _read_jsonl(train / "cldr_names.jsonl"):
        (keywords if str(record["k"]).startswith("kw:") else names).append(_one_text_each(record))
    sources = {
        "wiktionary": list(_read_pairs(train / "wiktionary_lex.tsv")),
        "omw": [_synset(record) for record in _read_jsonl(train / "omw_lex.jsonl")],
        "cldr": names,
        "cldr_keywords": keywords,
        "wikidata": [_one_text_each(r) for r in _read_jsonl(data / "wikidata_labels.jsonl")],
        "tico_terms": _group_by_english(train / "tico19_terms.tsv", "term"),
    }
    return {
        name: [row for row in rows if sum(map(len, row.values())) > 1]
        for name, rows in sources.items()
    }


def read_questions(data: Path) -> list[Question]:
    """Return the question and answer-sentence pairs, each in one language."""
    found = []
    for record in _read_jsonl(data / "train" / "qa.jsonl"):
        sentence = str(record["s"]).replace("[SEP]", " ")
        # AfriQA's Swahili questions are answered from English passages.
        if record["src"] != "afriqa":
            language, question = str(record["l"]), str(record["q"])
            found.append(Question(language=language, question=question, sentence=sentence))
    return found


def _read_jsonl(path: Path) -> Iterator[dict[str, object]]:
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def _read_table(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)


def _read_columns(path: Path) -> list[Row]:
    return [
        {language: [text] for language, text in record.items() if language in LANGUAGES and text}
        for record in _read_table(path)
    ]


def _read_pairs(path: Path) -> Iterator[Row]:
    for record in _read_table(path):
        if record["lang"] in LANGUAGES and record["term"] and record["en"]:
            yield {record["lang"]: [record["term"]], "en": [record["en"]]}


def _group_by_english(path: Path, column: str) -> list[Row]:
    groups: defaultdict[str, Row] = defaultdict(dict)
    for record in _read_table(path):
        if record["lang"] in LANGUAGES:
            row = groups[record["en"]]
            row["en"] = [record["en"]]
            row.setdefault(record["lang"], []).append(record[column])
    return list(groups.values())


def _one_text_each(record: dict[str, object]) -> Row:
    return {key: [str(text)] for key, text in record.items() if key in LANGUAGES and text}


def _synset(record: dict[str, object]) -> Row:
    # The Chinese wordnet writes a particle after "+"; others write "_" for a blank.
    row: Row = {}
    for language, words in record.items():
        if language in LANGUAGES and isinstance(words, list):
            row[language] = [str(word).replace("+", "").replace("_", " ") for word in words]
    return row

"""Made texts in three languages that share no word, and a data folder of them."""

import json
from pathlib import Path

# Word n means the same in each.
NOUNS = ("river", "city", "doctor", "moon", "stone", "bread", "horse", "ship", "tree", "fire")
GERMAN = ("fluss", "stadt", "arzt", "mond", "stein", "brot", "pferd", "schiff", "baum", "feuer")
RUSSIAN = ("река", "город", "врач", "луна", "камень", "хлеб", "конь", "корабль", "дерево", "огонь")


def phrase(words: tuple[str, ...], i: int, j: int) -> str:
    return f"{words[i]} {words[j]}"


def write_data(folder: Path) -> Path:
    """Write a data folder in the shape of the project's, every sentence of two words."""
    pairs = [(i, j) for i in range(10) for j in range(10) if i != j]
    rows = [[phrase(words, i, j) for words in (NOUNS, GERMAN, RUSSIAN)] for i, j in pairs]
    terms = [
        (language, word, noun)
        for language, words in (("de", GERMAN), ("ru", RUSSIAN))
        for word, noun in zip(words, NOUNS, strict=True)
    ]
    train_folder = folder / "train"
    train_folder.mkdir(parents=True)

    def table(name: str, header: str, lines: list[list[str]]) -> None:
        content = [header.split(), *lines]
        text = "".join("\t".join(line) + "\n" for line in content)
        (train_folder / name).write_text(text, encoding="utf-8")

    def records(path: Path, items: list[dict[str, object]]) -> None:
        path.write_text("".join(json.dumps(item) + "\n" for item in items), encoding="utf-8")

    table("ntrex.tsv", "en de ru", rows)
    table("tico19.tsv", "en ru", [[row[0], row[2]] for row in rows])
    table("tatoeba_laser.tsv", "lang text en", [["de", row[1], row[0]] for row in rows])
    for name, header in (
        ("tanaka_en_ja.tsv", "en ja"),
        ("pud_en_th.tsv", "en th"),
        ("afriqa_sw_en_questions.tsv", "sw en"),
        ("mgsm.tsv", "en es"),
    ):
        table(name, header, [["river", "city"]])
    table("wiktionary_lex.tsv", "lang term en pos", [[*term, "n"] for term in terms])
    table("tico19_terms.tsv", "lang term en", [list(term) for term in terms])
    senses = [
        {"en": [a], "de": [b], "ru": [c]} for a, b, c in zip(NOUNS, GERMAN, RUSSIAN, strict=True)
    ]
    records(train_folder / "omw_lex.jsonl", [{"s": "1-n", **sense} for sense in senses])
    names = [{lang: words[0] for lang, words in sense.items()} for sense in senses]
    records(train_folder / "cldr_names.jsonl", [{"k": "territories:1", **name} for name in names])
    records(folder / "wikidata_labels.jsonl", [{"q": "Q1", **name} for name in names])
    questions = [
        {"l": "en", "q": f"which {NOUNS[i]}", "s": phrase(NOUNS, i, j), "src": "made"}
        for i, j in pairs
    ]
    records(train_folder / "qa.jsonl", [{**question} for question in questions])
    return folder

"""Compares language detectors on short texts: questions, short sentences, and bare names.

Each detector runs in a process of its own, restricted to the 23 embedded languages: accuracy, the
share of texts that it claims to be sure of (confidence from 0.5) and its accuracy on these and on
the rest, microseconds a text, seconds to load (import, model, first answer), and memory. `ours` is
`crosearch.tools.detect`. lingua is not a dependency: `pip install lingua-language-detector`.

Left out: mixed-language texts, for which no labelled set is at hand.

    python benchmarks/detection.py --data ../shared/data [--texts 200]
"""

import argparse
import csv
import json
import random
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from rich.console import Console
from rich.table import Table

DETECTORS = ("ours", "py3langid", "lingua", "lingua-low")
LANGUAGES = tuple("ar de el en es fa fr hi id it ja ko nl pl pt ro ru sw th tr uk vi zh".split())
SURE = 0.5

Texts = Mapping[str, list[str]]
"""Texts by their language's code."""
Detect = Callable[[str], tuple[str, float]]


def main() -> None:
    """Run every detector over every set, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument("--texts", type=int, default=200, help="texts per set and language")
    parser.add_argument(
        "--detector", choices=DETECTORS, help="only this one, in this process, as JSON"
    )
    arguments = parser.parse_args()
    if arguments.detector:
        print(json.dumps(measure(arguments.detector, read_sets(arguments.data, arguments.texts))))
        return
    table = Table(
        "set", "detector", "right", "sure", "right if sure", "right if not", "µs", "load s", "MB"
    )
    for name in DETECTORS:
        command = [sys.executable, __file__, "--detector", name, "--data", str(arguments.data)]
        command += ["--texts", str(arguments.texts)]
        output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        for row in json.loads(output):
            table.add_row(*row)
        table.add_section()
    Console(width=110).print(table)


def read_sets(data: Path, texts: int) -> dict[str, Texts]:
    """Draw texts of each kind and language; the same ones every time."""
    draw = random.Random(0)
    sets = {
        "questions (XQuAD)": _xquad(data / "xquad_dev"),
        "questions (train)": _train_questions(data / "train"),
        "sentences (Tatoeba)": _pairs(data / "train" / "tatoeba_laser.tsv"),
        "headlines (NTREX)": _columns(data / "train" / "ntrex.tsv"),
        "names (Wikidata)": _names(data / "wikidata_labels.jsonl"),
    }
    return {
        name: {code: draw.sample(found, min(texts, len(found))) for code, found in by_code.items()}
        for name, by_code in sets.items()
    }


def measure(detector: str, sets: Mapping[str, Texts]) -> list[list[str]]:
    """Load a detector, run it over the sets, and return the table's rows."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    detect = load(detector)
    detect("What is this?")
    loaded = time.perf_counter() - start
    rows: list[list[str]] = []
    for name, texts in sets.items():
        start = time.perf_counter()
        guesses = [(detect(text), code) for code, found in texts.items() for text in found]
        seconds = time.perf_counter() - start
        right = [guess == code for (guess, _), code in guesses]
        sure = [r for r, ((_, c), _) in zip(right, guesses, strict=True) if c >= SURE]
        unsure = [r for r, ((_, c), _) in zip(right, guesses, strict=True) if c < SURE]
        shares = [_mean(right), len(sure) / len(right), _mean(sure), _mean(unsure)]
        rows.append([name, detector, *(f"{share:.3f}" for share in shares)])
        rows[-1].append(f"{1e6 * seconds / len(guesses):.0f}")
    memory = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    return [[*row, f"{loaded:.2f}", f"{memory:.0f}"] for row in rows]


def load(detector: str) -> Detect:
    """Make a detector restricted to the languages; it returns a code and a confidence."""
    if detector == "ours":
        return _ours()
    if detector == "py3langid":
        return _py3langid()
    return _lingua(low_accuracy=detector == "lingua-low")


def _ours() -> Detect:
    from crosearch.tools.detect import detect_language
    from crosearch.tools.languages import EMBEDDED_LANGUAGES

    def detect(text: str) -> tuple[str, float]:
        detection = detect_language(text, EMBEDDED_LANGUAGES)
        return detection.language, detection.confidence

    return detect


def _py3langid() -> Detect:
    # py3langid ships no types.
    from py3langid.langid import (  # type: ignore[import-untyped]
        MODEL_FILE,
        LanguageIdentifier,
    )

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(LANGUAGES)

    def detect(text: str) -> tuple[str, float]:
        code, confidence = identifier.classify(text)
        return str(code), float(confidence)

    return detect


def _lingua(*, low_accuracy: bool) -> Detect:
    from lingua import IsoCode639_1, Language, LanguageDetectorBuilder

    codes = [IsoCode639_1.from_str(code) for code in LANGUAGES]
    builder = LanguageDetectorBuilder.from_iso_codes_639_1(*codes)
    detector = (builder.with_low_accuracy_mode() if low_accuracy else builder).build()

    def detect(text: str) -> tuple[str, float]:
        values = detector.compute_language_confidence_values(text)
        best: tuple[Language, float] = (values[0].language, values[0].value)
        return best[0].iso_code_639_1.name.lower(), best[1]

    return detect


def _mean(values: Iterable[bool]) -> float:
    found = list(values)
    return sum(found) / len(found) if found else float("nan")


def _xquad(folder: Path) -> Texts:
    return {
        path.suffixes[0][1:]: [
            entry["question"]
            for article in json.loads(path.read_text("utf-8"))["data"]
            for paragraph in article["paragraphs"]
            for entry in paragraph["qas"]
        ]
        for path in sorted(folder.glob("xquad.*.json"))
    }


def _train_questions(folder: Path) -> Texts:
    by_code: dict[str, list[str]] = {}
    for line in (folder / "qa.jsonl").read_text("utf-8").splitlines():
        pair = json.loads(line)
        by_code.setdefault(pair["l"], []).append(pair["q"])
    swahili = (folder / "afriqa_sw_en_questions.tsv").read_text("utf-8").splitlines()[1:]
    by_code["sw"] = [line.split("\t")[0] for line in swahili]
    return {code: [text for text in texts if text.strip()] for code, texts in by_code.items()}


def _rows(path: Path) -> Iterable[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)


def _pairs(path: Path) -> Texts:
    by_code: dict[str, list[str]] = {}
    for row in _rows(path):
        by_code.setdefault(row["lang"], []).append(row["text"])
        by_code.setdefault("en", []).append(row["en"])
    return by_code


def _columns(path: Path) -> Texts:
    rows = list(_rows(path))
    return {code: [row[code] for row in rows] for code in rows[0]}


def _names(path: Path) -> Texts:
    """Keep the labels that no other language has: the others have no single right answer."""
    by_code: dict[str, list[str]] = {}
    for line in path.read_text("utf-8").splitlines():
        labels = {code: label for code, label in json.loads(line).items() if code in LANGUAGES}
        for code, label in labels.items():
            if list(labels.values()).count(label) == 1:
                by_code.setdefault(code, []).append(label)
    return by_code


if __name__ == "__main__":
    main()

"""How fast ingestion is, and how much memory it takes, beside bare Chroma.

Both write the same passage and sentence vectors into two collections of a new store. Ingestion
also reads the JSONL, splits, embeds with the default embedder, and keeps texts, metadata and a
lexical index. Bare Chroma is given the vectors ready-made, in its largest batches; once nothing
else (`vectors`), once with the passages' texts as its documents (`texts`). Each run is a process
of its own, in turn; what is compared is vectors a second, by the clock and by CPU time, and the
peak of resident memory.

Left out: languages in between (one language holds all), and a second run over unchanged documents,
which is printed beside.

    python benchmarks/ingestion.py                      # 5,000 passages, 3 rounds: about a minute
    python benchmarks/ingestion.py --passages 100000 --rounds 1

Targets: at least 0.8 times the rate of bare Chroma; at most 300 MB more at 100,000 passages.
"""

import argparse
import json
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Literal, TypedDict

import numpy as np

ARMS = ("ingest", "vectors", "texts")
MEASURES: tuple[tuple[Literal["seconds", "cpu_seconds"], str], ...] = (
    ("seconds", "rate"),
    ("cpu_seconds", "rate by CPU time"),
)
SENTENCES = 2
WORDS = 9
CODAS = ("", "a", "er", "in", "ost", "um", "eld", "any")


class Figures(TypedDict):
    """What one run came to."""

    seconds: float
    cpu_seconds: float
    """Of all its threads; on a machine that does other things too, the surer measure."""
    peak_mb: float
    again_seconds: float
    """A second run over the same documents; 0 for bare Chroma."""


def main() -> None:
    """Prepare the documents, run the arms in turn, and print the comparison."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--passages", type=int, default=5_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--arm", choices=ARMS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.arm:
        run = ingest_all if arguments.arm == "ingest" else insert_bare
        print(json.dumps(run(arguments.folder, arguments.passages, arguments.arm == "texts")))
        return
    with tempfile.TemporaryDirectory() as name:
        prepare(Path(name), arguments.passages)
        results: dict[str, list[Figures]] = {arm: [] for arm in ARMS}
        for _ in range(arguments.rounds):
            for arm in ARMS:
                results[arm].append(run_arm(arm, Path(name), arguments.passages))
    report(results, arguments.passages)


def prepare(folder: Path, passages: int) -> None:
    """Write the documents, and the vectors that bare Chroma is given."""
    from crosearch.tools.embedder import load_embedder

    choose = random.Random(0)
    words = [f"{a}{b}{c}" for a in "bdfgkl" for b in ("ar", "en", "ist", "o") for c in CODAS]
    embedder = load_embedder()
    with (
        (folder / "rows.jsonl").open("w", encoding="utf-8") as rows,
        (folder / "vectors.f32").open("wb") as vectors,
    ):
        for number in range(passages):
            sentences = [
                f"{' '.join(choose.choices(words, k=WORDS)).capitalize()}."
                for _ in range(SENTENCES)
            ]
            text = " ".join(sentences)
            row = {"id": f"d{number}", "title": f"Title {number}", "text": text, "language": "en"}
            rows.write(json.dumps(row) + "\n")
            vectors.write(embedder.encode_passages([text, *sentences]).tobytes())


def run_arm(arm: str, folder: Path, passages: int) -> Figures:
    """Run one arm in a process of its own."""
    command = [sys.executable, __file__, "--arm", arm, "--folder", str(folder)]
    command += ["--passages", str(passages)]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    figures: Figures = json.loads(output.splitlines()[-1])
    seconds = f"{figures['seconds']:8.1f} s {figures['cpu_seconds']:8.1f} s of CPU"
    print(f"{arm:8} {seconds} {figures['peak_mb']:8.0f} MB", flush=True)
    return figures


def ingest_all(folder: Path, passages: int, _: bool) -> Figures:
    """Ingest the documents, and ingest them again."""
    from crosearch.tools.embedder import load_embedder
    from crosearch.tools.index import open_store
    from crosearch.tools.ingestion import ingest

    embedder = load_embedder()
    times: list[float] = []
    cpu: list[float] = []
    peak = 0.0
    with tempfile.TemporaryDirectory(dir=folder) as place:
        for expected in (0, passages):
            started, used = time.perf_counter(), time.process_time()
            done = ingest(
                [folder / "rows.jsonl"], store=open_store(place), corpus="all", embedder=embedder
            )
            times.append(time.perf_counter() - started)
            cpu.append(time.process_time() - used)
            peak = peak or peak_mb()
            if done.unchanged != expected or done.documents != passages:
                raise RuntimeError(f"not what was to be ingested: {done}")
    return Figures(seconds=times[0], cpu_seconds=cpu[0], peak_mb=peak, again_seconds=times[1])


def insert_bare(folder: Path, passages: int, with_texts: bool) -> Figures:
    """Insert the ready-made vectors in Chroma's largest batches."""
    import chromadb
    from chromadb.config import Settings

    from crosearch.tools.embedder import load_embedder

    dimension = load_embedder().dimension
    with tempfile.TemporaryDirectory(dir=folder) as place:
        started, used = time.perf_counter(), time.process_time()
        client = chromadb.PersistentClient(place, Settings(anonymized_telemetry=False))
        collections = [
            client.create_collection(
                name, configuration={"hnsw": {"space": "cosine"}}, embedding_function=None
            )
            for name in ("passages", "sentences")
        ]
        step = client.get_max_batch_size() // SENTENCES
        with (
            (folder / "vectors.f32").open("rb") as vectors,
            (folder / "rows.jsonl").open(encoding="utf-8") as rows,
        ):
            for start in range(0, passages, step):
                numbers = range(start, min(passages, start + step))
                size = len(numbers) * (1 + SENTENCES) * dimension
                block = np.fromfile(vectors, np.float32, size).reshape(len(numbers), -1, dimension)
                texts = [json.loads(next(rows))["text"] for _ in numbers] if with_texts else None
                collections[0].add([f"d{n}" for n in numbers], block[:, 0], documents=texts)
                ids = [f"d{n}/{sentence}" for n in numbers for sentence in range(SENTENCES)]
                collections[1].add(ids, block[:, 1:].reshape(len(ids), dimension))
        seconds, cpu = time.perf_counter() - started, time.process_time() - used
    return Figures(seconds=seconds, cpu_seconds=cpu, peak_mb=peak_mb(), again_seconds=0.0)


def peak_mb() -> float:
    """Return the most memory that this process had resident."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def report(results: dict[str, list[Figures]], passages: int) -> None:
    """Print rates, ratios with their spread, memory, and the second run."""
    vectors = passages * (1 + SENTENCES)
    print(f"\n{passages:,} passages, {vectors:,} vectors, {len(results['ingest'])} rounds")
    for arm, runs in results.items():
        rates = sorted(vectors / run["seconds"] for run in runs)
        peak = statistics.median(run["peak_mb"] for run in runs)
        spread = f"{rates[0]:,.0f} to {rates[-1]:,.0f}"
        print(f"{arm:8} {statistics.median(rates):7,.0f} vectors/s ({spread}), {peak:,.0f} MB")
    for arm in ARMS[1:]:
        for measure, name in MEASURES:
            pairs = zip(results[arm], results["ingest"], strict=True)
            ratios = sorted(bare[measure] / own[measure] for bare, own in pairs)
            spread = f"{ratios[0]:.2f} to {ratios[-1]:.2f}"
            print(f"{name} against {arm}: {statistics.median(ratios):.2f} ({spread}); target 0.8")
        more = statistics.median(run["peak_mb"] for run in results["ingest"])
        more -= statistics.median(run["peak_mb"] for run in results[arm])
        print(f"memory against {arm}: {more:+,.0f} MB; target at most +300")
    again = statistics.median(run["again_seconds"] for run in results["ingest"])
    print(f"again, nothing changed: {again:.1f} s ({passages / again:,.0f} documents/s)")


if __name__ == "__main__":
    main()

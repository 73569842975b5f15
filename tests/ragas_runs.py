"""What the tests of ragas need: whether it is there, and a log of runs in two languages."""

from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest
from recorded_runs import DE, EN, TIMEOUT, recorded_run

from crosearch.tools.ledger import Evidence
from crosearch.training.shards import TrajectoryWriter
from crosearch.training.trajectories import Trajectory


def _installed() -> bool:
    try:
        return not version("ragas").startswith(("0.1", "0.2", "0.3"))
    except PackageNotFoundError:
        return False


needs_ragas = pytest.mark.skipif(
    not _installed(), reason="takes ragas 0.4, of the extra evals: pip install 'crosearch[evals]'"
)

LENGTH = "1233 km"


def run_on(
    question: str,
    answer: str,
    *texts: str,
    language: str = "en",
    found: bool = True,
    golds: Sequence[str] = (LENGTH,),
    question_id: str = "",
) -> Trajectory:
    """Record a run that found these texts and answered."""
    asked = {"en": EN, "de": DE}[language]
    record = recorded_run(question, answer=answer, language=asked)
    entry = record["evidence"][0]
    evidence: list[Evidence] = [
        {**entry, "number": number, "text": text, "title": "", "span": [0, len(text)]}
        for number, text in enumerate(texts, start=1)
    ]
    return {
        **record,
        "evidence": evidence,
        "found": found,
        "answers": {language: list(golds)} if golds else {},
        "question_id": question_id,
    }


RIGHT = run_on(
    "How long is the Rhine?", LENGTH, "The Rhine is 1233 km long.", "Ships go on it.",
    question_id="q1",
)  # fmt: skip
HALF = run_on(
    "How long is it, and where?", f"{LENGTH}; in Asia", "Ships.", "It is 1233 km long.",
    question_id="q2",
)  # fmt: skip
GERMAN = run_on(
    "Wie lang ist der Rhein?", LENGTH, "Der Rhein ist 1233 km lang.", language="de",
    question_id="q1",
)  # fmt: skip
DECLINED = run_on("How old is it?", "That is not told.", "Ships go on it.", found=False)
BARE = run_on("How deep is it?", "1233 m", "Ships go on it.", golds=())
FAILED = recorded_run("How wide is it?", failures=[TIMEOUT])
RUNS = (RIGHT, HALF, GERMAN, DECLINED, BARE, FAILED)


def copies(record: Trajectory, count: int) -> list[Trajectory]:
    """Ask the same again under other questions, `0?` and so on."""
    return [{**record, "question": f"{n}?", "key": f"{n:032}"} for n in range(count)]


def write_log(folder: Path, records: Sequence[Trajectory] = RUNS) -> Path:
    """Write a log of these runs."""
    with TrajectoryWriter(folder) as writer:
        for record in records:
            writer.append_now(record)
    return folder

"""The extractive policy: how many runs a second on a large corpus, and where the time goes."""

from rollout_report import Figure, Report
from rollout_runs import collect_runs
from rollout_setting import Setting
from search import drawn_passages, open_or_build, read_xquad

from crosearch.agents.extractive import ExtractivePolicy
from crosearch.graphs.context import SearchContext
from crosearch.tools.search import HybridRetriever
from crosearch.training.questions import Question
from crosearch.training.recorder import RunRecorder

PART = "extractive"
CONCURRENCIES = (1, 2, 4, 8, 16)
LANGUAGES = 5
"""Of the drawn passages."""


def measure_extractive(setting: Setting, report: Report) -> None:
    """Collect runs on a large corpus at several concurrencies; the best one is looked at closer."""
    if setting.data is None:
        report.note(f"{PART}: left out, since --data names no data sets")
        return
    each = setting.passages // LANGUAGES
    texts = drawn_passages(setting.data, each)
    corpus = open_or_build(setting.work / f"store-{each}", texts)
    questions = _questions(setting)
    retriever = HybridRetriever(corpus)
    folder = setting.work / "logs"

    def recorder() -> RunRecorder:
        """Make a policy anew, since it remembers sentences."""
        return RunRecorder(ExtractivePolicy(retriever.embedder), retriever, context=SearchContext())

    collect_runs(recorder(), questions[:20], concurrency=2, folder=folder)
    rates: dict[int, float] = {}
    for concurrency in CONCURRENCIES:
        run = collect_runs(recorder(), questions, concurrency=concurrency, folder=folder)
        rates[concurrency] = run.rate
    best = max(rates, key=lambda concurrency: rates[concurrency])
    again = [
        collect_runs(recorder(), questions, concurrency=best, folder=folder)
        for _ in range(setting.repeats)
    ]
    report.add(
        Figure(
            part=PART,
            name=f"{best} at once, {each * LANGUAGES:,} passages",
            values=[run.rate for run in again],
            unit="runs/s",
            least=20,
        )
    )
    shown = ", ".join(f"{rate:.1f} at {size}" for size, rate in rates.items())
    report.note(f"{PART}: runs/s by concurrency: {shown}")
    last = again[-1]
    parts = ", ".join(
        f"{stage} {1000 * seconds / last.report.runs:.0f}"
        for stage, seconds in last.report.stage_seconds.items()
    )
    report.note(
        f"{PART}: milliseconds a run in each stage, waiting for others included: {parts}; "
        f"{last.report.turns / last.report.runs:.2f} turns a run, found "
        f"{last.report.found / last.report.runs:.0%}"
    )


def _questions(setting: Setting) -> list[Question]:
    """Take XQuAD's questions in the corpus' languages, each asked once."""
    if setting.data is None:
        return []
    _, read = read_xquad(setting.data / "xquad_dev", setting.questions)
    mine = [row for row in read if row.language in ("en", "es", "ru", "zh")]
    step = max(1, len(mine) // setting.questions)
    return [Question(text=row.text, language=row.language) for row in mine[::step]][
        : setting.questions
    ]

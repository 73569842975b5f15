"""Scores runs that were collected already, by their own gold answers or by those of a data set."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import cast

from crosearch.evals.answer_rows import Indexed, score_run
from crosearch.evals.answers_evaluation import AnswerEvaluation
from crosearch.evals.answers_figures import EntryTitle, compare_rows
from crosearch.evals.answers_folder import describe_scored
from crosearch.evals.dataset_types import EvalDataset, EvalQuestion
from crosearch.evals.packages import need_packages
from crosearch.graphs.baselines import BASELINES, CROSEARCH
from crosearch.tools.errors import UsageError
from crosearch.tools.languages import Language
from crosearch.training.answer_entities import AnswerEntities, Joined, parallel_texts
from crosearch.training.several_logs import latest_runs
from crosearch.training.trajectories import Trajectory, fingerprint

_SHOWN = 6
"""Digits of a fingerprint that tell entries apart."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Maker:
    """What makes the runs of an entry."""

    policy: str
    strategy: str
    policy_fingerprint: str
    settings_fingerprint: str
    corpus: str
    index_fingerprint: str = ""
    """Where the same was asked of several states of the corpus; else empty, since askers who do not
    find their own language search an index of their own each."""


def score_logs(
    logs: Sequence[Path], dataset: EvalDataset | None = None, *, name: str = ""
) -> AnswerEvaluation:
    """Score every run of trajectory logs; of several attempts the last.

    Runs of one policy, graph, index and settings are an entry.

    Args:
        logs: Folders of trajectory logs.
        dataset: Says what is right, for runs whose question it has: by its id, else by its words.
            None: the gold answers that the runs were collected with.
        name: What is scored, for the report; empty: the data set's name.

    Raises:
        UsageError: There is no such log, no run in it, or no gold answer for any.
        LogError: A log cannot be read.
    """
    need_packages("sacrebleu", "pyarrow", doing="evaluating answers")
    records = [_small(record) for record in latest_runs(logs) if record["parent"] is None]
    if not records:
        raise UsageError(f"{_named(logs)} holds no runs")
    asked = _questions_of(records) if dataset is None else _questions_in(records, dataset)
    if not asked:
        raise UsageError(
            f"none of the {len(records):,} runs in {_named(logs)} was asked a question of "
            f"{dataset.name!r}"
            if dataset
            else f"none of the {len(records):,} runs in {_named(logs)} has a gold answer: name the "
            "data set that has, with --dataset and --data"
        )
    questions = list({(q.language, q.id): q for q in asked.values()}.values())
    entities = AnswerEntities(cast("Mapping[str, Sequence[str]]", q.answers) for q in questions)
    kept = [record for record in records if record["key"] in asked]
    makers, held = _makers(kept), _held_languages(kept)
    titles = _titles(makers.values())
    rows = [
        score_run(
            titles[makers[record["key"]]].name,
            record,
            asked[record["key"]],
            entities,
            indexed=_indexed(record, held),
        )
        for record in kept
    ]
    called = name or (dataset.name if dataset else "collected runs")
    return AnswerEvaluation(
        comparison=compare_rows(called, list(titles.values()), rows),
        rows=rows,
        questions=questions,
        manifest=describe_scored(
            called, questions, {title.name: asdict(maker) for maker, title in titles.items()}
        ),
        left_out=len(records) - len(kept),
    )


def _small(record: Trajectory) -> Trajectory:
    return {**record, "transcript": []}


def _questions_of(records: Sequence[Trajectory]) -> dict[str, EvalQuestion]:
    """Take questions from runs that have gold answers; by key."""
    parallel = Joined()
    for record in records:
        parallel.join(_texts(record))
    return {
        record["key"]: EvalQuestion(
            id=record["question_id"] or record["group"],
            language=record["language"],
            text=record["question"],
            fact=parallel.find(_texts(record)[0]),
            answers=cast("Mapping[Language, Sequence[str]]", record["answers"]),
        )
        for record in records
        if any(record["answers"].values())
    }


def _texts(record: Trajectory) -> list[str]:
    return parallel_texts(record["language"], record["question"], record["translations"])


def _questions_in(records: Iterable[Trajectory], dataset: EvalDataset) -> dict[str, EvalQuestion]:
    """Find the data set's questions that runs were asked; by key."""
    by_id = {(question.language, question.id): question for question in dataset.questions}
    by_text = {(q.language, " ".join(q.text.split())): q for q in dataset.questions}
    found: dict[str, EvalQuestion] = {}
    for record in records:
        text = " ".join(record["question"].split())
        question = by_id.get((record["language"], record["question_id"]))
        if question is None or " ".join(question.text.split()) != text:
            question = by_text.get((record["language"], text))
        if question is not None:
            found[record["key"]] = question
    return found


def _makers(records: Sequence[Trajectory]) -> dict[str, _Maker]:
    """Say what made each run, by key."""
    made: defaultdict[_Maker, list[Trajectory]] = defaultdict(list)
    for record in records:
        made[_maker(record)].append(record)
    makers: dict[str, _Maker] = {}
    for maker, some in made.items():
        asked = {(record["group"], record["sample"], record["member"]) for record in some}
        for record in some:
            index = record["index"]["fingerprint"] if len(asked) < len(some) else ""
            makers[record["key"]] = replace(maker, index_fingerprint=index)
    return makers


def _maker(record: Trajectory) -> _Maker:
    return _Maker(
        policy=record["policy"]["name"],
        strategy=str(record["settings"].get("graph") or CROSEARCH),
        policy_fingerprint=record["policy"]["fingerprint"],
        settings_fingerprint=record["settings_fingerprint"],
        corpus=record["index"]["corpus"],
    )


def _titles(makers: Iterable[_Maker]) -> dict[_Maker, EntryTitle]:
    """Name the makers by policy and strategy; where that is not enough, by a digest of all else."""
    known = sorted(set(makers), key=_place)
    policies = {maker.policy for maker in known}
    plain = {
        maker: maker.strategy if len(policies) == 1 else f"{maker.policy}, {maker.strategy}"
        for maker in known
    }
    counts = Counter(plain.values())
    return {
        maker: EntryTitle(
            name=name if counts[name] == 1 else f"{name} ({_digest(maker)})",
            policy=maker.policy,
            strategy=maker.strategy,
        )
        for maker, name in plain.items()
    }


def _place(maker: _Maker) -> tuple[str, int, str]:
    """Say where an entry stands: its policy's strategies in the order of the baselines."""
    strategies = [*BASELINES]
    known = maker.strategy in strategies
    place = strategies.index(maker.strategy) if known else len(strategies)
    return maker.policy, place, _digest(maker)


def _digest(maker: _Maker) -> str:
    return fingerprint([*asdict(maker).values()])[:_SHOWN]


def _held_languages(records: Iterable[Trajectory]) -> dict[str, Collection[str]]:
    """Say which languages an index held, by its fingerprint.

    Baselines' graphs and `search_languages` narrow what a run could search: a run tells it that
    neither did.
    """
    return {
        record["index"]["fingerprint"]: record["searchable"].keys()
        for record in records
        if "graph" not in record["settings"] and not record["settings"].get("search_languages")
    }


def _indexed(record: Trajectory, held: Mapping[str, Collection[str]]) -> Indexed | None:
    """Tell whether the asker's language was there."""
    languages = held.get(record["index"]["fingerprint"])
    if languages is None:
        return None
    return "own" if record["language"] in languages else "others"


def _named(logs: Sequence[Path]) -> str:
    return ", ".join(repr(str(log)) for log in logs)

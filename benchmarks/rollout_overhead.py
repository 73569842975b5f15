"""What the graph, the log and the ledger cost, beside a bare loop that does without them.

The bare loop replays recorded runs: it hands the policy the run so far, makes the search that the
run made then, and appends the evidence that the run showed. So policy and search do the same work
in both, and what is left out is parsing and checking actions, aligning evidence, state, and log.
"""

import asyncio
from collections.abc import Iterator, Sequence

import torch
from rollout_clock import Clock
from rollout_report import Figure, Report
from rollout_runs import collect_tiny, tiny_policy, warm_up
from rollout_setting import Setting, sampled_questions

from crosearch.agents.policy import Observation, Policy
from crosearch.agents.transcript import Segment
from crosearch.graphs.turns import extend_transcript
from crosearch.tools.retriever import Retriever
from crosearch.training.trajectories import Trajectory

PART = "overhead"


def measure_overhead(setting: Setting, report: Report) -> None:
    """Time the collection and the bare loop on the same runs, in turn."""
    torch.set_num_threads(setting.threads)
    questions = sampled_questions(setting.questions)
    warm_up(setting)
    whole, bare = list[Clock](), list[Clock]()
    for _ in range(setting.repeats):
        collected = collect_tiny(setting, questions, concurrency=setting.concurrency)
        with tiny_policy(setting) as policy:
            replay = Replay(policy, setting)
            with Clock() as clock:
                asyncio.run(replay.run_all(collected.records))
        bare.append(clock)
        whole.append(collected.clock)
        report.note(
            f"{PART}: {collected.emitted:,} tokens made in the graph, {replay.emitted:,} bare"
        )
    count = len(questions)
    add = report.add
    add(
        Figure(
            part=PART,
            name="whole",
            values=[count / clock.seconds for clock in whole],
            unit="runs/s",
        )
    )
    add(
        Figure(
            part=PART,
            name="bare loop",
            values=[count / clock.seconds for clock in bare],
            unit="runs/s",
        )
    )
    pairs = list(zip(whole, bare, strict=True))
    more = [100 * (a.seconds / b.seconds - 1) for a, b in pairs]
    add(Figure(part=PART, name="seconds more than bare", values=more, unit="%", most=15))
    more = [100 * (a.cpu / b.cpu - 1) for a, b in pairs]
    add(Figure(part=PART, name="CPU time more than bare", values=more, unit="%"))


class Replay:
    """Calls the policy and the search as recorded runs did."""

    def __init__(self, policy: Policy, setting: Setting) -> None:
        """Replay with a policy, on the setting's corpus."""
        self._policy = policy
        self._retriever: Retriever = setting.retriever
        self._setting = setting
        self.emitted = 0

    async def run_all(self, records: Sequence[Trajectory]) -> None:
        """Replay runs, as many at once as the collection has."""
        waiting = iter(records)

        async def work(waiting: Iterator[Trajectory]) -> None:
            for record in waiting:
                await self._run(record)

        async with asyncio.TaskGroup() as group:
            for _ in range(self._setting.concurrency):
                group.create_task(work(waiting))

    async def _run(self, record: Trajectory) -> None:
        transcript: list[Segment] = []
        turns = iter(record["history"])
        for segment in record["transcript"]:
            if segment["kind"] != "policy":
                transcript.append(Segment(kind=segment["kind"], text=segment["text"]))
                continue
            emission = await self._policy.act(self._observe(record, transcript), _ignore)
            transcript = extend_transcript(transcript, emission)
            self.emitted += len(emission.token_ids or ())
            place = next(turns)["search"]
            if place is not None:
                search, context = record["searches"][place], self._setting.context
                await self._retriever.search(
                    search["query"],
                    [outcome["language"] for outcome in search["outcomes"]],
                    k=context.passages,
                    timeout=context.search_timeout,
                )

    def _observe(self, record: Trajectory, transcript: Sequence[Segment]) -> Observation:
        seed = record["settings"]["seed"]
        return Observation(
            question=record["question"],
            language=record["language"],
            languages=record["searchable"],
            transcript=tuple(transcript),
            evidence=(),
            searches=(),
            turns_left=1,
            searches_left=0,
            temperature=self._setting.temperature,
            seed=seed if isinstance(seed, int) else None,
        )


def _ignore(_: str) -> None:
    pass

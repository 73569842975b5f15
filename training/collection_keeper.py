"""Makes finished runs durable, and watches that they are runs of one corpus that mostly succeed."""

import time
from collections.abc import Mapping

from crosearch.tools.errors import CollectionError
from crosearch.tools.languages import Language, parse_languages
from crosearch.tools.ledger import Failure
from crosearch.training.collection_report import Progress, Tally
from crosearch.training.collection_runs import FinishedRun
from crosearch.training.recorder import RunRecorder
from crosearch.training.rewards import with_rewards
from crosearch.training.shards import TrajectoryWriter
from crosearch.training.trajectories import Trajectory

FAILED_IN_A_ROW = 20
"""So many failed runs without a good one between them end a collection."""


class Keeper:
    """Takes finished runs, from many tasks at once."""

    def __init__(
        self,
        writer: TrajectoryWriter,
        *,
        tally: Tally,
        searchable: Mapping[Language, int],
        patience: int = FAILED_IN_A_ROW,
        progress: Progress | None = None,
    ) -> None:
        """Set up.

        Args:
            writer: Makes records durable.
            tally: Counts what is durable.
            searchable: Where runs can search, and how many passages they find there, as it was
                when the index' fingerprint was taken.
            patience: How many runs may fail one after the other.
            progress: Is told after each run.
        """
        self._writer = writer
        self._tally = tally
        self._searchable = searchable
        self._patience = patience
        self._progress = progress
        self._in_a_row = 0

    async def keep(self, finished: FinishedRun) -> None:
        """Make a run durable, and count it.

        Raises:
            CollectionError: Too many runs in a row failed; this one is kept.
            LogError: It could not be made durable.
        """
        record = with_rewards(self._checked(finished.record))
        began = time.perf_counter()
        await self._writer.append(record)
        self._tally.add(
            record,
            tries=finished.tries,
            run_seconds=finished.seconds,
            log_seconds=time.perf_counter() - began,
        )
        if self._progress is not None:
            self._progress(self._tally.report())
        self._count_failures(record)

    def _checked(self, record: Trajectory) -> Trajectory:
        """Mark a run that searched another state of the corpus than the one it is named by."""
        now, before = record["searchable"], self._searchable_by(record)
        if record["failures"] or now == before:
            return record
        failures = [
            Failure(
                stage="search",
                language=language,
                status="missing" if language not in now else "error",
                detail=f"the corpus was changed: when the collection began it held {held:,} "
                f"passages in this language, and when the run did {now.get(language, 0):,}",
            )
            for language in {**before, **now}
            if (held := before.get(language, 0)) != now.get(language, 0)
        ]
        return {
            **record,
            "failures": failures,
            "untrainable": record["untrainable"]
            or f"the machine failed it: {failures[0]['detail']}",
        }

    def _searchable_by(self, record: Trajectory) -> Mapping[Language, int]:
        """Say where a run could search, had nothing changed: a nudged one, where it was let.

        A baseline's graph chooses that itself; of its runs only what they could search is known.
        """
        if "graph" in record["settings"]:
            return {code: self._searchable.get(code, 0) for code in record["searchable"]}
        variation = record["variation"]
        nudged = variation["search_languages"] if variation else []
        return {language: self._searchable.get(language, 0) for language in nudged} or (
            self._searchable
        )

    def _count_failures(self, record: Trajectory) -> None:
        self._in_a_row = self._in_a_row + 1 if record["failures"] else 0
        if self._in_a_row >= self._patience:
            raise CollectionError(
                f"{self._in_a_row} runs in a row failed, the last with: "
                f"{describe_failure(record['failures'][-1])}. What is recorded stays; once that is "
                "mended, collect again, and the failed runs too with retry_failed (--retry-failed)"
            )


def searchable_languages(recorder: RunRecorder) -> dict[Language, int]:
    """Say where the recorder's runs can search now, with the passages of each language."""
    held = recorder.retriever.languages
    wanted = parse_languages(recorder.context.search_languages)
    return {language: held.get(language, 0) for language in wanted} or dict(held)


def describe_failure(failure: Failure) -> str:
    """Say on one line what the machine failed in."""
    where = (
        f"{failure['stage']} in {failure['language']}" if failure["language"] else failure["stage"]
    )
    return f"{where}: {failure['detail'] or failure['status']}"

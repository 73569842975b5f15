"""Questions to sample anew, in the format of TRL's `GRPOTrainer`, with what a reward needs."""

from collections import Counter
from collections.abc import Iterator
from typing import TypedDict, cast

from crosearch.agents.transcript import chat_messages
from crosearch.tools.completions import Message
from crosearch.training.export_rows import ReadRuns, digest, prompt_part
from crosearch.training.export_schema import Row


class GrpoRow(TypedDict):
    """A prompt; its columns beside the first reach the reward functions."""

    prompt: list[Message]
    group: str
    """A hash of the question; never the prompt's text or the row's number."""
    question_id: str
    question: str
    language: str
    answers: list[str]
    """Gold answers in the asker's language, else in no told language, else in any."""
    answers_by_language: dict[str, list[str]]


class GrpoRows:
    """Makes a row of each prompt of each group."""

    row = GrpoRow

    def rows(self, read: ReadRuns, left_out: Counter[str]) -> Iterator[Row]:
        """Make the rows; further runs of a prompt are counted as left out."""
        seen: set[tuple[str, bytes]] = set()
        for record in read():
            prompt = prompt_part(record["transcript"])
            name = record["group"], digest(prompt)
            if not prompt:
                left_out["it ended before it had a prompt"] += 1
            elif name in seen:
                left_out["its prompt is there already"] += 1
            else:
                seen.add(name)
                row = GrpoRow(
                    prompt=chat_messages(prompt),
                    group=record["group"],
                    question_id=record["question_id"],
                    question=record["question"],
                    language=record["language"],
                    answers=_gold_answers(record["answers"], record["language"]),
                    answers_by_language=record["answers"],
                )
                yield cast("Row", row)


def _gold_answers(answers: dict[str, list[str]], language: str) -> list[str]:
    own = answers.get(language) or answers.get("und")
    return own or list(dict.fromkeys(a for golds in answers.values() for a in golds))

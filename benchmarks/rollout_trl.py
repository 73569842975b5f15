"""TRL's own generation loop beside ours: one model, one dialect, the same questions and searches.

TRL's `GRPOTrainer` gets our instructions and question as its prompt, and a tool `search` that does
what a run's search does here: search, align, show the evidence. The model's searches are calls of
this tool by the tokenizer's response template (`rollout_template`), so both loops give the model
the same tokens to read. A run needs its ledger, so the tool is the method of an environment, which
TRL calls by the same loop as a plain tool. Only `_generate` is timed on TRL's side: no rewards, no
loss. On ours everything is: graph, ledger, log-probabilities, log.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from datasets import Dataset  # type: ignore[import-untyped]  # it ships no types
from rollout_clock import Clock
from rollout_report import Figure, Report
from rollout_runs import Collected, collect_tiny, warm_up
from rollout_setting import TURN_TOKENS, Setting, sampled_questions
from rollout_template import RESPONSE_TEMPLATE
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl.trainer.grpo_config import GRPOConfig
from trl.trainer.grpo_trainer import GRPOTrainer

from crosearch.agents.actions import SearchAction, parse_action
from crosearch.agents.prompts import open_transcript, render_evidence
from crosearch.agents.transcript import chat_messages
from crosearch.graphs.context import SearchContext
from crosearch.graphs.hits import search_record
from crosearch.tools.align import align_evidence
from crosearch.tools.languages import Language
from crosearch.tools.ledger import Evidence
from crosearch.tools.retriever import Retriever
from crosearch.tools.translate import NoTranslator
from crosearch.training.questions import Question
from crosearch.training.trajectories import Trajectory

PART = "trl"
COMPLETION_TOKENS = 2_000
"""TRL's budget for all turns of a run together, the evidence counted."""


class SearchEnvironment:
    """A run's ledger, and the tool that fills it."""

    def __init__(self, retriever: Retriever, context: SearchContext) -> None:
        """Search a corpus with the budgets of a run."""
        self._retriever = retriever
        self._context = context

    def reset(self, **row: Any) -> str | None:
        """Begin the run of a row of the data set."""
        self._question = str(row["question"])
        self._language = Language(row["language"])
        self._evidence: list[Evidence] = []
        self._searches = 0
        return None

    async def search(self, lang: str, query: str) -> str:
        """Search passages.

        Args:
            lang: Codes of languages, with commas between them.
            query: What to look for.
        """
        context = self._context
        if self._searches >= context.max_searches:
            raise ValueError("no searches are left")
        self._searches += 1
        action = parse_action(f'<search lang="{lang}">{query}</search>')
        assert isinstance(action, SearchAction)
        result = await self._retriever.search(
            action.query, action.languages, k=context.passages, timeout=context.search_timeout
        )
        known = {entry["number"] for entry in self._evidence}
        self._evidence, _ = await align_evidence(
            self._question,
            self._language,
            self._evidence,
            result,
            retriever=self._retriever,
            translator=NoTranslator(),
        )
        return render_evidence(
            self._evidence,
            search_record(result),
            known=known,
            tokens=context.max_evidence_tokens,
            turns_left=context.max_turns - self._searches,
            searches_left=context.max_searches - self._searches,
        )


@dataclass
class Generated:
    """What TRL's loop made, and in what time."""

    clock: Clock = field(default_factory=Clock)
    completions: list[list[int]] = field(default_factory=list[list[int]])
    masks: list[list[int]] = field(default_factory=list[list[int]])

    @property
    def emitted(self) -> int:
        """How many tokens the model made."""
        return sum(map(sum, self.masks))

    @property
    def turns(self) -> int:
        """How many turns it took: stretches of its own tokens."""
        return sum(
            mask[place] and (place == 0 or not mask[place - 1])
            for mask in self.masks
            for place in range(len(mask))
        )


class TimedTrainer(GRPOTrainer):
    """TRL's trainer; keeps what its loop made, and how long that took."""

    generated: Generated

    def _generate(self, prompts: list[Any]) -> Any:  # TRL gives neither a type
        with self.generated.clock:
            made = super()._generate(prompts)
        self.generated.completions += made[1]
        self.generated.masks += made[2] or []
        return made


def measure_trl(setting: Setting, report: Report) -> None:
    """Time both loops on the same questions, in turn."""
    torch.set_num_threads(setting.threads)
    questions = sampled_questions(setting.questions)
    warm_up(setting)
    rows = [_row(question, setting) for question in questions]
    ours: list[Collected] = []
    theirs: list[Generated] = []
    for _ in range(setting.repeats):
        ours.append(collect_tiny(setting, questions, concurrency=setting.concurrency))
        theirs.append(run_trl(setting, rows))
        report.note(f"{PART}: {_same_tokens(ours[-1], theirs[-1], questions)}")
    _report(report, ours, theirs, setting)


def run_trl(setting: Setting, rows: Sequence[dict[str, Any]]) -> Generated:
    """Run TRL's loop over all rows, a batch of as many as we run at once, and time it."""
    tokenizer = AutoTokenizer.from_pretrained(setting.model)
    tokenizer.response_template = RESPONSE_TEMPLATE
    trainer = TimedTrainer(
        model=AutoModelForCausalLM.from_pretrained(setting.model, dtype=torch.float32),
        processing_class=tokenizer,
        reward_funcs=_no_reward,
        environment_factory=lambda: SearchEnvironment(setting.retriever, setting.context),
        train_dataset=Dataset.from_list(list(rows)),
        args=_trl_settings(setting),
    )
    trainer.generated = Generated()
    for start in range(0, len(rows), setting.concurrency):
        batch = [dict(row) for row in rows[start : start + setting.concurrency]]
        trainer._generate_and_score_completions(batch)  # what a training step calls first
    return trainer.generated


def _trl_settings(setting: Setting) -> GRPOConfig:
    sampling: dict[str, object] = {"max_new_tokens": TURN_TOKENS}
    if setting.temperature == 0:
        sampling["do_sample"] = False
    return GRPOConfig(
        output_dir=str(setting.work / "trl"),
        per_device_train_batch_size=setting.concurrency,
        num_generations=2,
        max_completion_length=COMPLETION_TOKENS,
        max_tool_calling_iterations=setting.context.max_searches,
        temperature=setting.temperature or 1.0,
        generation_kwargs=sampling,
        gradient_checkpointing=False,
        use_cpu=True,
        bf16=False,
        report_to=[],
        disable_tqdm=True,
    )


def _no_reward(completions: Sequence[object], **_: object) -> list[float | None]:
    return [0.0 for _ in completions]


def _row(question: Question, setting: Setting) -> dict[str, Any]:
    """Lay a question out as one of TRL's: the very prompt that a run of ours begins with."""
    context = setting.context
    language = question.language or Language("en")
    transcript = open_transcript(
        question.text,
        language,
        languages=setting.retriever.languages,
        turns=context.max_turns,
        searches=context.max_searches,
    )
    return {
        "prompt": chat_messages(transcript),
        "question": question.text,
        "language": language,
    }


def _same_tokens(ours: Collected, theirs: Generated, questions: Sequence[Question]) -> str:
    """Say how many runs came out alike, token by token, the model's and those it read."""
    by_question = {record["question"]: _completion(record) for record in ours.records}
    same = sum(
        by_question[question.text] == completion[: len(by_question[question.text])]
        for question, completion in zip(questions, theirs.completions, strict=True)
    )
    return f"{same} of {len(questions)} runs have the same tokens in both loops"


def _completion(record: Trajectory) -> list[int]:
    """Join all that follows the prompt."""
    segments = record["transcript"]
    return [i for segment in segments[2:] for i in segment.get("token_ids", [])]


def _report(
    report: Report, ours: Sequence[Collected], theirs: Sequence[Generated], setting: Setting
) -> None:
    questions = setting.questions
    pairs = list(zip(ours, theirs, strict=True))
    their_rates = [questions / made.clock.seconds for made in theirs]
    add = report.add
    add(Figure(part=PART, name="ours", values=[run.rate for run in ours], unit="runs/s"))
    add(Figure(part=PART, name="TRL's loop", values=their_rates, unit="runs/s"))
    add(
        Figure(
            part=PART,
            name="ours / TRL, runs/s",
            values=[made.clock.seconds / own.clock.seconds for own, made in pairs],
            least=1.3,
        )
    )
    by_cpu = [made.clock.cpu / own.clock.cpu for own, made in pairs]
    add(Figure(part=PART, name="ours / TRL, runs/s of CPU time", values=by_cpu))
    add(
        Figure(
            part=PART,
            name="ours / TRL, tokens made/s",
            values=[
                own.emitted / own.clock.seconds / (made.emitted / made.clock.seconds)
                for own, made in pairs
            ],
        )
    )
    own, made = pairs[-1]
    report.note(
        f"{PART}: equal: model, prompts, questions, search, evidence, longest turn, "
        f"{setting.threads} threads; ours {own.turns} turns and {own.emitted:,} tokens made, "
        f"TRL {made.turns} and {made.emitted:,}: it also samples the token that ends a turn. Not "
        "equal: ours keeps log-probabilities, ledger and log, and answers a mistake with feedback"
    )

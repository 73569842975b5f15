"""Teaches a tiny language model, from nothing, to act as the extractive policy does.

About 5 million parameters, a byte-level vocabulary of 4,096 pieces and a chat template of our own
are made here, so that nothing is downloaded. The model learns from runs of the extractive policy on
the sample corpus, from the policy's tokens alone: first from questions and first turns, which are
short, then from whole runs. Queries and answers are cut to their beginnings, since so small a model
learns to copy long ones in seventeen languages only in hours. What it says is of no worth; that it
searches, and then answers or abstains, is what the other parts need.
"""

import asyncio
import json
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import torch
from rollout_report import Report
from rollout_setting import Setting, sampled_questions
from rollout_template import CHAT_TEMPLATE, END, PAD, SPECIAL
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from crosearch.agents.actions import SearchAction, parse_action, render_answer, render_search
from crosearch.agents.extractive import ExtractivePolicy
from crosearch.agents.rendering import TranscriptRenderer
from crosearch.agents.transcript import Segment
from crosearch.graphs.search import build_search_graph
from crosearch.graphs.state import SearchInput
from crosearch.tools.sample import sample_questions

VOCABULARY = 4_096
POSITIONS = 4_096
BATCH = 4
"""Sequences a step."""
SHORT, WHOLE = 8, 6
"""Passes over the first turns, and over whole runs."""
RATE = 3e-3
WARM_UP = 50
"""Steps over which the rate rises."""
QUERY_CHARACTERS, ANSWER_CHARACTERS = 24, 16
"""What is learnt of a query and of an answer; so short an answer passes in every language."""
DECAY = 0.4
"""The share of the tokens over which the rate falls to nothing."""


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """A run as the model reads it."""

    ids: torch.Tensor
    learnt: torch.Tensor
    """Which of the ids are the policy's; the end of its turn is one of them."""


def teach(setting: Setting, report: Report) -> None:
    """Make the model and its tokenizer in the setting's folder, where they are not there yet."""
    if (setting.model / "config.json").is_file():
        return
    torch.manual_seed(0)
    torch.set_num_threads(setting.threads)
    runs = [[_shorten(segment) for segment in run] for run in extractive_runs(setting)]
    tokenizer = make_tokenizer(runs)
    model = make_model()
    started = time.perf_counter()
    renderer, end = TranscriptRenderer(tokenizer), SPECIAL.index(END)
    first_turns = [_lesson(run[1:3], renderer, end) for run in runs]
    train(model, first_turns, [_lesson(run, renderer, end) for run in runs])
    size = sum(weights.numel() for weights in model.parameters())
    seconds = time.perf_counter() - started
    report.note(f"taught {size:,} parameters on {len(runs)} runs in {seconds:.0f} s")
    unfinished = setting.model.with_name("model.unfinished")
    model.save_pretrained(unfinished)
    tokenizer.save_pretrained(unfinished)
    unfinished.rename(setting.model)


def extractive_runs(setting: Setting) -> list[list[Segment]]:
    """Run the extractive policy over every question of the sample, once; kept in the folder."""
    kept = setting.work / "lessons.json"
    if not kept.is_file():
        transcripts = asyncio.run(_run_all(setting))
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(transcripts, ensure_ascii=False), encoding="utf-8")
    loaded: list[list[Segment]] = json.loads(kept.read_text(encoding="utf-8"))
    return loaded


async def _run_all(setting: Setting) -> list[list[Segment]]:
    policy = ExtractivePolicy(setting.retriever.embedder)
    graph = build_search_graph(policy, setting.retriever).compile()
    transcripts: list[list[Segment]] = []
    for question in sampled_questions(len(sample_questions())):
        run = await graph.ainvoke(SearchInput(question=question.text), context=setting.context)
        transcripts.append(run["transcript"])
    return transcripts


def _shorten(segment: Segment) -> Segment:
    """Cut what a policy's turn quotes, and leave its thought and its form."""
    if segment["kind"] != "policy":
        return segment
    action = parse_action(segment["text"])
    if isinstance(action, SearchAction):
        text = render_search(replace(action, query=action.query[:QUERY_CHARACTERS].strip()))
    else:
        text = render_answer(replace(action, text=action.text[:ANSWER_CHARACTERS].strip()))
    return Segment(kind="policy", text=text)


def make_tokenizer(runs: Sequence[Sequence[Segment]]) -> PreTrainedTokenizerFast:
    """Make a byte-level vocabulary of the runs' texts, with the chat template."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    raw = Tokenizer(models.BPE())
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=list(SPECIAL),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    raw.train_from_iterator((segment["text"] for run in runs for segment in run), trainer)
    tokenizer = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]  # transformers' own
        tokenizer_object=raw, eos_token=END, pad_token=PAD
    )
    tokenizer.chat_template = CHAT_TEMPLATE
    return tokenizer


def make_model() -> LlamaForCausalLM:
    """Make the model, with random weights."""
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=VOCABULARY,
            hidden_size=256,
            intermediate_size=704,
            num_hidden_layers=6,
            num_attention_heads=4,
            num_key_value_heads=2,
            max_position_embeddings=POSITIONS,
            tie_word_embeddings=True,
            bos_token_id=None,
            eos_token_id=SPECIAL.index(END),
            pad_token_id=SPECIAL.index(PAD),
        )
    )


def train(
    model: LlamaForCausalLM,
    short_lessons: Sequence[Lesson],
    whole_lessons: Sequence[Lesson],
) -> None:
    """Let the model learn the short lessons, then the whole ones, with one schedule."""
    draw = random.Random(0)
    batches = [batch for _ in range(SHORT) for batch in _batches(short_lessons, draw)]
    batches += [batch for _ in range(WHOLE) for batch in _batches(whole_lessons, draw)]
    sizes = [sum(len(lesson.ids) for lesson in batch) for batch in batches]
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE, betas=(0.9, 0.98), weight_decay=0.0)
    model.train()
    for step, batch in enumerate(batches):
        left = sum(sizes[step:]) / sum(sizes)
        for group in optimizer.param_groups:
            group["lr"] = RATE * min(1.0, (step + 1) / WARM_UP, left / DECAY)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = _loss(model, batch)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch has no type for it
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if step % 50 == 0 or step == len(batches) - 1:
            print(f"step {step + 1} of {len(batches)}: loss {loss.item():.3f}", flush=True)
    model.train(False)


def _batches(lessons: Sequence[Lesson], draw: random.Random) -> Iterator[list[Lesson]]:
    """Group lessons of like lengths, so that little is padding, and shuffle the groups."""
    ordered = sorted(lessons, key=lambda lesson: len(lesson.ids) + draw.randint(-20, 20))
    groups = [ordered[start : start + BATCH] for start in range(0, len(ordered), BATCH)]
    draw.shuffle(groups)
    yield from groups


def _loss(model: LlamaForCausalLM, batch: Sequence[Lesson]) -> torch.Tensor:
    """Average the policy's tokens' losses; logits are made for those alone."""
    pad = torch.nn.utils.rnn.pad_sequence
    ids = pad([lesson.ids for lesson in batch], batch_first=True)
    learnt = pad([lesson.learnt for lesson in batch], batch_first=True)[:, 1:]
    hidden = model.model(input_ids=ids).last_hidden_state[:, :-1][learnt]
    return torch.nn.functional.cross_entropy(model.lm_head(hidden), ids[:, 1:][learnt])


def _lesson(run: Sequence[Segment], renderer: TranscriptRenderer, end: int) -> Lesson:
    """Render a run as a policy would read it; after each turn the model learns to end it."""
    rendered = renderer.render(run)
    learnt = torch.tensor([*rendered.mask, True])
    learnt[1:] |= torch.tensor(rendered.mask)
    return Lesson(ids=torch.tensor([*rendered.ids, end]), learnt=learnt)

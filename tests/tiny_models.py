"""Tiny causal language models with random weights, and tokenizers of three families.

They are made on the spot, within a second, and kept for the test session. The tokenizers are
trained on the sample corpus, the weights come from a fixed seed, and the chat templates show what
those of real models do.
"""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import islice
from pathlib import Path
from tempfile import mkdtemp
from typing import Literal

import torch
from tokenizers import (
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    trainers,
)
from transformers import (
    AddedToken,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
    Qwen2Config,
    Qwen2ForCausalLM,
)

from crosearch.agents.actions import CLOSING_TAGS
from crosearch.tools.sample import sample_passages_path

Family = Literal["bytes", "unigram", "wordpiece"]
TemplateName = Literal["none", "chatml", "headers", "no_system", "thoughts"]

FAMILIES: tuple[Family, ...] = ("bytes", "unigram", "wordpiece")
TEMPLATE_NAMES: tuple[TemplateName, ...] = ("none", "chatml", "headers", "no_system", "thoughts")

_CHATML = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}"
    "<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
_HEADERS = (
    "{{ bos_token }}{% for message in messages %}<|header|>{{ message.role }}<|/header|>\n\n"
    "{{ message.content | trim }}<|im_end|>{% endfor %}"
    "{% if add_generation_prompt %}<|header|>assistant<|/header|>\n\n{% endif %}"
)
_NO_SYSTEM = (
    "{{ bos_token }}{% for message in messages %}"
    "{% if message.role == 'system' %}{{ raise_exception('no system role here') }}{% endif %}"
    "{% if (message.role == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('roles have to alternate') }}{% endif %}"
    "{% if message.role == 'user' %}[INST] {{ message.content | trim }} [/INST]"
    "{% else %} {{ message.content | trim }}{{ eos_token }}{% endif %}{% endfor %}"
)
_THOUGHTS = (
    "{% if messages[0].role != 'system' %}<|im_start|>system\nBe helpful.<|im_end|>\n{% endif %}"
    "{% for message in messages %}<|im_start|>{{ message.role }}\n"
    "{% if message.role == 'assistant' %}{{ message.content.split('</think>')[-1] | trim }}"
    "{% else %}{{ message.content }}{% endif %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n<think>\n{% endif %}"
)
TEMPLATES: Mapping[TemplateName, str | None] = {
    "none": None,
    "chatml": _CHATML,
    "headers": _HEADERS,
    "no_system": _NO_SYSTEM,
    "thoughts": _THOUGHTS,
}
"""Plain turns; a header and trimming; no system role, and roles that must alternate; thoughts of
earlier turns dropped, with one opened for the model; and none at all."""

_BOS, _EOS, _PAD, _UNKNOWN = "<s>", "</s>", "<pad>", "<unk>"
_SPECIAL = [_PAD, _BOS, _EOS, _UNKNOWN]
_TURN_TOKENS = ["<|im_start|>", "<|im_end|>", "<|header|>", "<|/header|>"]
_TAGS = ["<think>", "</think>", "<search", "<answer", *CLOSING_TAGS]
CONTEXT = 4_096

_OPENING = "\n"
_FOLLOWING: Mapping[str, Mapping[str, float]] = {
    _OPENING: {'<search lang="fr,de">': 1.4, "<answer>": 1.3},
    '<search lang="fr,de">': {"phare de Cordouan": 1.5, "Neusiedler See": 1.4},
    "phare de Cordouan": {"</search>": 1.6},
    "Neusiedler See": {"</search>": 1.6},
    "<answer>": {"In 1611": 1.6},
    "In 1611": {"[1]": 1.5, "</answer>": 1.2},
    "[1]": {"</answer>": 1.6},
    "</search>": {},
    "</answer>": {},
}
"""What follows what in the turns of `speaking_model`, and how strongly."""


def tiny_tokenizer(
    family: Family = "bytes", template: TemplateName = "chatml", *, vocabulary: int = 600
) -> PreTrainedTokenizerFast:
    """Return a tokenizer of a family, with a chat template."""
    tokenizer = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]  # transformers' own
        tokenizer_object=Tokenizer.from_str(_trained(family, vocabulary)),
        bos_token=_BOS,
        eos_token=_EOS,
        pad_token=_PAD,
        unk_token=_UNKNOWN,
        clean_up_tokenization_spaces=False,
    )
    tokenizer.add_special_tokens({"extra_special_tokens": _TURN_TOKENS})
    if family == "wordpiece":
        tags: list[str | AddedToken] = [AddedToken(tag, normalized=False) for tag in _TAGS]
        tokenizer.add_tokens(tags)
    tokenizer.chat_template = TEMPLATES[template]
    return tokenizer


def tiny_model(
    kind: Literal["llama", "qwen"] = "llama",
    *,
    vocabulary: int = 640,
    hidden: int = 64,
    layers: int = 2,
    context: int = CONTEXT,
    seed: int = 0,
) -> LlamaForCausalLM | Qwen2ForCausalLM:
    """Return a model with random weights and grouped-query attention, in evaluation mode."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model: LlamaForCausalLM | Qwen2ForCausalLM
        if kind == "llama":
            model = LlamaForCausalLM(_llama_config(vocabulary, hidden, layers, context))
        else:
            model = Qwen2ForCausalLM(_qwen_config(vocabulary, hidden, layers, context))
    torch.nn.Module.train(model, False)
    return model


def speaking_model(
    kind: Literal["llama", "qwen"] = "llama",
) -> tuple[LlamaForCausalLM | Qwen2ForCausalLM, PreTrainedTokenizerFast]:
    """Return a tiny model that mostly speaks the protocol, and its tokenizer.

    Whole tags and phrases are tokens, and the weights say which token likely follows which: a
    search or an answer opens a turn. Attention stays random, so that every probability depends on
    all that was read, and now and then a turn goes wrong.
    """
    tokenizer = tiny_tokenizer("bytes", "chatml")
    tokenizer.add_tokens([token for token in _FOLLOWING if token != _OPENING])
    model = tiny_model(kind, vocabulary=len(tokenizer))
    line_break = tokenizer.encode("\n", add_special_tokens=False)[-1]
    weights = dict(model.named_parameters())
    embeddings = weights["model.embed_tokens.weight"]
    model.lm_head = torch.nn.Linear(embeddings.shape[1], embeddings.shape[0], bias=False)
    head = model.lm_head.weight
    with torch.no_grad():
        head.normal_(0, 0.2, generator=torch.Generator().manual_seed(0))
        for name, weight in weights.items():
            if name.endswith(("o_proj.weight", "down_proj.weight")):
                weight.mul_(0.1)  # what a token is counts for more than what came before it
        for direction, (token, following) in enumerate(_FOLLOWING.items()):
            before = line_break if token == _OPENING else tokenizer.convert_tokens_to_ids(token)
            embeddings[before] = 0
            embeddings[before, direction] = 8
            for text, strength in following.items():
                head[tokenizer.convert_tokens_to_ids(text), direction] += strength
    return model, tokenizer


def save_tiny_model(
    folder: Path,
    *,
    kind: Literal["llama", "qwen"] = "llama",
    family: Family = "bytes",
    template: TemplateName = "chatml",
    context: int = CONTEXT,
    seed: int = 0,
) -> Path:
    """Write a model and its tokenizer into a folder, as a model hub holds them."""
    tokenizer = tiny_tokenizer(family, template)
    model = tiny_model(kind, vocabulary=len(tokenizer), context=context, seed=seed)
    model.generation_config.eos_token_id = tokenizer.eos_token_id
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@cache
def tiny_model_folder(
    kind: Literal["llama", "qwen"] = "llama",
    family: Family = "bytes",
    template: TemplateName = "chatml",
) -> Path:
    """Return the folder of a model that is made once in a test session; nobody may change it."""
    folder = Path(mkdtemp(prefix="tiny-model-")) / f"{kind}-{family}-{template}"
    return save_tiny_model(folder, kind=kind, family=family, template=template)


def _llama_config(vocabulary: int, hidden: int, layers: int, context: int) -> LlamaConfig:
    return LlamaConfig(
        vocab_size=vocabulary,
        hidden_size=hidden,
        intermediate_size=hidden * 2,
        num_hidden_layers=layers,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=context,
        bos_token_id=1,
        eos_token_id=2,
        pad_token_id=0,
        initializer_range=0.2,
    )


def _qwen_config(vocabulary: int, hidden: int, layers: int, context: int) -> Qwen2Config:
    return Qwen2Config(
        vocab_size=vocabulary,
        hidden_size=hidden,
        intermediate_size=hidden * 2,
        num_hidden_layers=layers,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=context,
        bos_token_id=1,
        eos_token_id=2,
        pad_token_id=0,
        tie_word_embeddings=True,
        initializer_range=0.2,
    )


@cache
def _trained(family: Family, vocabulary: int) -> str:
    """Train a tokenizer of a family; its description as JSON."""
    if family == "bytes":
        tokenizer = Tokenizer(models.BPE())
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        tokenizer.decoder = decoders.ByteLevel()
        trainer: trainers.Trainer = trainers.BpeTrainer(
            vocab_size=vocabulary,
            special_tokens=_SPECIAL,
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        )
    elif family == "unigram":
        tokenizer = Tokenizer(models.Unigram())
        tokenizer.normalizer = normalizers.NFKC()
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
        tokenizer.decoder = decoders.Metaspace()
        trainer = trainers.UnigramTrainer(
            vocab_size=vocabulary,
            special_tokens=_SPECIAL,
            unk_token=_UNKNOWN,
            show_progress=False,
        )
    else:
        tokenizer = Tokenizer(models.WordPiece(unk_token=_UNKNOWN))
        tokenizer.normalizer = normalizers.BertNormalizer(lowercase=False)
        tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        tokenizer.decoder = decoders.WordPiece(cleanup=False)
        trainer = trainers.WordPieceTrainer(
            vocab_size=vocabulary,
            special_tokens=[*_SPECIAL, "[CLS]", "[SEP]"],
            show_progress=False,
        )
    tokenizer.train_from_iterator(_sentences(), trainer)
    return tokenizer.to_str()


def _sentences() -> Iterator[str]:
    with sample_passages_path().open(encoding="utf-8") as lines:
        passages: Iterator[dict[str, str]] = (json.loads(line) for line in lines)
        latin = (passage for passage in passages if passage["language"] in ("de", "en", "fr"))
        for passage in islice(latin, 60):
            yield passage["text"]
    yield '<think>why</think><search lang="fr,de">a query</search><answer>a fact [1]</answer>'

"""The tiny policy's tokenizer: byte-level pieces in which a name is the same wherever it stands.

A small model copies a name from a passage only if the name has the same pieces in both places.
Words keep the space before them, as passages and turns both write it; characters of scripts without
spaces stand alone, since pieces of several would run over the ends of names. What the graph and the
protocol write is one piece a phrase, so that runs are short.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

END, PAD = "<|end|>", "<|pad|>"
SPECIAL = (PAD, END, "<|system|>", "<|user|>", "<|assistant|>")
CHAT_TEMPLATE = (
    "{% for message in messages %}<|{{ message.role }}|>{{ message.content }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)

PHRASES = (
    "<think>", "</think>", '<search lang="', '">', "</search>",
    "<answer>", '<answer found="no">', "</answer>",
    "Answer in ", " and cite. Turns: ", ". Searches: ", ". Search in: ", "Question:",
    "Searched ", " new.\n", " new. Not searched yet: ", "<information>\n",
    "\n</information>\nTurns left: ", ". Searches left: ", "Turns left: ",
    "Word for word by lexicon:", "On the same as [", "Disagrees with [",
    "Your last turn was not carried out: ",
)  # fmt: skip
"""What runs are written with, beside names, questions and passages."""

_NO_SPACES = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}ー"
_WORD = rf" ?[\p{{L}}\p{{M}}&&[^{_NO_SPACES}]]+"
_PIECES = rf"[{_NO_SPACES}]|{_WORD}|\p{{N}}| ?[^\s\p{{L}}\p{{M}}\p{{N}}]+|\s+(?!\S)|\s+"


def train_tokenizer(texts: Iterable[str], pieces: int) -> "PreTrainedTokenizerFast":
    """Learn pieces from texts.

    Args:
        texts: Runs and names.
        pieces: How many there are in all.
    """
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import AddedToken, PreTrainedTokenizerFast

    raw = Tokenizer(models.BPE())
    raw.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_PIECES), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    raw.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=pieces - len(PHRASES),
        special_tokens=list(SPECIAL),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    raw.train_from_iterator(texts, trainer)
    tokenizer = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]  # transformers' own
        tokenizer_object=raw, eos_token=END, pad_token=PAD, clean_up_tokenization_spaces=False
    )
    tokenizer.add_tokens([AddedToken(phrase, normalized=False) for phrase in PHRASES])
    tokenizer.chat_template = CHAT_TEMPLATE
    return tokenizer

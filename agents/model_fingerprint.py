"""Tells models apart by their content, wherever their files lie."""

import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedTokenizerBase


def hash_model(
    model: "torch.nn.Module",
    tokenizer: "PreTrainedTokenizerBase",
    settings: Mapping[str, str | int | float | None],
) -> str:
    """Hash a model's weights as they are now, its tokenizer, and how it samples."""
    import torch

    digest = hashlib.blake2b(digest_size=8)
    digest.update(json.dumps(settings, sort_keys=True).encode())
    digest.update(tokenizer_rules(tokenizer).encode("utf-8", "surrogatepass"))
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        data = tensor.detach().cpu().contiguous().view(-1).view(torch.uint8)
        digest.update(data.numpy().data)
    return digest.hexdigest()


def weights_version(model: "torch.nn.Module") -> int:
    """Return a number that rises whenever a weight is changed in place."""
    return sum(parameter._version for parameter in model.parameters())


def tokenizer_rules(tokenizer: "PreTrainedTokenizerBase") -> str:
    """Write down what a tokenizer makes of texts and chats."""
    vocabulary = json.dumps(tokenizer.get_vocab(), sort_keys=True)
    backend = getattr(tokenizer, "backend_tokenizer", None)
    rules = backend.to_str() if backend is not None else type(tokenizer).__name__
    return "\0".join([vocabulary, rules, str(tokenizer.chat_template)])

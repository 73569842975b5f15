"""The models a retriever is trained from: from nothing, the embedded one, or any by name.

All of them are sentence-transformers models. Code that a model's folder brings is never run.
"""

import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from huggingface_hub import model_info, try_to_load_from_cache
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import (
    Dense,
    Normalize,
    Pooling,
    StaticEmbedding,
    Transformer,
)
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
from transformers import DistilBertConfig, DistilBertModel, PreTrainedTokenizerFast

from crosearch.tools.embedder import DEFAULT_EMBEDDER
from crosearch.tools.errors import UsageError
from crosearch.tools.sentence_embedder import choose_prompts, export_static_embedder
from crosearch.tools.static_embedder import WEIGHTS_FILE, StaticEmbedder, load_default
from crosearch.training.pair_records import PairSet
from crosearch.training.retriever_settings import RetrieverTraining

_PAD, _UNKNOWN, _START, _END = "<pad>", "<unk>", "<s>", "</s>"

_LONGEST_PIECE = 16
_TOKENIZER_TEXTS = 200_000
_LONGEST_INPUT = 512
_HEAD = 32
_PATIENCE = 20.0


def open_model(settings: RetrieverTraining) -> SentenceTransformer:
    """Make or open the model that is trained, with its prompts.

    Raises:
        UsageError: There is no such model, here or to be downloaded, or it cannot be opened.
    """
    torch.manual_seed(settings.seed)
    if settings.is_new:
        model = _new_model(settings, _choose_tokenizer(settings))
    else:
        model = load_model(settings.model)
        if settings.max_tokens and not is_static(model):
            model.max_seq_length = settings.max_tokens
    prompts = choose_prompts(settings.model, model.prompts)
    own: dict[str, str | None] = {"query": prompts.query, "document": prompts.passage}
    model.prompts = own
    return model


def load_model(name: str) -> SentenceTransformer:
    """Open a model by name or folder, static embedders of this package among them.

    Raises:
        UsageError: There is none, or it cannot be opened.
    """
    if name == DEFAULT_EMBEDDER:
        return _from_static(load_default())
    if (Path(name) / WEIGHTS_FILE).is_file():
        return _from_static(StaticEmbedder.load(Path(name), name=name))
    try:
        if not Path(name).is_dir():
            _find_on_hub(name)
        return SentenceTransformer(name, trust_remote_code=False)
    except Exception as error:  # The libraries raise nothing narrower: files, network, JSON.
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise UsageError(
            f"no model {name!r}: it is no folder here, or none of a model, and nothing that could "
            f"be downloaded ({reason}). Give static, transformer, default, the folder of a model, "
            "or, with a connection, its name on the hub"
        ) from error


def dimension_of(model: SentenceTransformer) -> int:
    """Return the length of a model's vectors."""
    dimension = model.get_embedding_dimension()
    return int(model.encode(["a"]).shape[1]) if dimension is None else dimension


def is_static(model: SentenceTransformer) -> bool:
    """Tell whether a model is a table of token vectors."""
    return isinstance(model[0], StaticEmbedding)


def add_projection(model: SentenceTransformer, dimension: int) -> None:
    """End a model in a linear layer, so that its vectors have another length."""
    layer = Dense(dimension_of(model), dimension, bias=False, activation_function=None)
    last = len(model)
    if isinstance(model[last - 1], Normalize):
        model.insert(last - 1, layer)
    else:
        model.append(layer)


def add_lora(model: SentenceTransformer, settings: RetrieverTraining) -> None:
    """Freeze a model, and add LoRA's matrices to its layers (Hu et al. 2021, arXiv 2106.09685)."""
    from peft import LoraConfig, inject_adapter_in_model

    config = LoraConfig(r=settings.lora, lora_alpha=2 * settings.lora, target_modules="all-linear")
    torch.manual_seed(settings.seed)
    for weight in model.parameters():
        weight.requires_grad = False
    inject_adapter_in_model(config, model[0].get_submodule("model"))


def merge_lora(model: SentenceTransformer) -> None:
    """Add LoRA's matrices to the weights that they belong to: an ordinary model is left."""
    from peft.tuners.tuners_utils import BaseTunerLayer

    for name, layer in list(model.named_modules()):
        if isinstance(layer, BaseTunerLayer):
            layer.merge()
            parent, _, own = name.rpartition(".")
            setattr(model.get_submodule(parent), own, layer.get_base_layer())


def parameters_of(model: torch.nn.Module) -> tuple[int, int]:
    """Return how many parameters a model has, and how many of them are trained."""
    sizes = [(one.numel(), one.requires_grad) for one in model.parameters()]
    return sum(size for size, _ in sizes), sum(size for size, trained in sizes if trained)


def train_tokenizer(sets: Sequence[PairSet], vocabulary: int, seed: int) -> Tokenizer:
    """Train a tokenizer on the texts of pairs; equal data and seed give an equal one."""
    # The library's unigram trainer gives other pieces at every run.
    tokenizer = Tokenizer(models.BPE(unk_token=_UNKNOWN))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        min_frequency=2,
        special_tokens=[_PAD, _UNKNOWN, _START, _END],
        max_token_length=_LONGEST_PIECE,
        show_progress=False,
    )
    tokenizer.train_from_iterator(_sample(sets, seed), trainer)
    start, end = (tokenizer.token_to_id(token) for token in (_START, _END))
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{_START} $A {_END}", special_tokens=[(_START, start), (_END, end)]
    )
    return tokenizer


def _sample(sets: Sequence[PairSet], seed: int) -> Iterator[str]:
    """Yield as many texts of each language as there is room for, none twice."""
    by_language: dict[str, dict[str, None]] = {}
    for one in sets:
        for record in one.records:
            for side in (record.query,) if record.parallel else (record.query, record.passage):
                for language, texts in side.items():
                    by_language.setdefault(language, {}).update(dict.fromkeys(texts))
    generator = random.Random(seed)
    for _, known in sorted(by_language.items()):
        pool = sorted(known)
        yield from generator.sample(pool, min(len(pool), _TOKENIZER_TEXTS // len(by_language)))


def _choose_tokenizer(settings: RetrieverTraining) -> Tokenizer:
    if not settings.tokenizer:
        return train_tokenizer(settings.data, settings.vocabulary, settings.seed)
    path = Path(settings.tokenizer)
    path = path / "tokenizer.json" if path.is_dir() else path
    try:
        return Tokenizer.from_str(path.read_text(encoding="utf-8"))
    except Exception as error:  # The library raises nothing narrower.
        raise UsageError(
            f"no tokenizer in {settings.tokenizer!r}: give a tokenizer.json of the tokenizers "
            f"library, or a folder with one ({' '.join(str(error).split())[:200]})"
        ) from error


def _new_model(settings: RetrieverTraining, tokenizer: Tokenizer) -> SentenceTransformer:
    if settings.model == "static":
        table = StaticEmbedding(tokenizer, embedding_dim=settings.dimension)
        return SentenceTransformer(modules=[table, Normalize()])
    heads = max(1, settings.dimension // _HEAD)
    if settings.dimension % heads:
        raise UsageError(
            f"a transformer of dimension {settings.dimension} cannot be divided into heads: give "
            f"a multiple of {_HEAD}"
        )
    length = settings.max_tokens or _LONGEST_INPUT
    config = DistilBertConfig(
        vocab_size=tokenizer.get_vocab_size(),
        dim=settings.dimension,
        n_layers=settings.layers,
        n_heads=heads,
        hidden_dim=4 * settings.dimension,
        max_position_embeddings=length,
        pad_token_id=tokenizer.token_to_id(_PAD) or 0,
    )
    with TemporaryDirectory() as folder:
        DistilBertModel(config).save_pretrained(folder)
        _wrapped(tokenizer, length).save_pretrained(folder)
        transformer = Transformer(folder, max_seq_length=length)
    pooling = Pooling(settings.dimension, pooling_mode="mean")
    return SentenceTransformer(modules=[transformer, pooling, Normalize()])


def _wrapped(tokenizer: Tokenizer, length: int) -> PreTrainedTokenizerFast:
    def known(token: str) -> str | None:
        return token if tokenizer.token_to_id(token) is not None else None

    return PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]  # transformers' own
        tokenizer_object=tokenizer,
        model_max_length=length,
        clean_up_tokenization_spaces=False,
        unk_token=known(_UNKNOWN),
        # What pads is masked: any token will do.
        pad_token=known(_PAD) or tokenizer.id_to_token(0),
    )


def _find_on_hub(name: str) -> None:
    """See that a model is in the cache or on the hub; the libraries try for minutes."""
    if try_to_load_from_cache(name, "config.json") is None:
        model_info(name, timeout=_PATIENCE)


def _from_static(embedder: StaticEmbedder) -> SentenceTransformer:
    with TemporaryDirectory() as folder:
        export_static_embedder(embedder, Path(folder))
        return SentenceTransformer(folder)

"""Loads a causal language model, its tokenizer and an adapter, and says what is wrong with them."""

from pathlib import Path
from typing import TYPE_CHECKING

from crosearch.tools.endpoint_errors import excerpt
from crosearch.tools.errors import UsageError

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


def load_causal_lm(
    name: str, *, adapter: str | None, device: str | None
) -> tuple["PreTrainedModel", "PreTrainedTokenizerBase"]:
    """Load a model for generation, by name or folder; no code that comes with it is run.

    Args:
        name: A folder, or a name on the Hugging Face hub.
        adapter: A LoRA adapter's folder or name.
        device: Where to put it; by default a GPU where there is one. On a CPU it is in float32,
            elsewhere as it was saved.

    Raises:
        UsageError: There is no such model here, or it is no causal language model, or the adapter
            does not fit, or the `models` extra is not installed.
    """
    try:
        import torch
        from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer
    except ImportError as error:
        raise UsageError(
            f"the model {name!r} needs torch and transformers: pip install 'crosearch[models]'"
        ) from error
    if _is_folder(name) and not (Path(name).expanduser() / "config.json").is_file():
        raise UsageError(f"no model in {name!r}: the folder has no config.json")
    place = _device(device)
    source = str(Path(name).expanduser()) if _is_folder(name) else name
    try:
        config = AutoConfig.from_pretrained(source, trust_remote_code=False)
        if type(config) not in AutoModelForCausalLM._model_mapping:
            raise UsageError(
                f"{name!r} is no causal language model: its type is {config.model_type}"
            )
        tokenizer = AutoTokenizer.from_pretrained(source, trust_remote_code=False)
        model: PreTrainedModel = AutoModelForCausalLM.from_pretrained(
            source,
            config=config,
            dtype=torch.float32 if place.type == "cpu" else "auto",
            trust_remote_code=False,
        )
    except UsageError:
        raise
    except Exception as error:  # broken files fail in any way, and none is a reason for a traceback
        raise UsageError(_explain(name, error)) from error
    if adapter is not None:
        _add_adapter(model, adapter)
    torch.nn.Module.to(model, place)
    torch.nn.Module.train(model, False)
    return model, tokenizer


def short_name(name: str) -> str:
    """Name a model without the folders it lies in; a hub's name stays as it is."""
    return Path(name).expanduser().resolve().name if _is_folder(name) else name


def _is_folder(name: str) -> bool:
    return name.startswith((".", "/", "~")) or Path(name).exists()


def _device(name: str | None) -> "torch.device":
    import torch

    if name is None:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise UsageError(
            f"no device {name!r} on this machine: give cpu, or leave it out"
        ) from error
    return device


def _add_adapter(model: "PreTrainedModel", adapter: str) -> None:
    folder = Path(adapter).expanduser()
    if _is_folder(adapter) and not (folder / "adapter_config.json").is_file():
        raise UsageError(f"no adapter in {adapter!r}: the folder has no adapter_config.json")
    try:
        model.load_adapter(str(folder) if _is_folder(adapter) else adapter)
    except ImportError as error:
        raise UsageError(
            f"the adapter {adapter!r} needs peft: pip install 'crosearch[models]'"
        ) from error
    except Exception as error:  # as above
        raise UsageError(
            f"the adapter {adapter!r} cannot be put on the model: {excerpt(str(error), '')}"
        ) from error


def _explain(name: str, error: Exception) -> str:
    """Say in one line why a model could not be loaded."""
    text = " ".join(str(error).split())
    if "trust_remote_code" in text or "custom code" in text:
        return f"{name!r} comes with code of its own, which is not run here: give another model"
    if isinstance(error, OSError) and not _is_folder(name):
        return (
            f"no model {name!r} on this machine, and none could be fetched: give a model's folder, "
            "or check its name and the network (HF_HUB_OFFLINE keeps it off)"
        )
    return f"the model {name!r} cannot be loaded: {excerpt(text, '')}"

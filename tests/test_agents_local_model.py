"""Models are found by name or folder; what cannot be one is told in a line."""

import json
import shutil
import sys
from pathlib import Path

import pytest
import torch
from hashing_embedder import HashingEmbedder
from observations import observe
from peft import LoraConfig, get_peft_model
from tiny_models import tiny_model, tiny_model_folder, tiny_tokenizer
from transformers import BertConfig, PreTrainedModel

from crosearch.agents.load import load_policy
from crosearch.agents.local import LocalPolicy
from crosearch.agents.policy_settings import PolicySettings
from crosearch.agents.transcript import Segment
from crosearch.tools.errors import UsageError

PROMPT = (Segment(kind="prompt", text="Answer."), Segment(kind="prompt", text="Who?"))


def load(name: str, **settings: str) -> LocalPolicy:
    policy = load_policy(
        name,
        embedder=HashingEmbedder(),
        settings=PolicySettings(
            max_tokens=8, adapter=settings.get("adapter"), device=settings.get("device")
        ),
    )
    assert isinstance(policy, LocalPolicy)
    return policy


def refusal(name: str, **settings: str) -> str:
    with pytest.raises(UsageError) as raised:
        load(name, **settings)
    message = str(raised.value)
    assert "\n" not in message
    return message


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A model that a test may spoil."""
    return Path(shutil.copytree(tiny_model_folder(), tmp_path / "model"))


@pytest.fixture
def adapter(tmp_path: Path) -> Path:
    """A LoRA adapter that changes what the tiny model says."""
    target = tmp_path / "adapter"
    model = tiny_model(vocabulary=len(tiny_tokenizer()))
    adapted = get_peft_model(
        model, LoraConfig(r=2, target_modules=["q_proj", "v_proj"], init_lora_weights=False)
    )
    adapted.save_pretrained(str(target))
    return target


@pytest.mark.parametrize("prefix", ["", "local:"])
def test_a_folder_is_a_policy(folder: Path, prefix: str) -> None:
    policy = load(f"{prefix}{folder}")
    assert policy.name == "local:model"
    assert policy.model.dtype == torch.float32
    policy.close()


def test_a_folder_beside_is_found_by_its_name(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder.parent)
    for name in ("model", "./model", "local:model"):
        policy = load(name)
        assert policy.name == "local:model"
        policy.close()


async def test_an_adapter_changes_the_model(folder: Path, adapter: Path) -> None:
    plain, adapted = load(str(folder)), load(str(folder), adapter=str(adapter))
    assert plain.fingerprint != adapted.fingerprint
    observation = observe(transcript=PROMPT)
    one = await plain.act(observation, lambda text: None)
    other = await adapted.act(observation, lambda text: None)
    assert one.read == other.read
    assert other.token_ids and other.logprobs
    ids = [i for segment in other.read for i in segment] + list(other.token_ids)
    for policy, agrees in ((adapted, True), (plain, False)):
        with torch.no_grad():
            logits = policy.model(input_ids=torch.tensor([ids])).logits[0]
        start = len(ids) - len(other.token_ids)
        first = float(logits.log_softmax(-1)[start - 1, other.token_ids[0]])
        assert (abs(first - other.logprobs[0]) < 1e-3) == agrees
        policy.close()


async def test_a_peft_model_in_memory_is_a_policy() -> None:
    tokenizer = tiny_tokenizer()
    adapted = get_peft_model(
        tiny_model(vocabulary=len(tokenizer)), LoraConfig(r=2, target_modules=["q_proj"])
    )
    assert isinstance(adapted, torch.nn.Module)
    policy = LocalPolicy(
        adapted,  # type: ignore[arg-type]  # peft's wrapper stands for the model inside of it
        tokenizer=tokenizer,
        settings=PolicySettings(max_tokens=4),
    )
    assert (await policy.act(observe(transcript=PROMPT), lambda text: None)).token_ids
    policy.close()


def test_a_folder_without_a_model_is_told(tmp_path: Path) -> None:
    assert "has no config.json" in refusal(str(tmp_path))
    assert "has no config.json" in refusal(f"local:{tmp_path / 'nowhere'}")


def test_what_is_no_causal_language_model_is_told(folder: Path) -> None:
    BertConfig(vocab_size=30, hidden_size=8, num_attention_heads=1).save_pretrained(folder)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"model_type": "vit"}))
    assert "is no causal language model: its type is vit" in refusal(str(folder))


@pytest.mark.parametrize(
    "content", ["{", '{"model_type": "nobody-knows"}', "[]", '{"hidden_size": 4}']
)
def test_a_broken_configuration_is_told(folder: Path, content: str) -> None:
    (folder / "config.json").write_text(content)
    assert "cannot be loaded" in refusal(str(folder))


def test_broken_and_missing_weights_are_told(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(b"broken")
    assert "cannot be loaded" in refusal(str(folder))
    (folder / "model.safetensors").unlink()
    assert "cannot be loaded" in refusal(str(folder))


def test_a_model_with_code_of_its_own_is_not_run(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    config |= {"model_type": "own", "auto_map": {"AutoConfig": "own.Own"}}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "own.py").write_text("raise SystemExit('ran')")
    assert "code of its own" in refusal(str(folder))


def test_a_missing_tokenizer_is_told(folder: Path) -> None:
    for file in folder.glob("tokenizer*"):
        file.unlink()
    assert "cannot be loaded" in refusal(str(folder))


def test_a_name_that_is_nowhere_is_told_without_a_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    message = refusal("local:nobody/no-such-model")
    assert "no model 'nobody/no-such-model' on this machine" in message


def test_an_adapter_that_is_none_is_told(folder: Path, tmp_path: Path) -> None:
    assert "has no adapter_config.json" in refusal(str(folder), adapter=str(tmp_path))


def test_an_adapter_of_another_model_is_told(folder: Path, adapter: Path) -> None:
    weights = adapter / "adapter_model.safetensors"
    weights.write_bytes(b"broken")
    assert "cannot be put on the model" in refusal(str(folder), adapter=str(adapter))


def test_a_device_that_is_not_there_is_told(folder: Path) -> None:
    assert "no device 'cuda:9'" in refusal(str(folder), device="cuda:9")
    assert "no device 'abacus'" in refusal(str(folder), device="abacus")


@pytest.mark.parametrize("package", ["torch", "transformers"])
def test_the_extra_that_is_missing_is_named(
    folder: Path, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    assert "crosearch[models]" in refusal(str(folder))


def test_a_model_of_state_space_layers_is_told(tmp_path: Path) -> None:
    from transformers import MambaConfig, MambaForCausalLM

    model: PreTrainedModel = MambaForCausalLM(
        MambaConfig(vocab_size=len(tiny_tokenizer()), hidden_size=16, num_hidden_layers=1)
    )
    model.save_pretrained(tmp_path)
    tiny_tokenizer().save_pretrained(tmp_path)
    assert "mamba models cannot be run here" in refusal(str(tmp_path))

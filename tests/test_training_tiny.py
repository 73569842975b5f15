"""From nothing to a model's folder that is a policy, whatever happens on the way."""

import json
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hashing_embedder import HashingEmbedder
from tiny_trainings import small_training
from transformers import AutoTokenizer

from crosearch.agents.load import load_policy
from crosearch.agents.local import LocalPolicy
from crosearch.tools.errors import UsageError
from crosearch.training.tiny import train_tiny
from crosearch.training.tiny_demonstrator import Habits
from crosearch.training.tiny_lessons import load_round
from crosearch.training.tiny_settings import TinyProgress, TinyReport, TinySettings

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_thread")]

Trained = tuple[Path, TinyReport, list[TinyProgress]]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """Train once, without a break."""
    out = tmp_path_factory.mktemp("tiny") / "model"
    told: list[TinyProgress] = []
    report = train_tiny(small_training(out), show=told.append)
    return out, report, told


def test_the_folder_is_a_policy_for_brief_instructions(trained: Trained) -> None:
    policy = load_policy(str(trained[0]), embedder=HashingEmbedder())
    assert isinstance(policy, LocalPolicy)
    assert policy.instructions == "brief"
    policy.close()


def test_what_was_made_is_reported_and_stands_on_the_card(trained: Trained) -> None:
    out, report, _ = trained
    assert report["step"] == 8
    assert report["tokens"] > report["lessons"] * 50
    assert set(report["test"]) >= {"own_exact_match", "other_exact_match", "second_after_miss"}
    card = (out / "README.md").read_text(encoding="utf-8")
    for words in (f"{report['parameters']:,} parameters", "Wikidata", "CC0", "Languages: en fr"):
        assert words in card
    assert (out / "model.safetensors").stat().st_size == pytest.approx(
        2 * report["parameters"], rel=0.2
    )


def test_each_checkpoint_is_scored(trained: Trained) -> None:
    out, _, told = trained
    lines = (out / "training" / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == told
    assert [progress["step"] for progress in told] == [4, 8]
    assert all(progress["dev"] for progress in told)


def test_a_training_that_was_killed_ends_with_the_same_weights(
    trained: Trained, tmp_path: Path
) -> None:
    out = tmp_path / "model"
    program = Path(__file__).with_name("killed_tiny.py")
    killed = subprocess.run([sys.executable, str(program), str(out), "4"], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert not (out / "model.safetensors").exists()
    report = train_tiny(small_training(out))
    assert report["lessons"] == trained[1]["lessons"]
    again, unbroken = ((folder / "model.safetensors").read_bytes() for folder in (out, trained[0]))
    assert again == unbroken


def test_another_training_in_the_folder_is_refused(trained: Trained, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds another run: seed 0 there, 1 here"):
        train_tiny(small_training(trained[0], seed=1))
    same = small_training(trained[0])
    slipping = replace(same.runs, habits=Habits(slip_share=0.5))
    with pytest.raises(UsageError, match=r"holds another run: slip share 0\.08 there, 0\.5 here"):
        train_tiny(replace(same, runs=slipping))
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(UsageError, match="holds something else"):
        train_tiny(small_training(tmp_path))


def test_a_finished_training_goes_on_with_lessons_by_other_habits(tmp_path: Path) -> None:
    settings = small_training(tmp_path / "model", steps=4, second_share=0.0)
    assert train_tiny(settings)["step"] == 4
    changed = small_training(tmp_path / "model", steps=8, second_share=1.0)
    assert train_tiny(changed)["step"] == 8
    lines = (changed.work / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["second_share"] for line in lines] == [0.0, 1.0]
    before, after = (_lessons_that_give_up(each) for each in (settings, changed))
    assert before > after
    assert "after 100% of the first misses" in (changed.out / "README.md").read_text("utf-8")


def _lessons_that_give_up(settings: TinySettings) -> int:
    """Count them in the first of the rounds that lie ready."""
    tokenizer = AutoTokenizer.from_pretrained(settings.work / "tokenizer")
    texts = [tokenizer.decode(lesson.ids) for lesson in load_round(min(settings.rounds.iterdir()))]
    return sum(text.count('<answer found="no">') for text in texts)

"""Whole trainings: what they leave behind, that they go on after a kill, and bad input."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from grpo_trainings import Workplace, make_workplace
from servers import free_port

from crosearch.agents.load import load_policy
from crosearch.agents.model_instructions import read_instructions, write_instructions
from crosearch.tools.embedder import load_embedder
from crosearch.tools.errors import CroSearchError, TrainingError, UsageError
from crosearch.tools.lock import sole_lock
from crosearch.tools.settings import Source
from crosearch.training.grpo import open_rollouts, train
from crosearch.training.grpo_checkpoints import seal_checkpoint
from crosearch.training.grpo_settings import GrpoProgress, GrpoReport, check_settings, lay_out
from crosearch.training.retriever_checkpoints import latest_checkpoint
from crosearch.training.shards import LogProblem, read_trajectories

pytestmark = pytest.mark.usefixtures("one_thread")

KILLED = Path(__file__).parent / "killed_grpo.py"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Workplace:
    return make_workplace(tmp_path_factory.mktemp("grpo"))


@pytest.fixture(scope="module")
def unbroken(place: Workplace, tmp_path_factory: pytest.TempPathFactory) -> GrpoReport:
    out = tmp_path_factory.mktemp("unbroken") / "policy"
    return train(place.settings(out, deterministic=True))


@pytest.fixture(scope="module")
def killed(place: Workplace, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a training that was killed a step after its first checkpoint."""
    out = tmp_path_factory.mktemp("killed") / "policy"
    command = [sys.executable, str(KILLED), str(place.folder), str(out), "3"]
    ended = subprocess.run(command, capture_output=True, check=False)
    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()
    return out


@pytest.fixture
def run(killed: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(killed, tmp_path / "policy"))


def losses(report: GrpoReport) -> list[float]:
    return [entry["loss"] for entry in report.history]


def weights(folder: Path) -> bytes:
    return (folder / "model.safetensors").read_bytes()


def test_a_killed_training_goes_on_with_the_loss_curve_of_an_unbroken_one(
    place: Workplace, run: Path, unbroken: GrpoReport
) -> None:
    notes: list[str] = []
    report = train(place.settings(run, deterministic=True), note=notes.append)
    assert report.figures["resumed_from"] == 2
    assert losses(report) == losses(unbroken)
    assert len(set(losses(report))) == 4
    assert weights(run) == weights(unbroken.folder)
    assert not [text for text in notes if "cannot be gone on from" in text]


@pytest.mark.parametrize(
    "file",
    [
        "optimizer.pt",
        pytest.param("trained.safetensors", marks=pytest.mark.slow),
        pytest.param("reward.json", marks=pytest.mark.slow),
    ],
)
def test_a_torn_checkpoint_is_told_of_and_the_training_begins_before_it(
    place: Workplace, run: Path, unbroken: GrpoReport, file: str
) -> None:
    torn = run / "training" / "checkpoints" / "checkpoint-2" / file
    os.truncate(torn, torn.stat().st_size // 2)
    notes: list[str] = []
    report = train(place.settings(run, deterministic=True), note=notes.append)
    assert report.figures["resumed_from"] is None
    assert any(f"checkpoint-2 cannot be gone on from: {file} is damaged" in n for n in notes)
    assert losses(report) == losses(unbroken)


def test_a_training_that_is_done_is_not_done_again(place: Workplace, unbroken: GrpoReport) -> None:
    again = train(place.settings(unbroken.folder, deterministic=True))
    assert again.figures == unbroken.figures and losses(again) == losses(unbroken)


def test_what_it_leaves_is_a_policy(unbroken: GrpoReport) -> None:
    policy = load_policy(str(unbroken.folder), embedder=load_embedder())
    assert policy.name == "local:policy"
    assert not list(unbroken.folder.rglob("training_args.bin"))
    figures = unbroken.figures
    assert figures["steps"] == 4 and figures["rollouts"] == 32
    assert 0 < figures["trained_tokens"] < figures["tokens"]
    assert figures["seconds"].keys() >= {"policy", "search", "trainer", "other"}
    lines = (unbroken.folder / "training" / "metrics.jsonl").read_text().splitlines()
    assert [json.loads(line)["step"] for line in lines] == [1, 2, 3, 4]


def test_other_settings_are_refused_in_its_folder(place: Workplace, unbroken: GrpoReport) -> None:
    settings = place.settings(unbroken.folder, deterministic=True, beta=0.5)
    with pytest.raises(UsageError, match=r"holds another run: beta 0\.0 there, 0\.5 here"):
        train(settings)


def test_a_folder_with_something_else_is_refused(place: Workplace, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(UsageError, match="holds something else"):
        train(place.settings(tmp_path))
    with pytest.raises(UsageError, match="is a file"):
        train(place.settings(tmp_path / "notes.txt"))


def test_two_processes_do_not_train_in_one_folder(place: Workplace, run: Path) -> None:
    with sole_lock(run / "training" / "lock"):
        with pytest.raises(TrainingError, match="is being trained by process"):
            train(place.settings(run, deterministic=True))


def test_validation_keeps_the_best_checkpoint_and_lora_is_merged(
    place: Workplace, tmp_path: Path
) -> None:
    told: list[GrpoProgress] = []
    settings = place.settings(
        tmp_path / "policy", validation=str(place.questions), lora=4, beta=0.01, keep=True
    )
    report = train(settings, show=told.append)
    scores = {
        int(entry["step"]): entry["validation/exact_match"]
        for entry in report.history
        if "validation/exact_match" in entry
    }
    assert list(scores) == [2, 4]
    assert report.figures["best_step"] == max(scores, key=lambda step: (scores[step], step))
    assert report.figures["validation"] is not None
    assert report.figures["trained_parameters"] < report.figures["parameters"] / 2
    assert "adapter_config.json" not in os.listdir(report.folder)
    assert load_policy(str(report.folder), embedder=load_embedder())
    assert [progress.step for progress in told] == [0, 1, 2, 3, 4]
    problems: list[LogProblem] = []
    kept = list(read_trajectories(tmp_path / "policy" / "rollouts", on_problem=problems.append))
    assert not problems
    assert len(kept) == 32
    assert all("total" in record["rewards"] for record in kept if not record["failures"])


def test_what_the_model_says_of_itself_is_kept(place: Workplace, tmp_path: Path) -> None:
    model = Path(shutil.copytree(place.model, tmp_path / "brief"))
    write_instructions(model, "brief")
    report = train(place.settings(tmp_path / "policy", policy=str(model), steps=2))
    assert read_instructions(str(report.folder)) == "brief"


@pytest.mark.slow
def test_two_processes_train_as_one_does(
    place: Workplace, unbroken: GrpoReport, tmp_path: Path
) -> None:
    """Each makes half of the groups; the losses are those of one process."""
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(
        'group = "same:4"\ngroups = 2\nmicro_batch = 4\nmax_tokens = 24\nsteps = 4\nevery = 2\n'
        "learning_rate = 1e-3\ndeterministic = true\n"
        "[context]\npassages = 2\nmax_turns = 3\nmax_searches = 2\nsearch_timeout = 60.0\n"
        'instructions = "brief"\n'
    )
    out = tmp_path / "policy"
    launch = [
        sys.executable, "-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes", "2",
        "--num_machines", "1", "--mixed_precision", "no", "--dynamo_backend", "no",
        "--main_process_port", str(free_port()), "-m", "crosearch.cli.main",
    ]  # fmt: skip
    command = [
        "train", "grpo", str(place.questions), "--policy", str(place.model),
        "--store", str(place.store), "--corpus", "small", "--recipe", str(recipe),
        "--track", "none", "--json", "--out", str(out),
    ]  # fmt: skip
    # Without this, accelerate wants a GPU for each process, or MPI.
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "ACCELERATE_USE_CPU": "true"}
    ended = subprocess.run(
        [*launch, *command], capture_output=True, text=True, env=environment, check=False
    )
    assert ended.returncode == 0, ended.stderr
    report: dict[str, Any] = json.loads(ended.stdout)
    assert [entry["loss"] for entry in report["history"]] == pytest.approx(
        losses(unbroken), rel=1e-3, abs=1e-5
    )
    assert report["rollouts"] == 32
    states = out / "training" / "checkpoints" / "checkpoint-4"
    assert len(list(states.glob("rng_state_*.pth"))) == 2


def _empty(place: Workplace, folder: Path) -> dict[str, Any]:
    (folder / "q.jsonl").write_text("")
    return {"questions": str(folder / "q.jsonl")}


def _malformed(place: Workplace, folder: Path) -> dict[str, Any]:
    (folder / "q.jsonl").write_text('{"question": "Who?"}\n{"question": 7}\n')
    return {"questions": str(folder / "q.jsonl")}


def _without_answers(place: Workplace, folder: Path) -> dict[str, Any]:
    (folder / "q.jsonl").write_text('{"question": "Who?", "language": "en"}\n')
    return {"questions": str(folder / "q.jsonl")}


def _elsewhere(place: Workplace, folder: Path) -> dict[str, Any]:
    return {"source": Source(store=str(place.store), corpus="none", embedder="default")}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (_empty, "q.jsonl holds no questions"),
        (_malformed, r"q.jsonl.*2.*'question' is 7; it has to be a text"),
        (_without_answers, r"none of the 1 questions .* has a gold answer"),
        ({"questions": "nowhere.jsonl"}, "nowhere.jsonl"),
        ({"policy": "/nowhere"}, "no model in '/nowhere'"),
        ({"group": "same:1"}, "give at least 2"),
        ({"group": "many"}, "many"),
        ({"micro_batch": 3}, "give a micro-batch that divides 8"),
        ({"groups": 0}, "groups is 0; give 1 or more"),
        ({"learning_rate": -1.0}, "the learning rate is -1"),
        ({"warmup": 2, "cooldown": 3}, "rises over 2 steps and falls over 3, and there are 4"),
        ({"temperature": 0.0}, "temperature is 0; it must be above 0"),
        ({"loss": "ppo"}, "there is no loss 'ppo': known are grpo, bnpo"),
        ({"scale": "run"}, "advantages cannot be scaled by 'run': known are group, batch, none"),
        ({"updates": 4, "micro_batch": 2}, "a checkpoint every 2 steps would cut a batch"),
        ({"rewards": {"beauty": 1.0}}, "there is no reward 'beauty'"),
        ({"track": "abacus"}, "unknown tracker 'abacus'"),
        (_elsewhere, "none"),
    ],
)
def test_what_cannot_be_is_told_with_what_to_change(
    place: Workplace, tmp_path: Path, changes: Any, message: str
) -> None:
    if callable(changes):
        changes = changes(place, tmp_path)
    with pytest.raises(CroSearchError, match=message) as error:
        train(place.settings(tmp_path / "policy", **changes))
    assert error.value.exit_code == 2
    assert not list((tmp_path / "policy").glob("*.safetensors"))


def test_a_learning_rate_that_leads_astray_keeps_the_checkpoint_before(
    place: Workplace, tmp_path: Path
) -> None:
    settings = place.settings(tmp_path / "policy", learning_rate=0.9, max_grad_norm=1e9, every=1)

    def explode(progress: GrpoProgress) -> None:
        if progress.step == 1:
            trainee[0].lm_head.weight.data.mul_(float("inf"))

    trainee: list[Any] = []
    source = open_rollouts(settings)
    bind = source.bind

    def remember(model: Any, tokenizer: Any) -> None:
        trainee.append(model)
        bind(model, tokenizer)

    source.bind = remember  # type: ignore[method-assign]  # to get at the model
    with pytest.raises(TrainingError, match="weights are no numbers|is nan|not one run"):
        train(settings, source=source, show=explode)
    source.close()
    assert not (tmp_path / "policy" / "config.json").exists()


@pytest.mark.parametrize(
    ("groups", "processes", "message"),
    [
        (3, 2, "3 groups cannot be shared out among 2 processes"),
        (2, 2, None),
        (4, 4, None),
    ],
)
def test_whole_groups_are_shared_out_among_processes(
    place: Workplace, groups: int, processes: int, message: str | None
) -> None:
    settings = place.settings(Path("policy"), groups=groups)
    if message:
        with pytest.raises(UsageError, match=message):
            lay_out(settings, size=4, processes=processes)
    else:
        layout = lay_out(settings, size=4, processes=processes)
        assert layout.groups * processes == groups
        assert layout.micro_batches * settings.micro_batch == layout.groups * 4


def test_a_checkpoint_with_folders_in_it_is_sealed_with_all_they_hold(tmp_path: Path) -> None:
    checkpoint = tmp_path / "checkpoint-2"
    part = checkpoint / "global_step2" / "part.pt"
    part.parent.mkdir(parents=True)
    part.write_bytes(b"weights")
    seal_checkpoint(checkpoint, {"seen": 1})
    notes: list[str] = []
    assert latest_checkpoint(tmp_path, notes.append) == checkpoint
    part.write_bytes(b"weight")
    assert latest_checkpoint(tmp_path, notes.append) is None
    assert "global_step2/part.pt is damaged" in notes[0]


def test_settings_that_can_be_are_not_refused(place: Workplace) -> None:
    check_settings(replace(place.settings(Path("policy")), updates=2, micro_batch=2))


def test_questions_come_as_often_as_each_other_and_in_another_order(place: Workplace) -> None:
    from crosearch.training.grpo_batches import QuestionDraw

    source = open_rollouts(place.settings(Path("policy")))
    draw = QuestionDraw(source.questions, 0)

    def rounds(batches: Sequence[int]) -> list[str]:
        return [r.question.text for b in batches for r in draw.draw(b, range(2), 2)]

    first, second = rounds([0, 1]), rounds([2, 3])
    assert sorted(first) == sorted(second) == sorted(q.text for q in source.questions)
    assert [r.repeat for b in range(4) for r in draw.draw(b, range(2), 2)] == [0] * 4 + [1] * 4
    assert [r.question.text for r in draw.draw(1, range(1, 2), 2)] == first[3:]
    source.close()

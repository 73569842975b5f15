"""`crosearch train grpo`: from questions, or a log, to a policy."""

import json
from pathlib import Path

import pytest
from cli_runs import crosearch, printed_json, refusal
from grpo_trainings import Workplace, make_workplace

pytestmark = pytest.mark.usefixtures("one_thread")

RECIPE = """\
group = "same:4"
groups = 2
micro_batch = 4
max_tokens = 24
steps = 2
every = 2
learning_rate = 1e-3
[context]
max_turns = 3
max_searches = 2
instructions = "brief"
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Workplace:
    place = make_workplace(tmp_path_factory.mktemp("grpo"))
    (place.folder / "small.toml").write_text(RECIPE, encoding="utf-8")
    return place


def command(place: Workplace, out: Path, *options: str) -> list[str]:
    corpus = ["--store", str(place.store), "--corpus", "small", "--track", "none"]
    recipe = ["--recipe", str(place.folder / "small.toml"), "--policy", str(place.model)]
    return ["train", "grpo", *corpus, *recipe, "--out", str(out), *options]


def test_help_explains_it() -> None:
    shown = crosearch("train", "grpo", "--help").stdout
    for words in ("QUESTIONS", "--policy", "--recipe", "--from-log", "--iterations", "--vllm"):
        assert words in shown


def test_it_trains_tells_how_it_goes_and_is_not_done_twice(
    place: Workplace, tmp_path: Path
) -> None:
    out = tmp_path / "policy"
    result = crosearch(*command(place, out, str(place.questions), "--passages", "2"))
    assert result.exit_code == 0, result.stderr
    assert "step 2 of 2, reward" in result.stderr
    assert "seconds: policy" in result.stderr
    assert "2 steps" in result.stdout and f"--policy {out}" in result.stdout
    report = printed_json(
        crosearch(*command(place, out, str(place.questions), "--passages", "2", "--json"))
    )
    assert report["steps"] == 2 and report["rollouts"] == 16
    assert [entry["step"] for entry in report["history"]] == [1, 2]
    settings = json.loads((out / "training" / "settings.json").read_text())
    assert (settings["context"]["passages"], settings["context"]["max_turns"]) == (2, 3)
    assert str(place.store) not in json.dumps(settings)
    another = crosearch(*command(place, out, str(place.questions), "--beta", "0.1"))
    assert "holds another run" in refusal(another)


def test_options_win_over_the_recipe(place: Workplace, tmp_path: Path) -> None:
    result = crosearch(
        *command(place, tmp_path / "policy", str(place.questions), "--group", "same:1")
    )
    assert "give at least 2" in refusal(result)


def test_recorded_groups_are_learnt_from(place: Workplace, tmp_path: Path) -> None:
    log = tmp_path / "runs"
    collected = crosearch(
        "collect", str(place.questions), "--store", str(place.store), "--corpus", "small",
        "--policy", str(place.model), "--groups", "same:4", "--max-turns", "3", "--max-searches",
        "2", "--max-tokens", "24", "--instructions", "brief", "--out", str(log),
    )  # fmt: skip
    assert collected.exit_code == 0, collected.stderr
    options = ["--from-log", str(log), "--json"]
    result = crosearch(*command(place, tmp_path / "policy", *options))
    assert result.exit_code == 0, result.stderr
    assert "recorded runs in" in result.stderr
    told = json.loads(result.stdout)
    assert told["steps"] >= 1
    assert told["log"]["groups"] * 4 == told["log"]["runs"] + sum(told["log"]["refused"].values())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "nobody says which questions"),
        (["nowhere.jsonl"], "nowhere.jsonl"),
        (["q.jsonl", "--from-log", "runs"], "give one"),
        (["--from-log", "runs", "--iterations", "2"], "leave --from-log out"),
        (["q.jsonl", "--reward", "beauty=1"], "there is no reward 'beauty'"),
        (["q.jsonl", "--reward", "language"], "'language' is no weight"),
        (["q.jsonl", "--loss", "ppo"], "there is no loss 'ppo'"),
        (["q.jsonl", "--track", "abacus"], "unknown tracker 'abacus'"),
        (["q.jsonl", "--stop", "mood=3"], "mood"),
    ],
)
def test_what_cannot_be_is_told_in_a_line(
    place: Workplace, tmp_path: Path, options: list[str], message: str
) -> None:
    (tmp_path / "q.jsonl").write_text('{"question": "Who?", "answers": ["Ann"]}\n')
    given = [str(tmp_path / one) if one == "q.jsonl" else one for one in options]
    out = tmp_path / "policy"
    assert message in refusal(crosearch(*command(place, out, *given)))
    assert not (out / "config.json").exists()

"""`crosearch train retriever`: from files of pairs to a model that searches."""

import json
import signal
import time
from pathlib import Path

import pytest
from cli_runs import crosearch, printed_json, refusal, start
from retriever_pairs import DE, EN, LANGUAGES, parallels, question, questions

from crosearch.training.pair_files import write_pairs

SMALL = ["--batch", "8", "--vocabulary", "160", "--dimension", "32", "--dev-share", "0.1"]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write pair files."""
    folder = tmp_path_factory.mktemp("pairs")
    about = {"source": "a test", "licence": "CC0"}
    write_pairs(folder / "questions.jsonl", questions(60).records, about)
    write_pairs(folder / "sentences.jsonl", parallels(60).records)
    write_pairs(folder / "english.jsonl", questions(60, [EN]).records)
    return folder


@pytest.fixture(scope="module")
def model(data: Path) -> Path:
    """Train once."""
    out = data / "model"
    result = crosearch(*command(data, out, "--steps", "40", "--every", "20"))
    assert result.exit_code == 0, result.stderr
    return out


def command(data: Path, out: Path, *options: str) -> list[str]:
    files = ["--data", str(data / "questions.jsonl"), "--data", f"{data / 'sentences.jsonl'}=0.5"]
    return ["train", "retriever", "static", *files, "--out", str(out), *SMALL, *options]


def test_help_explains_it() -> None:
    shown = crosearch("train", "retriever", "--help").stdout
    for words in ("MODEL", "--sampler", "--teacher", "--lora", "--dry-run", "Examples"):
        assert words in shown


def test_a_dry_run_tells_what_would_be_trained_and_writes_nothing(
    data: Path, tmp_path: Path
) -> None:
    arguments = command(data, tmp_path / "model", "--steps", "40", "--dry-run")
    plan = printed_json(crosearch(*arguments, "--json"))
    assert set(plan["languages"]) == set(LANGUAGES)
    assert plan["pairs"] == 320
    assert plan["cross_share"] == 0.5
    assert plan["parameters"] == plan["trained_parameters"] == 160 * 32
    assert plan["languages"]["de"]["mono_pairs"] + plan["dev_records"] == 60
    shown = crosearch(*arguments).stdout
    assert "40 batches of 8: 320 pairs, 50% of them in two languages" in shown
    assert "5,120 of 5,120 parameters are trained" in shown
    assert not (tmp_path / "model").exists()


def test_the_figures_are_printed_as_json(data: Path, model: Path) -> None:
    # The same command again tells of the finished training.
    figures = printed_json(
        crosearch(*command(data, model, "--steps", "40", "--every", "20"), "--json")
    )
    assert figures["steps"] == 40
    assert figures["dev"]["cross"] > figures["dev_at_start"]["cross"]
    assert [entry["step"] for entry in figures["history"]] == [0, 20, 40]
    assert figures["pairs_per_second"] > 0


def test_and_for_people(data: Path, model: Path) -> None:
    shown = crosearch(*command(data, model, "--steps", "40", "--every", "20")).stdout
    assert "40 steps" in shown and "pairs a second" in shown and "dev mAP mono" in shown
    assert f"--embedder {model}" in shown


def test_what_was_trained_searches(model: Path, tmp_path: Path) -> None:
    articles = tmp_path / "articles.jsonl"
    with articles.open("w", encoding="utf-8") as file:
        for number in range(20):
            text = question(number).passage[DE][0]
            file.write(json.dumps({"text": text, "language": "de", "id": f"d{number}"}) + "\n")
    place = ["--corpus", "things", "--store", str(tmp_path / "store"), "--embedder", str(model)]
    made = crosearch("ingest", str(articles), *place)
    assert made.exit_code == 0, made.stderr
    asked = question(7).query[EN][0]
    found = printed_json(crosearch("search", asked, "--languages", "de", *place, "--json"))
    assert "lies at 7" in json.dumps(found, ensure_ascii=False)


@pytest.mark.slow
def test_an_interrupted_training_goes_on_where_it_was(data: Path, tmp_path: Path) -> None:
    arguments = command(data, tmp_path / "model", "--steps", "400", "--every", "5")
    process = start(*arguments, env={"OMP_NUM_THREADS": "1"})
    checkpoints = tmp_path / "model" / "training" / "checkpoints"
    end = time.monotonic() + 240
    while not list(checkpoints.glob("*/seal.json")):
        assert process.poll() is None and time.monotonic() < end
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=240)
    assert process.returncode == 130
    assert "interrupted; the same command goes on from the last checkpoint" in told
    figures = printed_json(crosearch(*arguments, "--json"))
    assert figures["resumed_from"] >= 5
    assert figures["steps"] == 400


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--data", "nowhere.jsonl"], "there is no file 'nowhere.jsonl'"),
        (["--data", "{questions}=much"], "'much' in --data"),
        (["--data", "{questions}=0"], "must be more than 0"),
        (["--data", "{english}", "--sampler", "cross-lingual"], "has no pairs in two languages"),
        (["--data", "{questions}", "--batch", "100"], "cannot be filled in every language"),
        (["--data", "{questions}", "--languages", "en,xx-nothing"], "unknown language"),
        (["--data", "{questions}", "--matryoshka", "a,b"], "--matryoshka 'a,b'"),
        (["--data", "{questions}", "--steps", "0"], "steps is 0"),
    ],
)
def test_a_mistake_is_one_line_and_nothing_is_written(
    options: list[str], message: str, data: Path, tmp_path: Path
) -> None:
    files = {"questions": data / "questions.jsonl", "english": data / "english.jsonl"}
    given = [option.format(**files) for option in options]
    result = crosearch("train", "retriever", "static", "--out", str(tmp_path / "m"), *SMALL, *given)
    assert message in refusal(result)
    assert not (tmp_path / "m").exists()


@pytest.mark.slow
def test_a_model_that_cannot_be_found_offline_is_told_at_once(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "model"
    arguments = command(data, out)
    arguments[2] = "nobody/no-such-model"
    process = start(*arguments, env={"HF_HUB_OFFLINE": "1"})
    shown, told = process.communicate(timeout=240)
    assert process.returncode == 2
    assert shown == ""
    assert told.startswith("crosearch: no model 'nobody/no-such-model': it is no folder here")
    assert told.count("\n") == 1
    assert not out.exists()


def test_a_loss_that_is_no_number_ends_with_one_line(data: Path, tmp_path: Path) -> None:
    options = ["--learning-rate", "1e38", "--steps", "20", "--every", "1"]
    result = crosearch(*command(data, tmp_path / "model", *options))
    assert result.exit_code == 1
    assert "crosearch: " in result.stderr and "last checkpoint before is kept" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_torn_checkpoint_is_told_of(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "model"
    crosearch(*command(data, out, "--learning-rate", "1e38", "--steps", "20", "--every", "1"))
    checkpoints = sorted(
        (out / "training" / "checkpoints").iterdir(), key=lambda path: int(path.name[11:])
    )
    (checkpoints[-1] / "optimizer.pt").write_bytes(b"torn")
    result = crosearch(
        *command(data, out, "--learning-rate", "1e38", "--steps", "20", "--every", "1")
    )
    told = f"crosearch: {checkpoints[-1].name} cannot be gone on from: optimizer.pt is damaged"
    assert told in result.stderr

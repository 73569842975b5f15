"""`crosearch eval datasets`."""

from cli_runs import crosearch, printed_json, refusal

from crosearch.evals.datasets import datasets_known


def test_the_table_has_every_data_set_with_its_licence_and_where_to_get_it() -> None:
    shown = crosearch("eval", "datasets")
    assert shown.exit_code == 0
    for about in datasets_known():
        (line,) = [line for line in shown.stdout.splitlines() if line.startswith(f" {about.name} ")]
        assert about.size in line
        assert about.licence in line
        assert about.where.removeprefix("https://") in line


def test_one_is_told_in_full() -> None:
    shown = crosearch("eval", "datasets", "MLQA")
    assert shown.exit_code == 0
    told = dict(line.split(maxsplit=1) for line in shown.stdout.splitlines() if line[0] != " ")
    assert told["name"] == "mlqa"
    assert told["files"] == "SPLIT-context-LANGUAGE-question-LANGUAGE.json"
    assert told["languages"] == "ar de en es hi vi zh"
    assert told["splits"] == "dev, test"
    assert told["examples"] == (
        "crosearch eval answers mlqa --data FOLDER --split test --out REPORT"
    )


def test_what_a_set_does_not_measure_is_no_example() -> None:
    def commands(name: str) -> list[str]:
        told = printed_json(crosearch("eval", "datasets", name, "--json"))
        examples: list[str] = told["examples"]
        return examples

    assert commands("mkqa") == [
        "crosearch eval answers mkqa --data FOLDER --corpus NAME --out REPORT"
    ]
    assert commands("clirudit") == [
        "crosearch eval answers clirudit --data FOLDER --out REPORT",
        "crosearch eval retrieval clirudit --data FOLDER --out REPORT",
    ]
    assert commands("bordirlines") == []


def test_json_holds_them_all() -> None:
    told = printed_json(crosearch("eval", "datasets", "--json"))
    assert [about["name"] for about in told["datasets"]] == [k.name for k in datasets_known()]
    assert all(about["licence"] and about["files"] for about in told["datasets"])


def test_an_unknown_one_is_refused_with_the_nearest() -> None:
    assert "unknown data set 'mintka' (did you mean 'mintaka'?); known are mkqa" in refusal(
        crosearch("eval", "datasets", "mintka")
    )

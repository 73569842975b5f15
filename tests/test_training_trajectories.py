"""A record keeps every field as it was, and one that training could stumble over is refused."""

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given, settings
from recorded_runs import TIMEOUT, recorded_run
from trajectory_strategy import texts, trajectories

from crosearch.agents.transcript import Segment
from crosearch.tools.errors import LogError
from crosearch.tools.languages import Language
from crosearch.training.record_checks import encode_record, parse_record, replace_surrogates
from crosearch.training.shard_lines import seal, unseal
from crosearch.training.shards import TrajectoryWriter, read_trajectories
from crosearch.training.trajectories import (
    Parent,
    Trajectory,
    fingerprint,
    question_group,
    trajectory_key,
)

EN, FR = Language("en"), Language("fr")


@given(record=trajectories())
@settings(max_examples=60, deadline=None)
def test_every_field_comes_back_as_it_was(record: Trajectory) -> None:
    line = seal(encode_record(record))
    assert line.count(b"\n") == 1
    assert parse_record(unseal(line.rstrip(b"\n"))) == replace_surrogates(record)


@given(text=texts)
def test_a_lone_surrogate_is_replaced_and_no_other_character_moves(text: str) -> None:
    replaced = replace_surrogates({"text": [text]})["text"][0]
    assert len(replaced) == len(text)
    replaced.encode("utf-8")
    for before, after in zip(text, replaced, strict=True):
        assert after == ("\ufffd" if "\ud800" <= before <= "\udfff" else before)


def test_records_come_back_through_a_log(tmp_path: Path) -> None:
    record = recorded_run("Où est-ce ? \u2028 \x00 \U0001f6a2", with_tokens=True)
    with TrajectoryWriter(tmp_path) as writer:
        writer.append_now(record)
    assert list(read_trajectories(tmp_path)) == [record]


def tokens(record: Trajectory, at: int) -> Segment:
    return record["transcript"][at]


def drop_a_logprob(record: Trajectory) -> None:
    tokens(record, 2)["logprobs"] = [-0.5] * 38


def drop_the_ids(record: Trajectory) -> None:
    del tokens(record, 4)["token_ids"]


def without_probabilities(record: Trajectory) -> None:
    del tokens(record, 4)["logprobs"]


def unread_evidence(record: Trajectory) -> None:
    del tokens(record, 3)["token_ids"]


def policy_says_nothing(record: Trajectory) -> None:
    record["transcript"] = record["transcript"][:2]


def policy_has_no_tokens(record: Trajectory) -> None:
    for at in (2, 4):
        tokens(record, at)["token_ids"] = []
        tokens(record, at)["logprobs"] = []


def probable_evidence(record: Trajectory) -> None:
    tokens(record, 3)["logprobs"] = [-0.5]


def logprob_is(value: float) -> Callable[[Trajectory], None]:
    def change(record: Trajectory) -> None:
        tokens(record, 2)["logprobs"] = [-0.5] * 5 + [value] + [-0.5] * 33

    return change


def field_is(name: str, value: Any) -> Callable[[Trajectory], None]:
    def change(record: Trajectory) -> None:
        cast(dict[str, object], record)[name] = value

    return change


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        (drop_a_logprob, r"segment 2 \(policy\) has 39 token ids and 38 log-probabilities"),
        (drop_the_ids, r"segment 4 \(policy\) has log-probabilities and no token ids"),
        (logprob_is(math.nan), "transcript.2.logprobs.5: .*finite"),
        (logprob_is(-math.inf), "transcript.2.logprobs.5: .*finite"),
        (probable_evidence, r"segment 3 \(evidence\) has log-probabilities"),
        (without_probabilities, r"trainable, but segment 4 \(policy\) has no log-probabilities"),
        (unread_evidence, r"trainable, but segment 3 \(evidence\) has no token ids"),
        (policy_says_nothing, "trainable, but the policy emitted nothing"),
        (policy_has_no_tokens, "the mask is all zeros"),
        (field_is("failures", [TIMEOUT]), "machine failed the run"),
        (field_is("rewards", {"answer_f1": math.nan}), "rewards.answer_f1: .*finite"),
        (field_is("seconds", "0.5"), "seconds: .*number"),
        (field_is("sample", True), "sample: .*integer"),
        (field_is("sample", 2**80), "64"),
        (field_is("ending", "bored"), "ending"),
        (field_is("mood", "good"), "mood: Extra"),
        (field_is("citations", (1,)), "citations: .*list"),
    ],
)
def test_a_record_that_training_could_stumble_over_is_refused(
    change: Callable[[Trajectory], None], cause: str, tmp_path: Path
) -> None:
    record = recorded_run(with_tokens=True)
    change(record)
    with TrajectoryWriter(tmp_path) as writer:
        with pytest.raises(LogError, match=f"(?s){record['key']}.*{cause}"):
            writer.append_now(record)
        writer.append_now(recorded_run("How long is the Po?"))
    assert [kept["question"] for kept in read_trajectories(tmp_path)] == ["How long is the Po?"]


def test_what_follows_the_last_policy_segment_was_never_read_and_needs_no_ids() -> None:
    record = recorded_run(with_tokens=True)
    record["transcript"].append(Segment(kind="feedback", text="The last turn is over."))
    encode_record(record)


def test_a_record_that_says_why_it_is_not_trainable_is_kept() -> None:
    record = recorded_run(with_tokens=True)
    without_probabilities(record)
    record["untrainable"] = "sampled with top_p=0.9: its probabilities are not the model's"
    encode_record(record)


PARTS = ("group", 0, "policy", "index", "settings")


def key(parts: Sequence[Any] = PARTS, parent: Parent | None = None) -> str:
    group, sample, policy, index, chosen = parts
    return trajectory_key(group, sample, policy=policy, index=index, settings=chosen, parent=parent)


def test_a_key_is_content_the_same_everywhere() -> None:
    assert key() == "26f0e15ce2d565ae2a478adc0a59f54a"


def test_a_key_changes_with_each_thing_that_makes_a_run() -> None:
    others = [
        key([value if other == at else part for other, part in enumerate(PARTS)])
        for at, value in enumerate(("another", 1, "another", "another", "another"))
    ]
    forks = [
        key(parent=Parent(key="k", turn=turn, change=change))
        for turn, change in ((1, "in French"), (2, "in French"), (1, "hotter"))
    ]
    assert len({key(), *others, *forks}) == 9


def test_a_group_is_what_is_asked_in_which_language() -> None:
    assert question_group("How  long\nis it? ", EN) == question_group("How long is it?", EN)
    assert question_group("Taxi?", EN) != question_group("Taxi?", FR)


def test_a_fingerprint_does_not_depend_on_the_order_of_names() -> None:
    assert fingerprint({"a": 1, "b": "é\ud800"}) == fingerprint({"b": "é\ud800", "a": 1})
    assert len(fingerprint(None)) == 16

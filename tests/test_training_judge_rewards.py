"""What an LLM judge says of a group is a reward like others, or the group has none."""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from chat_server import ChatRequest, ChatServer, Hang, Refuse, Reply, Say, chat_server
from judge_server import judge_attempts, judged, shown_attempts
from recorded_runs import TIMEOUT, recorded_run

from crosearch.agents.judge import load_judge
from crosearch.tools.errors import TrainingError, UsageError
from crosearch.training.grpo_process import default_reward
from crosearch.training.grpo_settings import GrpoSettings
from crosearch.training.judge_rewards import GroupJudge, attempt_group
from crosearch.training.reward_settings import DEFAULT_WEIGHTS, RewardSettings
from crosearch.training.rewards import Rewards
from crosearch.training.trajectories import Trajectory

WEIGHTS = {**DEFAULT_WEIGHTS, "judge": 0.5}
RIGHT = recorded_run(sample=0)
WRONG = recorded_run(sample=1, answer="42 kilometres")
FAILED = recorded_run(sample=2, failures=[TIMEOUT])


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with chat_server(answer=judge_attempts) as server:
        yield server


def judging(server: ChatServer, *, timeout: float = 30.0) -> GroupJudge:
    judge = load_judge("openai:wise", base_url=server.url, timeout=timeout, retries=0, backoff=0.0)
    return GroupJudge(judge)


def scores(rewards: Rewards, records: Sequence[Trajectory]) -> list[dict[str, float] | None]:
    return rewards.score(records)


def test_it_weighs_nothing_by_default_and_then_nobody_is_asked(
    server: ChatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CROSEARCH_JUDGE", "openai:wise")
    monkeypatch.setenv("OPENAI_BASE_URL", server.url)
    assert DEFAULT_WEIGHTS["judge"] == 0.0
    rewards = Rewards(judge=judging(server))
    [right, _] = scores(rewards, [RIGHT, WRONG])
    assert right is not None and "judge" not in right and "judge" not in rewards.names
    assert server.requests == []


def test_with_a_weight_each_run_has_it_and_it_is_part_of_the_total(server: ChatServer) -> None:
    plain = scores(Rewards(), [RIGHT, WRONG])
    rewards = Rewards(RewardSettings(weights=WEIGHTS), judging(server))
    told = scores(rewards, [RIGHT, WRONG])
    for before, after, value in zip(plain, told, (1.0, 0.0), strict=True):
        assert before is not None and after is not None
        assert after["judge"] == value
        assert math.isclose(after["total"], before["total"] + 0.5 * value)
        assert set(after) == {*rewards.names, "total"}
    assert len(server.requests) == 1


def test_a_group_that_cannot_be_judged_has_no_scores_at_all() -> None:
    for reply in (Refuse(500), Say("lovely"), Say(judged({"ZZZZ": 1.0}))):
        with chat_server(reply, reply, reply) as server:
            rewards = Rewards(RewardSettings(weights=WEIGHTS), judging(server))
            assert scores(rewards, [RIGHT, WRONG]) == [None, None]
    with chat_server(answer=lambda request: Hang()) as server:
        rewards = Rewards(RewardSettings(weights=WEIGHTS), judging(server, timeout=0.3))
        assert scores(rewards, [RIGHT, WRONG]) == [None, None]


def test_runs_that_the_machine_failed_are_not_shown_to_it(server: ChatServer) -> None:
    rewards = Rewards(RewardSettings(weights=WEIGHTS), judging(server))
    first, none, last = scores(rewards, [RIGHT, FAILED, WRONG])
    assert none is None and first is not None and last is not None
    assert (first["judge"], last["judge"]) == (1.0, 0.0)
    assert len(shown_attempts(server.requests[0])) == 2


def test_a_single_run_is_not_judged_since_nothing_can_be_compared(server: ChatServer) -> None:
    rewards = Rewards(RewardSettings(weights=WEIGHTS), judging(server))
    assert scores(rewards, [RIGHT, FAILED]) == [None, None]
    assert scores(rewards, [FAILED]) == [None] and scores(rewards, []) == []
    assert server.requests == []


def test_group_after_group_without_a_judgement_ends_a_training() -> None:
    with chat_server(answer=lambda request: Refuse(401)) as server:
        rewards = Rewards(RewardSettings(weights=WEIGHTS), judging(server))
        for _ in range(9):
            assert scores(rewards, [RIGHT, WRONG]) == [None, None]
        with pytest.raises(TrainingError, match="10 groups .* refused the API key"):
            scores(rewards, [RIGHT, WRONG])


def test_a_judgement_in_between_begins_the_count_anew() -> None:
    asked = 0

    def mostly_down(request: ChatRequest) -> Reply:
        nonlocal asked
        asked += 1
        return judge_attempts(request) if asked % 8 == 0 else Refuse(401)

    with chat_server(answer=mostly_down) as server:
        rewards = Rewards(RewardSettings(weights=WEIGHTS), judging(server))
        told = [scores(rewards, [RIGHT, WRONG])[0] is not None for _ in range(24)]
        assert told.count(True) == 3


def test_a_training_takes_the_judge_of_the_variable(
    server: ChatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = GrpoSettings(
        policy="tiny", questions="q.jsonl", out=Path("out"), rewards={"judge": 0.5}
    )
    with pytest.raises(UsageError, match="no judge is named: give openai:MODEL"):
        default_reward(settings)
    monkeypatch.setenv("CROSEARCH_JUDGE", "openai:wise")
    monkeypatch.setenv("OPENAI_BASE_URL", server.url)
    told = default_reward(settings).score([RIGHT, WRONG])
    assert [one["judge"] for one in told if one] == [1.0, 0.0]


def test_it_is_shown_what_each_run_did_and_the_right_answers_of_its_language() -> None:
    ended: Trajectory = {**WRONG, "ending": "turns"}
    declined: Trajectory = {**WRONG, "found": False}
    group = attempt_group([RIGHT, ended, declined])
    assert group.known == ["1233 kilometres"] and group.question == RIGHT["question"]
    assert [attempt.answer for attempt in group.attempts] == [
        "1233 kilometres",
        "",
        "42 kilometres",
    ]
    assert [attempt.declined for attempt in group.attempts] == [False, False, True]
    assert [entry["number"] for entry in group.attempts[0].cited] == [1]
    assert attempt_group([{**RIGHT, "answers": {"fr": ["a"], "de": ["b", "a"]}}]).known == [
        "a",
        "b",
    ]

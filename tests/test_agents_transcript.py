"""A transcript becomes a chat whose roles alternate."""

from crosearch.agents.transcript import Segment, chat_messages


def test_segments_become_messages_of_alternating_roles() -> None:
    transcript = [
        Segment(kind="prompt", text="instructions"),
        Segment(kind="prompt", text="question"),
        Segment(kind="policy", text="search"),
        Segment(kind="evidence", text="found"),
        Segment(kind="policy", text="wrong"),
        Segment(kind="feedback", text="mistake"),
    ]
    assert chat_messages(transcript) == [
        {"role": "system", "content": "instructions"},
        {"role": "user", "content": "question"},
        {"role": "assistant", "content": "search"},
        {"role": "user", "content": "found"},
        {"role": "assistant", "content": "wrong"},
        {"role": "user", "content": "mistake"},
    ]


def test_neighbours_of_one_role_are_one_message() -> None:
    transcript = [
        Segment(kind="evidence", text="found"),
        Segment(kind="feedback", text="mistake"),
        Segment(kind="prompt", text="again"),
    ]
    assert chat_messages(transcript) == [{"role": "user", "content": "found\n\nmistake\n\nagain"}]

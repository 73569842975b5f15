"""Questions are written by a real endpoint, and kept where they find their passages again."""

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from chat_server import ChatRequest, ChatServer, Refuse, Reply, Say, chat_server
from question_writer import Failing, asked_about, asked_in, write_questions
from small_corpus import build_small_corpus
from tiny_models import save_tiny_model
from token_server import token_server

from crosearch.tools.errors import CollectionError
from crosearch.tools.languages import Language
from crosearch.tools.openai_client import ChatEndpoint
from crosearch.tools.settings import Source
from crosearch.training.pair_files import read_pairs, write_pairs
from crosearch.training.synthetic_journal import Journal
from crosearch.training.synthetic_pairs import count_questions, generated_pairs
from crosearch.training.synthetic_plan import Choice, Task, plan_tasks
from crosearch.training.synthetic_questions import GenerationReport, generate
from crosearch.training.synthetic_sources import PassageSource

DE, EN, FR = map(Language, ("de", "en", "fr"))


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> PassageSource:
    store = build_small_corpus(tmp_path_factory.mktemp("corpus"))
    return PassageSource(Source(store=str(store), corpus="small", embedder="default"))


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal(tmp_path / "journal", {}) as journal:
        yield journal


def plan(source: PassageSource, *languages: Language, per_passage: int = 2) -> list[Task]:
    choice = Choice(languages=languages, temperature=1.0, per_passage=per_passage, seed=0)
    return plan_tasks(source, source.sizes, choice)


def run(
    source: PassageSource,
    tasks: Sequence[Task],
    server: ChatServer,
    journal: Journal,
    *,
    concurrency: int = 4,
    stop: asyncio.Event | None = None,
) -> GenerationReport:
    endpoint = ChatEndpoint("tiny", base_url=server.url, api_key="none", backoff=0.01)
    return asyncio.run(
        generate(
            tasks,
            source.read,
            source.retriever,
            endpoint,
            journal,
            concurrency=concurrency,
            stop=stop,
        )
    )


def test_a_source_lists_and_reads_its_passages(source: PassageSource) -> None:
    passages = list(source)

    assert {one.language for one in passages} == {DE, EN, FR}
    assert source.read(passages[0].language, passages[0].id) == passages[0]
    assert source.read(DE, "nothing#0") is None


def test_questions_that_find_their_passages_are_kept(
    source: PassageSource, journal: Journal, tmp_path: Path
) -> None:
    tasks = plan(source, DE, EN, FR)
    with chat_server(answer=write_questions) as server:
        report = run(source, tasks, server, journal)

    assert (report.passages, report.resumed, report.asked, report.failed) == (4, 0, 4, 0)
    assert len(server.requests) == 4
    assert all(asked["searched"] for asked in journal.asked.values())
    assert count_questions(tasks, journal, top=2)["kept"] >= 6
    write_pairs(tmp_path / "pairs.jsonl", generated_pairs(tasks, source.read, journal, top=2))
    records = read_pairs(tmp_path / "pairs.jsonl").records
    assert [record.id for record in records] == [task.key for task in tasks]
    assert all(set(record.query) <= {DE, EN, FR} for record in records)
    assert {record.group for record in records} == {
        "cordouan-fr",
        "neusiedl-de",
        "hostile-de",
        "tower-en",
    }


def test_a_question_about_something_else_is_not_kept(
    source: PassageSource, journal: Journal
) -> None:
    tasks = [task for task in plan(source, DE, per_passage=1) if task.language == DE]

    def wrong(request: ChatRequest) -> Reply:
        about = "Schiffshebewerk" if asked_about(request) == "Neusiedler See" else "Neusiedler See"
        return Say(f"de: Was ist ueber {about} bekannt und warum?")

    with chat_server(answer=wrong) as server:
        run(source, tasks, server, journal)

    assert count_questions(tasks, journal, top=1) == {"not found": 2, "missing": 0}
    assert not list(generated_pairs(tasks, source.read, journal, top=1))
    assert len(list(generated_pairs(tasks, source.read, journal, top=2))) == 2


def test_what_the_journal_knows_is_not_asked_again(source: PassageSource, tmp_path: Path) -> None:
    tasks = plan(source, DE, EN)
    with chat_server(answer=write_questions) as server:
        with Journal(tmp_path / "journal", {}) as journal:
            run(source, tasks[:1], server, journal)
        with Journal(tmp_path / "journal", {}) as journal:
            report = run(source, tasks, server, journal)
            assert (report.resumed, report.asked) == (1, 3)
            again = run(source, tasks, server, journal)
            assert (again.resumed, again.asked) == (4, 0)

    assert len(server.requests) == 4


def test_a_reply_that_was_not_searched_with_is_searched_with_and_not_paid_again(
    source: PassageSource, journal: Journal
) -> None:
    tasks = plan(source, DE, EN)
    with chat_server(answer=write_questions) as server:
        run(source, tasks, server, journal)
        before = {key: dict(asked) for key, asked in journal.asked.items()}
        for asked in journal.asked.values():
            journal.add({**asked, "searched": False})
        run(source, tasks, server, journal)

    assert len(server.requests) == 4
    assert journal.asked == before


def test_a_failed_request_is_made_again_later(source: PassageSource, journal: Journal) -> None:
    with chat_server(answer=Failing(first=2)) as server:
        report = run(source, plan(source, DE), server, journal)

    assert (report.asked, report.failed, report.failures) == (4, 0, 2)
    assert "not to my liking" in report.last_failure


def test_a_passage_that_always_fails_is_left_for_another_time(
    source: PassageSource, journal: Journal
) -> None:
    tasks = plan(source, DE)
    with chat_server(answer=Failing(about="Phare de Cordouan")) as server:
        report = run(source, tasks, server, journal)
        assert (report.asked, report.failed, report.failures) == (3, 1, 3)
    with chat_server(answer=write_questions) as server:
        report = run(source, tasks, server, journal)
        assert (report.resumed, report.asked, report.failed) == (3, 1, 0)


def test_an_endpoint_that_fails_at_everything_ends_it(
    source: PassageSource, journal: Journal
) -> None:
    with chat_server(answer=lambda _: Refuse(401, "no such key")) as server:
        with pytest.raises(CollectionError, match="10 requests failed one after the other"):
            run(source, plan(source, DE) * 3, server, journal)
    assert not journal.asked


def test_a_stop_finishes_what_is_under_way(source: PassageSource, journal: Journal) -> None:
    async def stopped(server: ChatServer) -> GenerationReport:
        stop = asyncio.Event()
        endpoint = ChatEndpoint("tiny", base_url=server.url, api_key="none")
        return await generate(
            plan(source, DE),
            source.read,
            source.retriever,
            endpoint,
            journal,
            concurrency=1,
            progress=lambda _: stop.set(),
            stop=stop,
        )

    with chat_server(answer=write_questions) as server:
        report = asyncio.run(stopped(server))

    assert (report.asked, report.failed, report.interrupted) == (1, 0, True)
    assert len(server.requests) == len(journal.asked) == 1


def test_no_more_requests_are_under_way_than_allowed(
    source: PassageSource, journal: Journal
) -> None:
    with chat_server(answer=write_questions) as server:
        run(source, plan(source, DE), server, journal, concurrency=1)

    assert len({request.connection for request in server.requests}) == 1


def test_a_hostile_passage_is_shown_without_what_acts(
    source: PassageSource, journal: Journal
) -> None:
    with chat_server(answer=write_questions) as server:
        run(source, plan(source, DE), server, journal)

    (shown,) = (
        request.messages[1]["content"]
        for request in server.requests
        if asked_about(request) == "Schiffshebewerk"
    )
    assert "Gehorche!" in shown
    assert "<|im_start|>" not in shown
    assert "</information>" not in shown


def test_languages_that_did_not_come_are_counted(source: PassageSource, journal: Journal) -> None:
    def half(request: ChatRequest) -> Reply:
        assert asked_in(request)
        return Say("summary: Nothing.")

    tasks = plan(source, DE, EN)
    with chat_server(answer=half) as server:
        run(source, tasks, server, journal)

    assert count_questions(tasks, journal, top=5) == {"missing": 8}


@pytest.mark.server
def test_a_local_model_that_writes_nonsense_does_no_harm(
    source: PassageSource, journal: Journal, tmp_path: Path
) -> None:
    tasks = plan(source, DE, EN)
    with token_server(save_tiny_model(tmp_path / "model")) as server:
        endpoint = ChatEndpoint("tiny", base_url=server.url, api_key="none")
        report = asyncio.run(
            generate(tasks, source.read, source.retriever, endpoint, journal, concurrency=2)
        )

    assert report.asked == 4
    assert report.prompt_tokens > 400
    assert report.completion_tokens > 0
    counts = count_questions(tasks, journal, top=5)
    assert counts.total() == 8
    assert counts["kept"] == 0

"""The viewer in a real browser: nothing is loaded from elsewhere, citations lead to evidence."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import uvicorn
from viewer_samples import ARABIC_QUESTION, arabic_run, lighthouse_run, token_run, write_log

from crosearch.training.viewer import HOST, listen, make_app
from crosearch.training.viewer_export import export_run
from crosearch.training.viewer_index import LogIndex
from crosearch.training.viewer_pages import Pages

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

pytestmark = [
    pytest.mark.server,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="there is no /usr/bin/chromium"),
]


class Watched:
    """A page of a browser, with all that it complained of and all that it asked for."""

    def __init__(self, page: "Page") -> None:
        self.page = page
        self.complaints: list[str] = []
        self.requests: list[str] = []
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self.requests.append(request.url))


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    records = [
        lighthouse_run(0),
        lighthouse_run(1),
        arabic_run(),
        token_run([[1], [2], [3, 4], [5]], ["a", "b", "c", "d"]),
    ]
    records[1]["answer"] = "<img src=https://evil.example/x onerror=alert(1)>"
    return write_log(tmp_path_factory.mktemp("browser") / "log", records)


@pytest.fixture(scope="module")
def address(log: Path, clean_environment: Path) -> Iterator[str]:
    socket = listen(0)
    app = make_app(LogIndex([log]), Pages("log"))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [socket]})
    thread.start()
    try:
        yield f"http://{HOST}:{socket.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        socket.close()


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def watched(browser: "Browser", address: str) -> Iterator[Watched]:
    context = browser.new_context()
    watched = Watched(context.new_page())
    yield watched
    context.close()
    assert watched.complaints == []
    assert [url for url in watched.requests if not url.startswith((address, "file:"))] == []


def test_from_the_list_to_a_run_to_the_evidence_that_its_answer_cites(
    watched: Watched, address: str
) -> None:
    page = watched.page
    page.goto(address)
    page.get_by_label("English").first.check()
    page.wait_for_url("**/?*language=en*")
    page.get_by_text("It was completed in 1611.").first.wait_for()
    page.locator("td.asked a", has_text="Cordouan").last.click()
    evidence = page.locator("#evidence-1")
    colour = "element => getComputedStyle(element).backgroundColor"
    before = evidence.evaluate(colour)
    page.locator(".answer .cite").first.click()
    assert page.url.endswith("#evidence-1")
    assert evidence.evaluate(colour) != before
    playwright.expect(evidence).to_be_in_viewport()


def test_arabic_stands_right_to_left(watched: Watched, address: str) -> None:
    page = watched.page
    page.goto(f"{address}/runs/{arabic_run()['key']}")
    direction = "element => getComputedStyle(element).direction"
    assert page.get_by_text(ARABIC_QUESTION).first.evaluate(direction) == "rtl"
    assert page.get_by_text("The archive holds").first.evaluate(direction) == "ltr"
    assert page.locator("div.answer").evaluate(direction) == "rtl"


def test_a_group_and_tokens_are_shown_and_no_text_becomes_an_element(
    watched: Watched, address: str
) -> None:
    page = watched.page
    page.goto(f"{address}/groups/{lighthouse_run()['group']}")
    page.get_by_text("<img src=https://evil.example/x onerror=alert(1)>").wait_for()
    assert page.locator("img").count() == 0
    page.goto(f"{address}/runs/{token_run([[1], [2], [3, 4], [5]], list('abcd'))['key']}/tokens")
    colours = page.locator(".segment.policy .token").evaluate_all(
        "tokens => tokens.map(token => getComputedStyle(token).backgroundColor)"
    )
    assert len(set(colours)) == 2


def test_a_written_page_is_whole_and_styled(watched: Watched, log: Path, tmp_path: Path) -> None:
    index = LogIndex([log])
    try:
        index.refresh()
        export_run(index, lighthouse_run()["key"], tmp_path / "run.html")
    finally:
        index.close()
    page = watched.page
    page.goto((tmp_path / "run.html").as_uri())
    page.locator(".answer .cite").first.click()
    shadow = "element => getComputedStyle(element).boxShadow"
    assert page.locator("#evidence-1").evaluate(shadow) != "none"
    assert len(watched.requests) == 1

"""The viewer's application: its pages, and who may read them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from servers import free_port
from starlette.testclient import TestClient
from viewer_samples import arabic_run, failed_run, lighthouse_run, run, token_run, write_log

from crosearch.tools.errors import UsageError
from crosearch.tools.languages import Language
from crosearch.training.shards import TrajectoryWriter, list_shards
from crosearch.training.viewer import HOST, listen, make_app
from crosearch.training.viewer_index import LogIndex
from crosearch.training.viewer_pages import Pages

ADDRESS = f"http://{HOST}:8765"
KEY = lighthouse_run()["key"]


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CROSEARCH_HOME", str(tmp_path / "home"))
    tokens = token_run([[1], [2], [3, 4], [5]], ["a", "b", "c", "d"])
    records = [lighthouse_run(0), lighthouse_run(1), failed_run(), arabic_run(), tokens]
    return write_log(tmp_path / "log", records)


@pytest.fixture
def client(log: Path) -> Iterator[TestClient]:
    with TestClient(make_app(LogIndex([log]), Pages("log")), base_url=ADDRESS) as client:
        yield client


def test_the_list_shows_runs_with_what_they_came_to(client: TestClient) -> None:
    page = client.get("/")
    assert page.status_code == 200
    assert "<b>5</b> runs" in page.text
    assert f'href="/runs/{KEY}"' in page.text
    assert "When was the lighthouse of Cordouan completed?" in page.text
    assert "✕ failed" in page.text


def test_filters_are_a_plain_form(client: TestClient) -> None:
    page = client.get("/", params={"status": "found", "language": "ar", "q": "الأرشيف"}).text
    assert "<b>1</b> of 5 run" in page
    assert '<input type="checkbox" name="language" value="ar" checked>' in page
    assert 'value="الأرشيف"' in page
    assert "Cordouan" not in page
    assert "No run is like this." in client.get("/", params={"q": "nowhere to be found"}).text


def test_a_filter_that_cannot_be_read_is_said(client: TestClient) -> None:
    page = client.get("/", params={"least": "<b>much"})
    assert page.status_code == 400
    assert "least is &#39;&lt;b&gt;much&#39;" in page.text


def test_a_run_its_tokens_and_its_group_have_pages(client: TestClient) -> None:
    page = client.get(f"/runs/{KEY}").text
    assert 'id="evidence-1"' in page
    assert f"/runs/{KEY}/tokens" in page
    tokens = token_run([[1], [2], [3, 4], [5]], ["a", "b", "c", "d"])["key"]
    page = client.get(f"/runs/{tokens}/tokens").text
    assert '<span class="token p4" title="id 4, log-probability -0.7000, p 0.497">4</span>' in page
    assert '<span class="token masked" title="id 1">1</span>' in page
    page = client.get(f"/groups/{lighthouse_run()['group']}").text
    assert "2 runs side by side" in page


@pytest.mark.parametrize("path", ["/runs/ffff", "/runs/ffff/tokens", "/groups/ffff"])
def test_what_the_log_does_not_hold_is_not_found(client: TestClient, path: str) -> None:
    page = client.get(path)
    assert page.status_code == 404
    assert "&#39;ffff&#39;" in page.text
    assert client.get(f"/runs/{KEY}", params={"attempt": "7"}).status_code == 404
    assert client.get(f"/runs/{KEY}", params={"attempt": "x"}).status_code == 404


def test_new_records_appear_on_the_next_load(client: TestClient, log: Path) -> None:
    with TrajectoryWriter(log) as writer:
        writer.append_now(run("Is this new?", Language("en")))
        assert "Is this new?" in client.get("/").text
        again = run("Is this new?", Language("en"), attempt=2, answer="It is.")
        writer.append_now(again)
        page = client.get("/").text
    assert "<b>6</b> runs" in page
    assert "It is." in page
    assert "Attempts:" in client.get(f"/runs/{again['key']}").text
    assert "It is." not in client.get(f"/runs/{again['key']}", params={"attempt": "1"}).text


def test_lines_that_cannot_be_read_are_told_above_every_page(client: TestClient, log: Path) -> None:
    shard = list_shards(log)[0]
    data = bytearray(shard.closed_file.read_bytes())
    data[len(data) // 2] ^= 1
    with TrajectoryWriter(log) as writer:
        writer.append_now(run("Whole?", Language("en")))
        file = next(shard.open_file for shard in list_shards(log) if not shard.is_closed())
        with file.open("ab") as lines:
            lines.write(b"not a record\n")
        assert "1 line of the log could not be read" in client.get("/").text
    assert "Whole?" in client.get("/").text


def test_a_page_from_elsewhere_cannot_read_the_log(client: TestClient) -> None:
    for host in ("evil.example", "evil.example:8765", "127.0.0.1.evil.example", "192.168.0.2"):
        page = client.get("/", headers={"host": host})
        assert page.status_code == 400
        assert "Cordouan" not in page.text
    assert client.get("/", headers={"host": "localhost:8765"}).status_code == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_nothing_but_reading_is_answered(client: TestClient, method: str) -> None:
    for path in ("/", f"/runs/{KEY}", "/static/viewer.css"):
        assert client.request(method, path).status_code == 405


@pytest.mark.parametrize("path", ["/", f"/runs/{KEY}", "/static/viewer.css", "/nowhere"])
def test_every_answer_says_what_it_may_load(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    assert headers["content-security-policy"].startswith("default-src 'none'; ")
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-resource-policy"] == "same-origin"


def test_only_the_viewers_own_files_are_served(client: TestClient) -> None:
    assert "prefers-color-scheme: dark" in client.get("/static/viewer.css").text
    for name in ("list.html", "..%2f..%2fviewer.py", "%2e%2e", "nothing"):
        assert client.get(f"/static/{name}").status_code == 404


def test_a_port_that_is_taken_is_said() -> None:
    with listen(0) as server:
        port = server.getsockname()[1]
        assert server.getsockname()[0] == HOST
        with pytest.raises(UsageError, match=f"port {port} is taken"):
            listen(port)
    with listen(free_port()):
        pass

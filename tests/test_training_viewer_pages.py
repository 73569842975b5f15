"""Whatever stands in a record, its page is the page that we wrote, with text in it."""

import copy
from collections.abc import Callable
from html.parser import HTMLParser

import pytest
from viewer_samples import arabic_run, failed_run, lighthouse_run, token_run

from crosearch.tools.languages import Language
from crosearch.training.record_checks import parse_record
from crosearch.training.trajectories import Trajectory, Variation
from crosearch.training.viewer_pages import Pages, whole_group_page, whole_run_page

HOSTILE = (
    "</p></td><script>alert(1)</script><img src=x onerror=alert(1)>\"'` onmouseover=alert(1) "
    "{{ 7 * 7 }}{% raw %}\x00\x1b[31m\u202egnp.exe\u2066\U000e0041 javascript:alert(1) &lt; ]]>"
)
CLOSED = {"kind", "status", "stance", "stage", "ending"}
"""Fields of which the schema knows all values."""
PAGES: dict[str, Callable[[Trajectory], str]] = {
    "run": lambda record: Pages("log").run(record, attempts=[1, 2], forks=[record["key"]]),
    "tokens": lambda record: Pages("log").tokens(record),
    "group": lambda record: Pages("log").group([record, record]),
    "whole run": whole_run_page,
    "whole group": lambda record: whole_group_page([record, record]),
    "error": lambda record: Pages("log").error(record["question"], record["answer"]),
}


class Skeleton(HTMLParser):
    """Reads a page's elements with their attributes' names, and gathers its links and text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, tuple[str, ...]]] = []
        self.links: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if ("class", "unseen") in attrs:
            return
        self.elements.append((tag, tuple(name for name, _ in attrs)))
        self.attributes += [(name, value or "") for name, value in attrs]
        self.links += [value or "" for name, value in attrs if name in ("href", "src", "action")]

    def handle_data(self, data: str) -> None:
        self.text += data


def replaced(value: object, text: str, name: str = "") -> object:
    """Put a text in the place of every text of a record but of those of a closed set."""
    if isinstance(value, str):
        return value if name in CLOSED else text
    if isinstance(value, list):
        return [replaced(item, text, name) for item in value]
    if isinstance(value, dict):
        return {key: replaced(item, text, key) for key, item in value.items()}
    return value


def spoiled(record: Trajectory, text: str) -> Trajectory:
    """Make a record that holds a text wherever the schema lets it, and in names as well."""
    changed = copy.deepcopy(record)
    changed["answers"] = {"en": ["gold"]}
    changed["translations"] = {"fr": "la question"}
    changed["parent"] = {"key": "parent", "turn": 1, "change": "other language"}
    changed["checkpoint"] = {"thread_id": "thread", "turns": ["one"]}
    value = replaced(changed, text)
    assert isinstance(value, dict)
    value["rewards"] = {text: 0.5}
    value["settings"] = {text: text}
    value["searchable"] = {text: 3}
    value["answers"] = {text: [text]}
    value["translations"] = {text: text}
    value["variation"] = {
        "asked_in": text,
        "question": f"{text}?",
        "nudge": "own",
        "search_languages": [text],
    }
    return parse_record(value)


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize(
    "record",
    [
        lighthouse_run(),
        failed_run(),
        token_run([[1], [2], [3, 4], [5]], ["a", "b", "c", "d"]),
    ],
    ids=["answered", "failed", "tokens"],
)
def test_a_hostile_text_anywhere_changes_no_element(name: str, record: Trajectory) -> None:
    harmless = Skeleton(PAGES[name](spoiled(record, "w" * len(HOSTILE))))
    page = PAGES[name](spoiled(record, HOSTILE))
    hostile = Skeleton(page)
    assert hostile.elements == harmless.elements
    assert not [name for name, _ in hostile.attributes if name.startswith("on")]
    assert not [link for link in hostile.links if "script:" in link.split("?")[0].lower()]
    assert not set(page) & set("\x00\x1b\u202e\u2066\U000e0041")
    assert "<script>alert(1)</script>" in hostile.text
    assert "{{ 7 * 7 }}" in hostile.text


def test_only_addresses_of_the_web_are_links() -> None:
    record = lighthouse_run()
    page = Pages("log").run(record)
    assert 'href="https://example.org/cordouan?a=1&amp;b=2" rel="noopener noreferrer"' in page
    record["evidence"][0]["url"] = "javascript:alert(1)"
    skeleton = Skeleton(Pages("log").run(record))
    assert "javascript:alert(1)" in skeleton.text
    assert not [link for link in skeleton.links if "javascript" in link]


def test_every_text_says_its_language_and_finds_its_own_direction() -> None:
    page = Pages("log").run(arabic_run())
    assert '<p class="question" dir="auto" lang="ar">' in page
    assert '<p class="text" dir="auto" lang="en">The archive holds' in page
    assert '<p class="text" dir="auto" lang="ar">يضم الأرشيف 5000 أسطوانة شمعية.' in page


def test_citations_lead_to_the_evidence() -> None:
    skeleton = Skeleton(Pages("log").run(lighthouse_run()))
    assert "#evidence-1" in skeleton.links
    assert ("id", "evidence-1") in skeleton.attributes
    group = Skeleton(whole_group_page([lighthouse_run(0), lighthouse_run(1)]))
    targets = {value for name, value in group.attributes if name == "id"}
    assert {link[1:] for link in group.links if link.startswith("#")} <= targets
    assert {"run-1-evidence-1", "run-2-evidence-1"} <= targets


def test_a_whole_page_needs_nothing_beside_it() -> None:
    for page in (whole_run_page(lighthouse_run()), whole_group_page([failed_run()])):
        skeleton = Skeleton(page)
        assert not [link for link in skeleton.links if not link.startswith(("#", "https://exa"))]
        assert not {tag for tag, _ in skeleton.elements} & {"link", "script", "img", "iframe"}
        assert "default-src &#39;none&#39;" in page
        assert "@media" in page


def test_a_member_of_a_group_tells_how_it_was_asked() -> None:
    record = lighthouse_run()
    assert "asked as" not in Skeleton(Pages("log").run(record)).text
    record["variation"] = Variation(
        asked_in=Language("de"),
        question="Wie hoch ist der Turm?",
        nudge="own",
        search_languages=[Language("de")],
    )
    text = Skeleton(Pages("log").run(record)).text
    assert "asked as" in text and "Wie hoch ist der Turm?" in text and "might search" in text


def test_a_failure_is_marked() -> None:
    text = Skeleton(Pages("log").run(failed_run())).text
    assert "✕ failed" in text
    assert "search in German failed: timeout." in text
    assert "policy failed: error." in text
    assert "The run ended without an answer." in text


def test_the_page_of_a_fork_names_its_parent_and_that_of_the_parent_its_forks() -> None:
    fork = lighthouse_run()
    fork["parent"] = {"key": "abcdef0123456789", "turn": 2, "change": "searched in German"}
    assert "/runs/abcdef0123456789" in Skeleton(Pages("log").run(fork)).links
    assert "/runs/0987" in Skeleton(Pages("log").run(lighthouse_run(), forks=["0987"])).links

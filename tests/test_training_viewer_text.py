"""Texts of others come onto a page harmless and whole."""

from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosearch.training.viewer_text import language_tag, plain_text, safe_url, shown_text

STEERING = "\x00\x07\x1b\x7f\x9b\u061c\u200b\u200f\u202e\u2028\u2066\u2069\ufeff\ud800\U000e0041"
"""A control of each kind: none of them may reach a page."""


@given(st.text(alphabet=st.one_of(st.characters(), st.sampled_from(STEERING + "<>&\"'"))))
def test_no_text_holds_markup_or_unseen_characters(text: str) -> None:
    shown = str(shown_text(text))
    assert not set(shown) & set(STEERING)
    assert shown.count("<") == 2 * shown.count('<span class="unseen" title="U+')
    assert not set(plain_text(text)) & set(STEERING)
    shown.encode("utf-8")


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["C", "Z"])))
def test_what_can_be_seen_stays_as_it_is(text: str) -> None:
    assert unescape(str(shown_text(text))) == text
    assert plain_text(text) == text


def test_unseen_characters_tell_their_names() -> None:
    assert plain_text("a\u202eb") == "a⟨U+202E⟩b"
    shown = shown_text("a\u202eb<")
    assert shown == (
        'a<span class="unseen" title="U+202E RIGHT-TO-LEFT OVERRIDE">U+202E</span>b&lt;'
    )


def test_joiners_and_line_feeds_stay_since_texts_are_spelled_with_them() -> None:
    persian = "می\u200cخواهم\nक्\u200dष"
    assert shown_text(persian) == persian


@pytest.mark.parametrize(
    "url", ["https://example.org/a?b=1&c=2", "http://[::1]:80/x", "https://例え.jp/"]
)
def test_addresses_of_the_web_become_links(url: str) -> None:
    assert safe_url(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "java\nscript:alert(1)",
        "\x01javascript:alert(1)",
        " https://example.org",
        "https://exam\tple.org",
        "https://example.org/\u202egnp.exe",
        "data:text/html,<script>1</script>",
        "file:///etc/passwd",
        "//example.org",
        "https://",
        "https:///path",
        "http://[broken",
        "example.org",
    ],
)
def test_everything_else_becomes_no_link(url: str) -> None:
    assert safe_url(url) is None


def test_only_a_language_code_stands_in_a_lang_attribute() -> None:
    assert [language_tag(code) for code in ("de", "zh-Hant", "haw")] == ["de", "zh-Hant", "haw"]
    assert language_tag('de" onload="x') == language_tag("") == "und"

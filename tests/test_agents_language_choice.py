"""Languages are searched in the order in which they are likely to hold the answer."""

from observations import observe, search_record

from crosearch.agents.language_choice import BATCH, choose_languages
from crosearch.tools.languages import EMBEDDED_LANGUAGES, Language
from crosearch.tools.ledger import SearchRecord

MANY: dict[str, int] = {code: 100 - place for place, code in enumerate(EMBEDDED_LANGUAGES)}


def test_the_questions_own_language_comes_first() -> None:
    choice = choose_languages(observe(language="pl"))
    assert choice.languages == ("pl",)
    assert not choice.all_remaining


def test_then_come_the_languages_that_the_question_points_to() -> None:
    choice = choose_languages(observe("Who made the Polish tower?", searches=[search_record("en")]))
    assert choice.languages[0] == "pl"
    assert choice.pointers == {"pl": "Polish"}


def test_then_those_with_most_passages_a_few_at_a_time() -> None:
    choice = choose_languages(
        observe(language="en", languages=MANY, searches=[search_record("en")], searches_left=9)
    )
    others = [code for code in EMBEDDED_LANGUAGES if code != "en"]
    assert list(choice.languages) == others[:BATCH]


def test_the_last_search_takes_all_that_remain() -> None:
    choice = choose_languages(observe(languages=MANY, searches_left=1))
    assert set(choice.languages) == set(EMBEDDED_LANGUAGES)
    assert choice.languages[0] == "en" and choice.all_remaining


def test_the_last_turn_is_kept_for_the_answer() -> None:
    assert choose_languages(observe(turns_left=1)).languages == ()
    assert set(choose_languages(observe(turns_left=2)).languages) == {
        "en", "de", "fr", "pl", "ja", "sw",
    }  # fmt: skip


def test_four_searches_reach_every_language() -> None:
    searches: list[SearchRecord] = []
    seen: list[Language] = []
    while choice := choose_languages(
        observe(languages=MANY, searches=searches, searches_left=4 - len(searches))
    ).languages:
        seen += choice
        searches.append(search_record(",".join(choice)))
    assert sorted(seen) == sorted(EMBEDDED_LANGUAGES)
    assert len(searches) == 4


def test_a_question_in_a_language_without_passages_begins_elsewhere() -> None:
    choice = choose_languages(observe(language="ko"))
    assert choice.languages == ("en", "de", "fr", "pl")


def test_a_failed_language_is_tried_once_more_after_the_others() -> None:
    searches = [search_record("en"), search_record("de,fr,pl", {"fr": "timeout"})]
    choice = choose_languages(observe(searches=searches))
    assert choice.languages == ("ja", "sw", "fr")
    searches.append(search_record("ja,sw,fr", {"fr": "error"}))
    assert choose_languages(observe(searches=searches)).languages == ()


def test_nothing_is_chosen_when_all_is_searched() -> None:
    choice = choose_languages(observe(searches=[search_record("en,de,fr,pl,ja,sw")]))
    assert choice.languages == () and choice.all_remaining


def test_the_languages_that_promise_most_come_first() -> None:
    choice = choose_languages(
        observe(
            searches=[search_record("en")], promise={"ja": 0.7, "pl": 0.4, "fr": 0.1, "de": 0.3}
        )
    )
    assert choice.languages == ("ja", "pl", "de", "fr")


def test_languages_that_promise_next_to_nothing_are_left_out() -> None:
    promise = {"de": 0.5, "fr": 0.001, "pl": 0.001, "ja": 0.0, "sw": 0.3}
    choice = choose_languages(observe(searches=[search_record("en")], promise=promise))
    assert choice.languages == ("de", "sw", "ja") and choice.all_remaining


def test_a_language_that_the_question_points_to_is_searched_whatever_it_promises() -> None:
    choice = choose_languages(
        observe("Who made the Polish tower?", searches=[search_record("en")], promise={"pl": 0.001})
    )
    assert choice.languages[0] == "pl"

"""What parallel sentences teach: word pairs, words of unspaced scripts, inflection, likelihoods."""

from collections import Counter
from pathlib import Path

import pytest

from crosearch.tools.languages import Language
from crosearch.tools.lexicon import Lexicon
from crosearch.tools.lexicon_forms import FormRule, Forms
from crosearch.tools.lexicon_store import LexiconStore
from crosearch.tools.lexicon_text import cut
from crosearch.training.lexicon_alignment import align_words
from crosearch.training.lexicon_corpus import Corpus, make_corpus, segment
from crosearch.training.lexicon_graph import LexiconGraph, WeighedTerm
from crosearch.training.lexicon_names import name_parts
from crosearch.training.lexicon_rules import learn_rules
from crosearch.training.lexicon_sources import Sense, Texts
from crosearch.training.lexicon_substrings import find_words
from crosearch.training.lexicon_weights import Evidence

DE, EN, JA, RU, TH, ZH = map(Language, "de en ja ru th zh".split())

SENTENCES = [
    ("the bank is old", "die bank ist alt"),
    ("the bank is new", "die bank ist neu"),
    ("the lake is old", "der see ist alt"),
    ("the lake is new", "der see ist neu"),
    ("a bank", "eine bank"),
    ("a lake", "ein see"),
]


def words(pairs: list[tuple[str, str]]) -> list[tuple[list[str], list[str]]]:
    return [(left.split(), right.split()) for left, right in pairs]


def test_words_that_stand_opposite_each_other_are_a_pair() -> None:
    pairs = align_words(words(SENTENCES * 2), lambda left, right: False)
    found = {(pair.left, pair.right) for pair in pairs}
    assert {("bank", "bank"), ("lake", "see"), ("old", "alt"), ("new", "neu")} <= found
    assert not {("bank", "see"), ("lake", "bank"), ("old", "neu")} & found
    assert all(0 < pair.right_given_left <= 1 and pair.times >= 1 for pair in pairs)


def test_what_a_dictionary_knows_decides_where_sentences_cannot() -> None:
    sentences = words([("red house", "rotes haus"), ("red house", "rotes haus")])
    known = {("red", "rotes"), ("house", "haus")}
    pairs = align_words(sentences, lambda left, right: (left, right) in known)
    assert {(pair.left, pair.right) for pair in pairs} == known


def test_words_of_a_script_without_spaces_are_found_by_their_sentences() -> None:
    sentences = [
        ("the captain spoke".split(), "กัปตันพูด"),
        ("a captain came".split(), "กัปตันมา"),
        ("our captain left".split(), "แล้วกัปตันไป"),
        ("the rain came".split(), "ฝนมา"),
    ]
    found = {pair.word: pair.run for pair in find_words(sentences, TH)}
    assert found["captain"] == "กัปตัน"


def test_a_text_without_spaces_is_cut_at_known_words_and_between_them() -> None:
    assert segment(cut("我在金门大桥上", ZH), {"金门大桥", "桥", "大桥"}) == [
        *("我在", "金门大桥", "上")
    ]


def test_endings_are_learned_from_what_the_base_form_means() -> None:
    nouns = "alm bahn burg farm form frau last post saat tat uhr wahl zahl".split()
    english = {noun: noun[::-1] + "x" for noun in nouns}
    sentences = [([noun + ending], [english[noun]]) for noun in nouns for ending in ("", "en")]
    translations = {noun: {word} for noun, word in english.items()}
    best, *_ = learn_rules(DE, sentences, translations)
    assert (best.beginning, best.ending, best.instead) == ("", "en", "")
    assert best.weight > 0.9


def test_a_rule_that_leads_to_wrong_words_is_not_kept() -> None:
    nouns = "lamp rand stand wolke".split()
    sentences = [([f"{noun}en"], ["unrelated"]) for noun in nouns]
    assert learn_rules(DE, sentences, {noun: {f"{noun}x"} for noun in nouns}) == []


def test_a_base_form_leaves_a_stem() -> None:
    rules = [
        FormRule(beginning="", ending="en", instead="", weight=0.9),
        FormRule(beginning="ge", ending="t", instead="en", weight=0.5),
    ]
    assert dict(Forms(rules).bases("gebahnt")) == {"bahnen": 0.5}
    assert dict(Forms(rules).bases("bahnen")) == {"bahn": 0.9}
    assert dict(Forms(rules).bases("len")) == {}


def test_a_corpus_counts_words_and_how_they_are_written_within_sentences() -> None:
    rows: list[Texts] = [
        {EN: ("The bank in Berlin",), DE: ("Die Bank in Berlin",)},
        {EN: ("In Berlin",), DE: ("In Berlin",)},
    ]
    corpus = make_corpus(rows, {}, lambda language: None)
    assert corpus.counts[DE]["berlin"] == 2
    assert corpus.spelling(DE, "bank") == "Bank"
    assert corpus.spelling(EN, "the") == "the"
    assert len(corpus.pairs(EN, DE)) == 2


@pytest.mark.parametrize(("seen", "first"), [("shore", "shore"), ("bank", "bank")])
def test_the_sense_that_sentences_show_is_the_likelier(
    tmp_path: Path, seen: str, first: str
) -> None:
    aligned = align_words(words([(seen, "ufer")] * 3), lambda left, right: False)
    corpus = Corpus(rows={}, counts={DE: Counter(), EN: Counter()}, spellings={EN: {}, DE: {}})
    evidence = Evidence({DE: aligned}, corpus)
    graph = LexiconGraph()
    for english in ("bank", "shore"):
        sense = Sense(texts={DE: ("Ufer",), EN: (english,)}, weight=1.0)
        graph.add_sense(evidence.weigh_sense(sense, graph))
    graph.write(tmp_path, {"rules": {}})
    (match,) = Lexicon(LexiconStore(tmp_path)).match("Ufer", DE, EN)
    assert [translation.text for translation in match.translations][0] == first
    assert len(match.translations) == 2


def test_a_term_of_more_senses_than_are_kept_keeps_the_likeliest(tmp_path: Path) -> None:
    graph = LexiconGraph()
    for number in range(400):
        likely = 1.0 if number == 399 else 0.5
        graph.add_sense(
            [WeighedTerm(DE, "Ding", likely, 1.0), WeighedTerm(EN, f"thing {number}", 1.0, 1.0)]
        )
    graph.write(tmp_path, {"rules": {}})
    (match,) = Lexicon(LexiconStore(tmp_path)).match("Ding", DE, EN)
    assert match.translations[0].text == "thing 399"
    assert len(LexiconStore(tmp_path).senses_of(0)[0]) == 255


def test_parts_of_names_are_found_where_they_sound_alike() -> None:
    labels = [
        {"en": "Ludwig van Beethoven", "ja": "ルートヴィヒ・ヴァン・ベートーヴェン"},
        {"en": "Ludwig Erhard", "ru": "Людвиг Эрхард"},
        {"en": "Free State of Bavaria", "ru": "Свободное государство Бавария"},
        {"en": "City Hall", "ru": "здание ратуши"},
    ]
    senses = [
        Sense(texts={Language(code): (name,) for code, name in label.items()}, weight=1.0)
        for label in labels
    ]
    assert [sense.texts for sense in name_parts(senses)] == [
        {EN: ("Beethoven",), JA: ("ベートーヴェン",)},
        {EN: ("Erhard",), RU: ("Эрхард",)},
        {EN: ("Ludwig",), RU: ("Людвиг",)},
    ]

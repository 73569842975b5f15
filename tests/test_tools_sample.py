"""The sample corpus keeps its promises: what the questions say of the passages is so."""

import json
import re
from collections import Counter, defaultdict
from difflib import SequenceMatcher
from itertools import combinations
from typing import TypedDict

import pytest

from crosearch.tools.languages import EMBEDDED_LANGUAGES, parse_language
from crosearch.tools.sample import SampleQuestion, sample_passages_path, sample_questions

LANGUAGES = "ar de el en es fr hi it ja ko pl pt ru sw tr vi zh".split()


class PassageRow(TypedDict):
    id: str
    title: str
    text: str
    language: str
    facts: list[str]


def read_passages() -> list[PassageRow]:
    lines = sample_passages_path().read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


PASSAGES = read_passages()
BY_ID = {passage["id"]: passage for passage in PASSAGES}
QUESTIONS = sample_questions()


def passages_of(fact: str) -> list[PassageRow]:
    return [passage for passage in PASSAGES if fact in passage["facts"]]


def answered() -> list[SampleQuestion]:
    return [question for question in QUESTIONS if question.kind != "nowhere"]


def test_ids_are_unique_and_name_their_language() -> None:
    assert len(BY_ID) == len(PASSAGES)
    assert len({question.id for question in QUESTIONS}) == len(QUESTIONS)
    assert all(p["id"].startswith(p["language"] + "-") for p in PASSAGES)
    assert all(q.id.startswith(q.language + "-") for q in QUESTIONS)


def test_languages_are_the_seventeen_that_the_embedder_knows() -> None:
    assert sorted({passage["language"] for passage in PASSAGES}) == LANGUAGES
    assert sorted({question.language for question in QUESTIONS}) == LANGUAGES
    assert all(parse_language(language) in EMBEDDED_LANGUAGES for language in LANGUAGES)


def test_corpus_is_large_enough_and_english_does_not_dominate() -> None:
    counts = Counter(passage["language"] for passage in PASSAGES)
    assert len(PASSAGES) >= 90
    assert min(counts.values()) >= 6
    assert counts["en"] <= 0.2 * len(PASSAGES)
    assert len({fact for passage in PASSAGES for fact in passage["facts"]}) >= 130


def test_passages_are_short_plain_prose_with_several_facts() -> None:
    for passage in PASSAGES:
        sentences = re.findall(r"[。！？।]|[.!?؟](?=[\s»”“]|$)", passage["text"])
        assert 3 <= len(sentences) <= 6, passage["id"]
        assert len(set(passage["facts"])) == len(passage["facts"]) >= 2, passage["id"]
        assert passage["text"] == " ".join(passage["text"].split()), passage["id"]
        assert not re.search(r"[<>\[\]{}*#_|\\]", passage["text"]), passage["id"]


def test_most_facts_live_in_one_language_and_a_few_in_three_or_more() -> None:
    languages: defaultdict[str, set[str]] = defaultdict(set)
    for passage in PASSAGES:
        for fact in passage["facts"]:
            assert passage["language"] not in languages[fact], (fact, passage["id"])
            languages[fact].add(passage["language"])
    spread = Counter(min(len(found), 3) for found in languages.values())
    assert spread[1] > 0.75 * len(languages)
    assert spread[3] >= 5


def test_every_language_has_its_questions_of_every_kind() -> None:
    kinds = Counter((question.language, question.kind) for question in QUESTIONS)
    for language in map(parse_language, LANGUAGES):
        assert kinds[language, "own"] >= 3
        assert kinds[language, "other"] >= 7
        assert kinds[language, "conflict"] == 1
        assert kinds[language, "nowhere"] == 4


@pytest.mark.parametrize("question", answered(), ids=lambda question: question.id)
def test_gold_is_every_passage_that_states_the_fact(question: SampleQuestion) -> None:
    assert question.fact is not None
    gold = passages_of(question.fact)
    assert sorted(question.gold) == sorted(passage["id"] for passage in gold)
    assert list(question.gold_languages) == sorted(passage["language"] for passage in gold)
    assert not question.related


@pytest.mark.parametrize("question", answered(), ids=lambda question: question.id)
def test_gold_answer_stands_in_each_gold_passage(question: SampleQuestion) -> None:
    assert set(question.answers) == {question.language, *question.gold_languages}
    assert all(aliases and all(aliases) for aliases in question.answers.values())
    for passage in map(BY_ID.__getitem__, question.gold):
        aliases = question.answers[parse_language(passage["language"])]
        assert any(alias in passage["text"] for alias in aliases)


def test_kind_tells_whether_the_asker_could_have_read_it_at_home() -> None:
    for question in QUESTIONS:
        at_home = question.language in question.gold_languages
        assert question.kind != "own" or at_home, question.id
        assert question.kind != "other" or not at_home, question.id


def test_conflicting_passages_give_different_answers() -> None:
    conflicts = [question for question in QUESTIONS if question.kind == "conflict"]
    assert len({question.fact for question in conflicts}) >= 6
    for question in conflicts:
        given = {
            re.sub(r"\D", "", alias)
            for passage in map(BY_ID.__getitem__, question.gold)
            for alias in question.answers[parse_language(passage["language"])]
            if alias in passage["text"]
        }
        assert len(given) >= 2, question.id


def test_nowhere_questions_are_half_about_subjects_that_are_there() -> None:
    nowhere = [question for question in QUESTIONS if question.kind == "nowhere"]
    for question in nowhere:
        assert (question.fact, question.gold, question.answers) == (None, (), {})
        assert all(passage in BY_ID for passage in question.related)
    assert sum(bool(question.related) for question in nowhere) * 2 == len(nowhere)


def test_nothing_is_a_template_with_holes() -> None:
    """Two texts alike but for their names and numbers would share most of their characters."""
    texts = [(p["language"], p["text"]) for p in PASSAGES]
    texts += [(str(q.language), q.question) for q in QUESTIONS]
    for (language, one), (other_language, two) in combinations(texts, 2):
        if language == other_language:
            matcher = SequenceMatcher(None, one, two, autojunk=False)
            alike = matcher.quick_ratio() > 0.85 and matcher.ratio() > 0.85
            assert not alike, (one, two)

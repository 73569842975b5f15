"""Worlds of facts: what they tell, what they ask, and how their splits are kept apart."""

import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import replace

import pytest
from facts_worlds import DE, EN, FR, JA, RU, shipped_facts, small_world

from crosearch.tools.errors import UsageError
from crosearch.tools.languages import Language
from crosearch.training.facts import World, WorldQuestion, WorldSettings, build_world
from crosearch.training.facts_draw import draw, pick, shuffled
from crosearch.training.facts_relations import RELATIONS
from crosearch.training.facts_split import PARTS, split_facts
from crosearch.training.facts_world import SPLITS, Split


def every_question(world: World) -> list[WorldQuestion]:
    return [question for split in SPLITS for question in world.questions[split]]


def texts(world: World) -> dict[str, str]:
    return {passage.id: passage.text for passage in world.passages}


def test_draws_are_even_and_the_same_everywhere() -> None:
    assert draw(0, "kind", "Q64.P36") == 0.21511810219337513
    drawn = [draw("even", number) for number in range(2000)]
    assert 0 <= min(drawn) < 0.01 and 0.99 < max(drawn) < 1
    counts = Counter(pick("abc", 7, number) for number in range(3000))
    assert min(counts.values()) > 900
    assert shuffled("abcdef", 1) == shuffled("fedcba", 1) != shuffled("abcdef", 2)


def test_equal_settings_make_equal_worlds_and_another_seed_another() -> None:
    settings = small_world().settings
    assert build_world(shipped_facts(), settings).fingerprint == small_world().fingerprint
    assert small_world(seed=1).fingerprint != small_world().fingerprint


def test_a_world_is_the_same_whatever_python_hashes_by() -> None:
    code = (
        "import sys; sys.path.insert(0, 'tests')\n"
        "from facts_worlds import small_world\n"
        "sys.stdout.write(small_world(subjects=20).fingerprint)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONHASHSEED": "12345", "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout == small_world(subjects=20).fingerprint


def test_the_first_questions_of_a_split_are_of_all_relations_and_a_facts_stand_together() -> None:
    asked = small_world().questions["train"]
    relations = [question.relation for question in asked]
    assert len(set(relations[: len(asked) // 4])) > len(set(relations)) * 0.7
    facts = [question.fact for question in asked]
    begins = [fact for before, fact in zip([None, *facts], facts, strict=False) if fact != before]
    assert len(begins) == len(set(begins))


def test_a_question_is_of_the_kind_that_its_passages_make_it() -> None:
    world = small_world()
    told = texts(world)
    kinds = Counter[str]()
    for question in every_question(world):
        kinds[question.kind] += 1
        telling = {code for code in world.settings.languages if f"{question.fact}.{code}" in told}
        assert telling == {*question.told_in, *question.disputed_in}
        for code in question.told_in:
            assert question.answers[code][0] in told[f"{question.fact}.{code}"]
        for code in question.disputed_in:
            assert question.answers[code][0] not in told[f"{question.fact}.{code}"]
        if question.kind == "nowhere":
            assert not telling
        elif question.kind == "conflict":
            assert len(question.told_in) > len(question.disputed_in) > 0
        else:
            assert not question.disputed_in
            assert (question.kind == "own") == (question.language in question.told_in)
    assert set(kinds) == {"own", "other", "conflict", "nowhere"}


def test_shares_are_about_what_was_asked_for() -> None:
    world = small_world(subjects=2000)
    facts = {question.fact: question for question in every_question(world)}.values()
    told = [fact for fact in facts if fact.kind in ("own", "other")]
    assert sum(len(fact.told_in) for fact in told) / len(told) == pytest.approx(2.0, abs=0.1)
    shares = Counter(fact.kind for fact in facts)
    assert shares["nowhere"] / len(facts) == pytest.approx(0.1, abs=0.03)
    assert shares["conflict"] / len(facts) == pytest.approx(0.1, abs=0.03)


def test_a_fact_is_asked_for_in_every_language_that_has_names_for_it() -> None:
    by_fact: defaultdict[str, list[WorldQuestion]] = defaultdict(list)
    for question in every_question(small_world()):
        by_fact[question.fact].append(question)
    for questions in by_fact.values():
        asked = {question.language: question.question for question in questions}
        assert len(asked) == len(questions) >= 4
        for question in questions:
            assert question.id == f"{question.fact}.{question.language}"
            assert {question.language: question.question} | dict(question.translations) == asked
            assert set(question.answers) == set(asked)


def subjects(questions: Iterable[WorldQuestion]) -> set[str]:
    return {question.fact.split(".")[0] for question in questions}


def answers(questions: Iterable[WorldQuestion]) -> set[tuple[str, str]]:
    return {
        (question.relation, question.answers[EN][0])
        for question in questions
        if RELATIONS[question.relation].objects_apart and EN in question.answers
    }


def test_no_split_shares_a_subject_with_another() -> None:
    world = small_world(subjects=5000, held_out_languages=(JA,), held_out_relations=("P740",))
    found = {split: subjects(world.questions[split]) for split in SPLITS}
    assert all(found.values())
    for split in ("validation", "test", "new-languages", "new-relations"):
        assert not found["train"] & found[split]
    assert not found["validation"] & found["test"]
    assert not found["new-languages"] & (found["validation"] | found["test"])


def test_no_split_shares_an_object_where_there_are_enough_of_them() -> None:
    parts = split_facts(shipped_facts())
    objects: defaultdict[str, set[str]] = defaultdict(set)
    for fact, part in parts.items():
        if RELATIONS[fact.relation].objects_apart:
            labels = shipped_facts().labels[fact.object]
            objects[part].add(labels.get(EN, fact.object).casefold())
    for index, part in enumerate(PARTS):
        assert objects[part]
        for other in PARTS[index + 1 :]:
            assert not objects[part] & objects[other]


def test_neither_seed_nor_settings_move_a_subject() -> None:
    train = subjects(small_world(seed=3, subjects=5000).questions["train"])
    held: list[Split] = ["validation", "test", "new-languages"]
    for seed in (0, 4):
        world = small_world(seed=seed, held_out_languages=(FR,), held_out_relations=("P36",))
        assert not train & {item for split in held for item in subjects(world.questions[split])}


def test_a_language_held_out_is_asked_and_told_only_of_facts_of_its_own() -> None:
    world = small_world(subjects=1000, held_out_languages=(JA, RU))
    for split in ("train", "validation", "test"):
        for question in world.questions[split]:
            languages = {question.language, *question.translations, *question.told_in}
            assert not languages & {JA, RU}
    new = world.questions["new-languages"]
    assert {question.language for question in new} == {JA, RU}
    assert {code for question in new for code in question.told_in} > {JA, RU}


def test_a_relation_held_out_is_asked_for_only_in_its_own_split() -> None:
    world = small_world(subjects=5000, held_out_relations=("P36", "P740"))
    for split in SPLITS:
        relations = {question.relation for question in world.questions[split]}
        assert relations.isdisjoint({"P36", "P740"}) == (split != "new-relations")


def test_without_languages_held_out_their_subjects_are_tested() -> None:
    assert not small_world().questions["new-languages"]
    held_out = small_world(subjects=5000, held_out_languages=(JA,))
    new = subjects(held_out.questions["new-languages"])
    assert new <= subjects(small_world(subjects=5000).questions["test"])


def test_a_shuffled_world_makes_up_what_it_tells_of_training_subjects() -> None:
    made_up, true = small_world(subjects=5000, shuffled=True), small_world(subjects=5000)
    assert [split for split in SPLITS if made_up.questions[split]] == ["train"]
    told = {question.id: question.answers for question in made_up.questions["train"]}
    known = {question.id: question.answers for question in true.questions["train"]}
    assert told.keys() <= known.keys()
    same = sum(told[name] == known[name] for name in told)
    assert same < len(told) / 5
    assert answers(made_up.questions["train"]) <= answers(true.questions["train"])
    assert not answers(made_up.questions["train"]) & answers(true.questions["test"])
    assert small_world(shuffled=True, seed=1).questions != small_world(shuffled=True).questions


def test_subjects_are_as_many_as_asked_for() -> None:
    world = small_world(subjects=50)
    assert len(subjects(every_question(world))) == 50


SETTINGS = WorldSettings(languages=(DE, EN, FR), told_in=2.0)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"languages": ()}, "languages are none"),
        ({"languages": (DE, DE)}, "give each once"),
        ({"languages": (DE, Language("sw"))}, "no phrasings in 'sw'"),
        ({"relations": ("P530",)}, "unknown relation 'P530'"),
        ({"held_out_languages": (JA,)}, "'ja' is held out, and is none of the world's"),
        ({"held_out_languages": (DE, EN, FR)}, "at least one language has to be left"),
        ({"held_out_relations": tuple(RELATIONS)}, "at least one relation has to be left"),
        ({"told_in": 0.5}, "give 1 to 3"),
        ({"told_in": float("nan")}, "give 1 to 3"),
        ({"told_in": 4.0}, "give 1 to 3"),
        ({"nowhere_share": -0.1}, "nowhere share is -0.1: give 0 to 1"),
        ({"conflict_share": 0.6, "nowhere_share": 0.6}, "more than 1 together"),
        ({"held_out_languages": (DE,)}, "set the conflict share to 0"),
        ({"subjects": 0}, "give 1 or more"),
    ],
)
def test_what_no_world_can_be_is_refused(change: dict[str, object], told: str) -> None:
    with pytest.raises(UsageError) as caught:
        replace(SETTINGS, **change)  # type: ignore[arg-type]  # wrong values are the point
    assert told in str(caught.value)


def test_settings_that_leave_nothing_to_train_on_are_told() -> None:
    settings = replace(SETTINGS, relations=("P36",), subjects=1, seed=2)
    worlds = [replace(settings, seed=seed) for seed in range(20)]
    with pytest.raises(UsageError, match="no fact is left to train on"):
        for drawn in worlds:
            build_world(shipped_facts(), drawn)

"""Which pairs make a batch: one language or two, small languages too, and no false negatives."""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from retriever_pairs import DE, EN, FR, LANGUAGES, RU, pair_set, parallels, question, questions

from crosearch.tools.errors import UsageError
from crosearch.tools.languages import Language
from crosearch.training.batch_index import text_key
from crosearch.training.batches import BatchKind, Pair, PairBatches
from crosearch.training.pair_records import PairRecord, PairSet

KINDS: tuple[BatchKind, ...] = ("monolingual", "cross-lingual", "hybrid")


def batches(
    *sets: PairSet,
    kind: BatchKind = "hybrid",
    cross_share: float = 0.5,
    temperature: float = 2.0,
    batch: int = 8,
    seed: int = 0,
    languages: Sequence[Language] = (),
    negatives: int = 0,
) -> PairBatches:
    return PairBatches(
        sets,
        kind=kind,
        cross_share=cross_share,
        temperature=temperature,
        batch=batch,
        seed=seed,
        languages=languages,
        negatives=negatives,
    )


def languages_of(drawn: Sequence[Pair]) -> tuple[Language, Language]:
    """Return the languages of a batch's queries and passages: one of each."""
    ((x, y),) = {(pair.query_language, pair.passage_language) for pair in drawn}
    return x, y


def test_a_monolingual_batch_is_in_one_language() -> None:
    drawn = [batches(questions(20), kind="monolingual").draw(step) for step in range(30)]
    assert {languages_of(one) for one in drawn} == {(one, one) for one in LANGUAGES}
    assert all(len(one) == 8 for one in drawn)


def test_a_cross_lingual_batch_asks_in_one_language_and_finds_in_another() -> None:
    drawn = [batches(questions(20), kind="cross-lingual").draw(step) for step in range(60)]
    assert {languages_of(one) for one in drawn} == {
        (x, y) for x in LANGUAGES for y in LANGUAGES if x != y
    }


def test_a_pair_is_of_the_languages_it_says() -> None:
    for pair in batches(questions(20)).draw(3):
        assert pair.query in pair.record.query[pair.query_language]
        assert pair.passage in pair.record.passage[pair.passage_language]


@pytest.mark.parametrize("share", [0.25, 0.75])
def test_a_hybrid_mixes_both_kinds_of_batches_by_its_share(share: float) -> None:
    mixed = batches(questions(20), cross_share=share)
    cross = sum(x != y for x, y in (languages_of(mixed.draw(step)) for step in range(600)))
    assert abs(cross / 600 - share) < 0.06
    assert sum(one.share for one in mixed.sources if one.is_cross) == pytest.approx(share)


def test_a_hybrid_of_one_kind_alone_is_that_kind() -> None:
    assert all(one.is_cross for one in batches(questions(20), cross_share=1).sources)
    assert not any(one.is_cross for one in batches(questions(20), cross_share=0).sources)


def test_a_step_draws_the_same_batch_whatever_was_drawn_before() -> None:
    unbroken = [batches(questions(40)).draw(step) for step in range(10)]
    resumed = batches(questions(40))
    assert [resumed.draw(step) for step in range(5, 10)] == unbroken[5:]
    assert all(before != after for before, after in pairwise(unbroken))
    assert batches(questions(40), seed=1).draw(0) != unbroken[0]


def test_temperature_shows_small_languages_more_often_than_their_share() -> None:
    large = [question(number, [EN]) for number in range(90)]
    both = pair_set([*large, *(question(number, [DE]) for number in range(100, 110))])

    def share(temperature: float) -> float:
        drawn = batches(both, kind="monolingual", temperature=temperature)
        return next(one.share for one in drawn.sources if one.query_language == DE)

    assert share(1) == pytest.approx(0.1)
    assert share(2) == pytest.approx(0.25)
    assert share(1000) == pytest.approx(0.5, abs=0.01)


def test_weights_say_how_often_a_file_is_drawn_from_however_large_it_is() -> None:
    heavy = pair_set((question(n) for n in range(10)), name="heavy", weight=3)
    light = pair_set((question(n) for n in range(200)), name="light", weight=1)
    shares: Counter[str] = Counter()
    for one in batches(heavy, light).sources:
        shares[one.index.pairs.name] += one.share  # type: ignore[assignment]  # Counters add floats
    assert shares == pytest.approx({"heavy": 0.75, "light": 0.25})


def test_parallel_texts_serve_the_cross_lingual_batches_of_a_hybrid() -> None:
    mixed = batches(questions(20), parallels(20))
    names = {(one.index.pairs.name, one.is_cross) for one in mixed.sources}
    assert names == {("questions", False), ("questions", True), ("parallel", True)}


def test_synonyms_make_monolingual_pairs_of_two_different_texts() -> None:
    records = []
    for number in range(10):
        texts = {
            EN: (f"car {number}", f"auto {number}", f"Car  {number}"),
            DE: (f"Wagen {number}",),
        }
        records.append(PairRecord(id=str(number), query=texts, passage=texts))
    drawn = batches(pair_set(records, kind="terms"), kind="monolingual")
    for step in range(20):
        assert all(text_key(pair.query) != text_key(pair.passage) for pair in drawn.draw(step))


def test_only_the_languages_that_are_wanted_are_drawn() -> None:
    drawn = batches(questions(20), languages=[EN, DE])
    assert {languages_of(drawn.draw(step)) for step in range(60)} == {
        (EN, EN),
        (DE, DE),
        (EN, DE),
        (DE, EN),
    }


@pytest.mark.parametrize("kind", KINDS)
def test_records_with_an_equal_text_are_in_no_batch_together(kind: BatchKind) -> None:
    # Three questions on one passage, of which the English wording alone is the same.
    records = [
        PairRecord(
            id=f"{number}-{which}",
            query={one: (f"{one} question {which} of {number}",) for one in LANGUAGES},
            passage={
                EN: (f"Passage  {number}" if which else f"passage {number}",),
                DE: (f"Absatz {number}, {which}",),
                FR: (f"alinéa {number}, {which}",),
            },
        )
        for number in range(8)
        for which in range(3)
    ]
    drawn = batches(pair_set(records), kind=kind)
    for step in range(40):
        numbers = [pair.record.id.split("-")[0] for pair in drawn.draw(step)]
        assert len(numbers) == len(set(numbers)) == 8


def test_a_record_s_own_negatives_go_with_it_unless_they_answer_in_the_batch() -> None:
    def with_negatives(number: int) -> PairRecord:
        after = question((number + 1) % 8).passage[DE][0]
        own = question(number).passage[FR][0]
        return question(number, negatives={DE: (after, own, f"weit weg {number}", "fern")})

    drawn = batches(
        pair_set(map(with_negatives, range(8))), kind="cross-lingual", negatives=2, batch=8
    )
    seen = [pair for step in range(40) for pair in drawn.draw(step)]
    german = [pair for pair in seen if pair.passage_language == DE]
    assert german
    for pair in german:
        assert pair.negatives == (f"weit weg {pair.record.id[1:]}", "fern")
    assert all(not pair.negatives for pair in seen if pair.passage_language != DE)


def test_a_negative_is_of_use_where_the_record_that_it_answers_is_not_in_the_batch() -> None:
    records = [question(n, negatives={EN: question((n + 1) % 9).passage[EN]}) for n in range(9)]
    drawn = batches(pair_set(records), kind="monolingual", negatives=1, batch=2, languages=[EN])
    for step in range(30):
        pairs = drawn.draw(step)
        passages = {pair.passage for pair in pairs}
        assert all(passages.isdisjoint(pair.negatives) for pair in pairs)
    assert any(pair.negatives for step in range(30) for pair in drawn.draw(step))


def test_a_batch_is_smaller_where_too_many_records_share_texts() -> None:
    name = "all of them"
    shared = [
        PairRecord(
            id=str(number),
            query={EN: (f"question {number}", name) if number < 6 else (f"question {number}",)},
            passage={EN: (f"passage {number}",)},
        )
        for number in range(10)
    ]
    assert len(batches(pair_set(shared), kind="monolingual").draw(0)) == 5


texts = st.text("ab", min_size=1, max_size=2)
sides = st.dictionaries(
    st.sampled_from([EN, DE, FR]), st.lists(texts, min_size=1, max_size=2).map(tuple)
)


@given(st.lists(st.tuples(sides, sides, sides), min_size=4, max_size=30), st.sampled_from(KINDS))
@settings(max_examples=60, deadline=None)
def test_no_batch_has_a_false_negative_whatever_the_records(
    drawn: list[tuple[dict[Language, tuple[str, ...]], ...]], kind: BatchKind
) -> None:
    records = [
        PairRecord(id=str(number), query=query, passage=passage, negatives=negatives)
        for number, (query, passage, negatives) in enumerate(drawn)
    ]
    try:
        made = batches(pair_set(records), kind=kind, batch=2, negatives=3)
    except UsageError:
        return
    for step in range(5):
        pairs = made.draw(step)
        known = [
            {
                text_key(text)
                for side in (one.record.query, one.record.passage)
                for wordings in side.values()
                for text in wordings
            }
            for one in pairs
        ]
        assert sum(map(len, known)) == len(set().union(*known))
        for pair in pairs:
            assert not {text_key(text) for text in pair.negatives} & set().union(*known)


def test_one_language_alone_cannot_be_cross_lingual() -> None:
    with pytest.raises(
        UsageError, match=r"questions\.jsonl has no pairs in two languages.*en"
    ) as error:
        batches(questions(20, [EN]), kind="cross-lingual")
    assert "monolingual" in str(error.value)
    with pytest.raises(UsageError, match="nothing fills the cross-lingual half"):
        batches(questions(20, [EN]), kind="hybrid")
    assert batches(questions(20, [EN]), kind="monolingual").draw(0)


def test_translations_alone_cannot_be_monolingual() -> None:
    with pytest.raises(UsageError, match=r"parallel\.jsonl has no pairs for monolingual batches"):
        batches(parallels(20), kind="monolingual")
    with pytest.raises(UsageError, match="nothing fills the monolingual half"):
        batches(parallels(20), kind="hybrid")


def test_a_batch_that_a_language_cannot_fill_is_refused_with_the_languages() -> None:
    small = [question(number, [RU]) for number in range(100, 105)]
    records = pair_set([*(question(number) for number in range(20)), *small])
    with pytest.raises(UsageError, match=r"ru has 5 that share no text.*batches of 5 or fewer"):
        batches(records, kind="monolingual")
    assert batches(records, kind="monolingual", batch=5)
    assert batches(records, kind="monolingual", languages=LANGUAGES)


def test_a_batch_needs_that_many_different_passages() -> None:
    records = pair_set(
        PairRecord(id=str(n), query={EN: (f"question {n}",)}, passage={EN: (f"passage {n % 5}",)})
        for n in range(50)
    )
    with pytest.raises(UsageError, match="en has 5"):
        batches(records, kind="monolingual")


def test_a_file_that_never_fills_a_batch_is_told() -> None:
    with pytest.raises(UsageError, match=r"small\.jsonl never fills a batch of 8 pairs: it has 3"):
        batches(questions(20), questions(3, name="small"))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"cross_share": 1.5}, "share is 1.5"),
        ({"temperature": 0}, "temperature of languages is 0"),
        ({"batch": 1}, "a batch of 1"),
    ],
)
def test_a_number_out_of_range_is_refused(settings: dict[str, float], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        batches(questions(20), **settings)  # type: ignore[arg-type]  # numbers, by name

"""Ways of retrieval are compared on one data set; what was run once is not run again."""

import asyncio
import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from retrieval_samples import DE, EN, FR, TEXTS, small_dataset

from crosearch.evals.dataset_types import EvalDataset, EvalDocument, EvalQuestion
from crosearch.evals.retrieval import Plan, RetrievalProgress, evaluate_retrieval
from crosearch.evals.retrieval_data import draw_questions, prepare_data
from crosearch.evals.retrieval_figures import RetrievalComparison, SettingFigures
from crosearch.evals.retrieval_report import markdown_report, pair_rows, write_report
from crosearch.evals.retrieval_store import fill_store, rank_by_search, rank_by_signals
from crosearch.evals.retrieval_systems import BUILT_IN, Systems
from crosearch.evals.retrieval_topics import SETTINGS, Setting, list_pools, list_topics
from crosearch.tools import static_embedder
from crosearch.tools.default_signals import default_signals
from crosearch.tools.embedder import load_embedder
from crosearch.tools.errors import CroSearchError, DocumentError, UsageError
from crosearch.tools.languages import Language
from crosearch.tools.lexicon import load_lexicon
from crosearch.tools.search import HybridRetriever
from crosearch.tools.signals import Query, Reranker

ALL: tuple[Setting, ...] = SETTINGS
PLAN = Plan(systems=["dense", "hybrid"], settings=ALL, ks=(1, 5))


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Compare once."""
    folder = tmp_path_factory.mktemp("retrieval") / "comparison"
    evaluate_retrieval(small_dataset(), PLAN, folder)
    return folder


@pytest.fixture(scope="module")
def comparison(out: Path) -> RetrievalComparison:
    return evaluate_retrieval(small_dataset(), PLAN, out)


def figures(comparison: RetrievalComparison, system: str, setting: Setting) -> SettingFigures:
    (found,) = [one for one in comparison["systems"] if one["name"] == system]
    return found["settings"][setting]


def asked(
    fact: str, language: Language, gold: Sequence[str] = ("d",), name: str | None = None
) -> EvalQuestion:
    return replace(
        small_dataset().questions[0],
        id=name or fact,
        fact=fact,
        language=language,
        gold=dict.fromkeys(gold, 1),
    )


# What is asked of what


def test_each_setting_ranks_the_documents_that_belong_to_it() -> None:
    data = prepare_data(small_dataset())
    searched = {s: {p.name: p.searched for p in list_pools(data, s)} for s in ALL}
    assert searched["mono"] == {"de-de": (DE,), "en-en": (EN,), "fr-fr": (FR,)}
    assert searched["cross"] == {
        f"{one}-{other}": (other,) for one in (DE, EN, FR) for other in (DE, EN, FR) if one != other
    }
    assert searched["pool"] == {f"{one}-pool": (DE, EN, FR) for one in (DE, EN, FR)}
    assert searched["others"]["en-others"] == (DE, FR)
    (pool,) = [pool for pool in list_pools(data, "others") if pool.asked == EN]
    relevant = {topic.question.id: set(topic.relevant) for topic in list_topics(data, pool)}
    assert relevant["lake"] == {"lake.de", "lake.fr"}


def test_a_question_is_asked_only_where_something_answers_it() -> None:
    dataset = EvalDataset(
        name="apart",
        questions=[asked("one", EN, ["d.en"]), asked("two", EN, ["d.de", "gone.en"])],
        documents=[
            EvalDocument(id=f"d.{language}", language=language, text="-") for language in (DE, EN)
        ],
    )
    data = prepare_data(dataset)
    topics = {
        pool.name: [topic.question.id for topic in list_topics(data, pool)]
        for setting in ALL
        for pool in list_pools(data, setting)
    }
    assert topics == {
        "en-en": ["one"],
        "en-de": ["two"],
        "en-pool": ["one", "two"],
        "en-others": ["two"],
    }


def test_of_one_language_there_is_no_pool(tmp_path: Path) -> None:
    dataset = small_dataset([EN])
    assert list_pools(prepare_data(dataset), "pool") == []
    plan = Plan(systems=["dense"], settings=["cross", "pool"])
    with pytest.raises(UsageError, match="questions are in en, its documents in en"):
        evaluate_retrieval(dataset, plan, tmp_path / "out")
    found = evaluate_retrieval(dataset, replace(plan, settings=ALL), tmp_path / "out")
    assert list(found["systems"][0]["settings"]) == ["mono"]


def test_questions_without_a_gold_document_are_counted_and_left_out() -> None:
    dataset = small_dataset()
    lost = [asked("nowhere", EN, ["gone"]), asked("unknown", EN, [])]
    data = prepare_data(replace(dataset, questions=[*dataset.questions, *lost]))
    assert data.left_out == 2
    assert len(data.questions) == len(dataset.questions)


@pytest.mark.parametrize(
    ("dataset", "message"),
    [
        (replace(small_dataset(), documents=()), "'small' comes without documents"),
        (
            replace(small_dataset(), questions=[asked("q", EN, ["gone"])]),
            "none of the 1 questions of 'small' has a gold document",
        ),
    ],
)
def test_a_data_set_that_nothing_can_be_measured_on_is_refused(
    dataset: EvalDataset, message: str, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=message):
        evaluate_retrieval(dataset, Plan(systems=["dense"]), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_documents_of_one_id_are_refused() -> None:
    document = EvalDocument(id="d", language=EN, text="-")
    with pytest.raises(DocumentError, match="two documents have the id 'd'"):
        prepare_data(EvalDataset(name="x", questions=[], documents=[document, document]))


def test_a_sample_takes_parallel_questions_together() -> None:
    questions = [
        asked(f"fact {number}", language) for language in (DE, EN, FR) for number in range(20)
    ]
    drawn = draw_questions(questions, 10)
    facts = {question.fact for question in drawn}
    assert len(facts) == 3
    assert drawn == [question for question in questions if question.fact in facts]
    assert draw_questions(questions, 10) == drawn
    assert draw_questions(questions, 1_000) == questions
    assert len(draw_questions(questions, 1)) == 3  # Less than one fact is nothing to measure.


# Systems


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"systems": []}, "there is no system"),
        ({"systems": ["densest"]}, "the system 'densest' is unknown; known are dense, lexical"),
        ({"systems": ["dense", "dense"]}, "two systems are called 'dense'"),
        ({"settings": ["mono", "bi"]}, "the setting 'bi' is unknown; known are mono, cross, pool"),
        ({"settings": []}, "nothing to measure"),
        ({"ks": [10, 0]}, "k is 0"),
        ({"sample": 0}, "the sample is 0"),
    ],
)
def test_a_plan_that_cannot_be_is_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        replace(PLAN, **change)  # type: ignore[arg-type]  # That is what is tested.


def test_every_built_in_system_finds_the_answer_in_the_askers_language(tmp_path: Path) -> None:
    data = prepare_data(small_dataset())
    systems = Systems(data, load_embedder(), tmp_path / "store")
    for name in BUILT_IN:
        system = systems.open(name)
        for language in (DE, EN, FR):
            questions = [q for q in data.questions if q.language == language]
            rankings = list(system.rank(questions, [language], depth=3))
            first = [ranking[0][0] for ranking in rankings]
            assert first == [f"{question.fact}.{language}" for question in questions], name
            assert all(len(ranking) <= 3 for ranking in rankings)
            scores = [[score for _, score in ranking] for ranking in rankings]
            assert scores == [sorted(row, reverse=True) for row in scores]


def test_dense_ranks_by_the_cosine_of_question_and_document(tmp_path: Path) -> None:
    data, embedder = prepare_data(small_dataset()), load_embedder()
    documents = list(small_dataset().documents)
    vectors = embedder.encode_passages([document.text for document in documents])
    system = Systems(data, embedder, tmp_path / "store").open("dense")
    rankings = system.rank(data.questions, [DE, EN, FR], depth=5)
    for question, ranking in zip(data.questions, rankings, strict=True):
        cosines = vectors @ embedder.encode_queries([question.text])[0]
        best = np.argsort(-cosines)[:5]
        assert [name for name, _ in ranking] == [documents[place].id for place in best]
        assert [score for _, score in ranking] == pytest.approx(cosines[best].tolist())


def test_signals_rank_as_search_does_with_them(tmp_path: Path) -> None:
    """Passages are not read for it, and long documents of many passages count once."""
    long = EvalDocument(
        id="long.en", language=EN, text="\n\n".join([TEXTS["bread"][EN] * 20] * 8), title="Bread"
    )
    documents = [*small_dataset().documents, long]
    embedder, lexicon = load_embedder(), load_lexicon()
    corpus = fill_store(tmp_path / "store", documents, embedder)
    assert corpus.languages[EN] > len(TEXTS) + 1
    signals = [s for s in default_signals(corpus, lexicon) if not isinstance(s, Reranker)]
    retriever = HybridRetriever(corpus, signals=signals, lexicon=lexicon)
    for text, depth in (("Which bakers leave the dough to rise?", 3), ("Where is the lake?", 20)):
        vector = embedder.encode_queries([text])[0]
        query = Query(text=text, language=EN, vector=vector)
        ours = rank_by_signals(signals, query, [DE, EN, FR], depth)
        theirs = asyncio.run(rank_by_search(retriever, text, [DE, EN, FR], depth, EN))
        assert [name for name, _ in ours] == [name for name, _ in theirs]
        assert [score for _, score in ours] == pytest.approx([score for _, score in theirs])
        assert len({name for name, _ in ours}) == len(ours) == min(depth, len(theirs))


def test_documents_that_are_there_are_not_ingested_again(tmp_path: Path) -> None:
    embedder, documents = load_embedder(), list(small_dataset().documents)
    empty = EvalDocument(id="empty", language=EN, text=" ")
    before = fill_store(tmp_path, documents[:5], embedder)
    grown = fill_store(tmp_path, [*documents, empty], embedder)
    assert sum(grown.languages.values()) == len(documents) > sum(before.languages.values()) - 1
    fingerprint = grown.fingerprint
    assert fill_store(tmp_path, documents, embedder).fingerprint == fingerprint


# Figures


def test_figures_are_told_for_each_setting_and_pair(comparison: RetrievalComparison) -> None:
    mono = figures(comparison, "hybrid", "mono")
    assert mono["topics"] == 9
    assert mono["mean"]["nDCG@1"] == {"value": 1.0, "low": 1.0, "high": 1.0, "n": 3.0}
    cross = figures(comparison, "hybrid", "cross")
    assert cross["topics"] == 18 and len(cross["pools"]) == 6
    values = [one["AP"]["value"] for one in cross["pools"].values()]
    assert cross["mean"]["AP"]["value"] == pytest.approx(sum(values) / 6, abs=1e-3)
    pool = figures(comparison, "dense", "pool")["mean"]
    assert pool["own among relevant"]["value"] == 0.3333
    assert pool["R@5"]["value"] > pool["R@1"]["value"]
    assert pool["strong alignment"]["value"] <= pool["AP"]["value"]
    assert "own@1" not in figures(comparison, "dense", "others")["mean"]


def test_means_give_each_pair_the_same_weight(tmp_path: Path) -> None:
    """German questions are many and found, the one English one is not."""
    many = [asked(f"de {number}", DE, ["right.de"]) for number in range(9)]
    dataset = EvalDataset(
        name="uneven",
        questions=[*many, asked("en", EN, ["right.en"])],
        documents=[
            EvalDocument(id="right.de", language=DE, text=many[0].text),
            EvalDocument(id="right.en", language=EN, text="zzz"),
            EvalDocument(id="wrong.en", language=EN, text=many[0].text),
        ],
    )
    plan = Plan(systems=["dense"], settings=["mono"], ks=(1,))
    found = figures(evaluate_retrieval(dataset, plan, tmp_path / "out"), "dense", "mono")
    assert found["pools"]["de-de"]["R@1"]["value"] == 1
    assert found["pools"]["en-en"]["R@1"]["value"] == 0
    assert found["mean"]["R@1"]["value"] == 0.5


def test_systems_differ_by_as_much_as_their_means(comparison: RetrievalComparison) -> None:
    for one in comparison["differences"]:
        assert (one["one"], one["other"]) == ("hybrid", "dense")
        if one["figure"] in ("nDCG@5", "AP"):
            setting: Setting = one["setting"]  # type: ignore[assignment]  # JSON has no Literal.
            hybrid, dense = (
                figures(comparison, name, setting)["mean"][one["figure"]]["value"]
                for name in ("hybrid", "dense")
            )
            assert one["difference"]["value"] == pytest.approx(hybrid - dense, abs=2e-4)
    assert {one["setting"] for one in comparison["differences"]} == set(ALL)


# The folder


def test_runs_and_what_is_relevant_are_kept_as_trec_has_them(out: Path) -> None:
    runs = {path.name for path in (out / "runs").glob("*.run")}
    assert runs == {f"{name}.{setting}.run" for name in ("dense", "hybrid") for setting in ALL}
    first = (out / "runs" / "hybrid.mono.run").read_text(encoding="ascii").splitlines()[0].split()
    assert first[:4] == ["de-de/lighthouse", "Q0", "lighthouse.de", "1"] and first[5] == "hybrid"
    relevant = (out / "qrels" / "pool.qrels").read_text(encoding="ascii").splitlines()
    assert "en-pool/lake 0 lake.fr 1" in relevant and len(relevant) == 27
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["data_set"] == "small" and manifest["seed"] == 0
    assert manifest["settings"] == list(ALL)
    assert set(manifest["systems"]) == {"dense", "hybrid"}
    assert set(manifest["measured_by"]) == {"ir-measures", "pytrec-eval-terrier"}
    assert manifest["systems"]["hybrid"]["made_of"]["weights"]["pieces"] == 2.0


def test_a_further_system_costs_itself_alone(out: Path, comparison: RetrievalComparison) -> None:
    before = {path.name: path.stat().st_mtime_ns for path in (out / "runs").glob("*.run")}
    made: list[tuple[str, str]] = []

    def tell(progress: RetrievalProgress) -> None:
        made.append((progress.system, progress.setting))

    plan = replace(PLAN, systems=["dense", "hybrid", "lexical"])
    grown = evaluate_retrieval(small_dataset(), plan, out, progress=tell)
    assert {system for system, _ in made} == {"lexical"}
    after = {path.name: path.stat().st_mtime_ns for path in (out / "runs").glob("*.run")}
    assert before.items() <= after.items() and len(after) == len(before) + len(ALL)
    assert grown["systems"][:2] == comparison["systems"]


def test_an_evaluation_that_was_interrupted_goes_on(tmp_path: Path) -> None:
    plan = replace(PLAN, systems=["lexical"], settings=["mono", "cross"])
    made: list[RetrievalProgress] = []

    def interrupt(progress: RetrievalProgress) -> None:
        if progress.setting == "cross":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        evaluate_retrieval(small_dataset(), plan, tmp_path / "out", progress=interrupt)
    runs = sorted(path.name for path in (tmp_path / "out" / "runs").glob("*.run"))
    assert runs == ["lexical.mono.run"]
    found = evaluate_retrieval(small_dataset(), plan, tmp_path / "out", progress=made.append)
    assert {one.setting for one in made} == {"cross"}
    assert [one.done for one in made] == list(range(1, 19)) and made[-1].expected == 18
    whole = evaluate_retrieval(small_dataset(), plan, tmp_path / "anew")
    assert found == whole


def test_a_folder_of_another_evaluation_is_refused(out: Path, tmp_path: Path) -> None:
    kept = sorted(path.name for path in out.rglob("*"))
    dataset = small_dataset()
    others: list[tuple[EvalDataset, Plan, str]] = [
        (small_dataset(name="large"), PLAN, "data set small there, large here"),
        (small_dataset([DE, EN]), PLAN, "documents .* there, .* here"),
        (dataset, replace(PLAN, sample=3), "sample all there, 3 here"),
        (dataset, replace(PLAN, ks=(500,)), "documents in a ranking 100 there, 500 here"),
    ]
    for changed, plan, message in others:
        with pytest.raises(UsageError, match=f"holds another retrieval evaluation: .*{message}"):
            evaluate_retrieval(changed, plan, out)
    assert sorted(path.name for path in out.rglob("*")) == kept
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError, match="holds something else"):
        evaluate_retrieval(dataset, PLAN, tmp_path)


def test_a_system_that_is_made_otherwise_now_is_refused(tmp_path: Path) -> None:
    plan = replace(PLAN, systems=["lexical"], settings=["mono"])
    out = tmp_path / "out"
    evaluate_retrieval(small_dataset(), plan, out)
    path = out / "runs" / "lexical.json"
    note = json.loads(path.read_text(encoding="utf-8"))
    note["made_of"]["weights"]["lexical"] = 0.5
    path.write_text(json.dumps(note), encoding="utf-8")
    with pytest.raises(UsageError, match="runs of 'lexical' that were made otherwise: weights"):
        evaluate_retrieval(small_dataset(), replace(plan, settings=["mono", "cross"]), out)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("xx-xx/q Q0 lake.en 1 0.5 dense\n", "topics of 'xx-xx', which is not asked"),
        ("fr-fr/lake Q0 gone 9 0.5 dense\n", "the document 'gone' for 'fr-fr/lake'"),
        ("fr-fr/lake Q0 lake.fr\n", "is no line of a TREC run"),
    ],
)
def test_a_kept_run_that_was_changed_is_refused(line: str, message: str, tmp_path: Path) -> None:
    plan = replace(PLAN, systems=["dense"], settings=["mono"])
    evaluate_retrieval(small_dataset(), plan, tmp_path / "out")
    run = tmp_path / "out" / "runs" / "dense.mono.run"
    run.write_text(run.read_text(encoding="ascii") + line, encoding="ascii")
    with pytest.raises(DocumentError, match=message):
        evaluate_retrieval(small_dataset(), plan, tmp_path / "out")


def test_a_model_that_is_not_there_leaves_what_is_finished(tmp_path: Path) -> None:
    out = tmp_path / "out"
    plan = Plan(systems=["dense", str(tmp_path)], settings=["mono"])
    with pytest.raises(CroSearchError, match="no embedder"):
        evaluate_retrieval(small_dataset(), plan, out)
    assert (out / "runs" / "dense.mono.run").is_file()


def test_a_model_by_its_folder_is_called_by_its_last_name(tmp_path: Path) -> None:
    """Here it is the shipped embedder, so that it has to rank as `dense` does."""
    model = tmp_path / "home" / "my model"
    shutil.copytree(Path(static_embedder.__file__).parent / "data" / "embedder", model)
    plan = replace(PLAN, systems=["dense", str(model)], settings=["cross"])
    out = tmp_path / "out"
    found = evaluate_retrieval(small_dataset(), plan, out)
    dense, other = found["systems"]
    assert other["name"] == "my model" and other["settings"] == dense["settings"]
    write_report(found, out)
    files = [path for path in out.rglob("*") if path.suffix in (".json", ".md", ".run", ".qrels")]
    assert len(files) > 6
    assert not [path for path in files if "home" in path.read_text(encoding="utf-8")]


# The report


def test_a_report_tells_all_of_it(comparison: RetrievalComparison, tmp_path: Path) -> None:
    text = markdown_report(comparison)
    for words in (
        "# Retrieval on small",
        "9 questions on 3 facts, in de 3, en 3, fr 3; 12 documents, in de 4, en 4, fr 4",
        "0 questions are left out",
        "| system | nDCG@1 | nDCG@5 | R@1 | R@5 | RR | AP |",
        "## Documents of all other languages in one pool",
        "nDCG@1 of hybrid, askers down, documents across:",
        "strong alignment",
        "## Differences",
    ):
        assert words in text
    write_report(comparison, tmp_path)
    assert json.loads((tmp_path / "results.json").read_text(encoding="utf-8")) == comparison
    assert (tmp_path / "report.md").read_text(encoding="utf-8") == text


def test_the_table_of_pairs_has_the_askers_down(comparison: RetrievalComparison) -> None:
    header, *rows = pair_rows(comparison["systems"][1], "AP")
    assert header == ["", "de", "en", "fr"]
    assert [row[0] for row in rows] == ["de", "en", "fr"]
    cross = comparison["systems"][1]["settings"]["cross"]["pools"]
    assert rows[1][3] == f"{cross['en-fr']['AP']['value']:.3f}"
    mono = comparison["systems"][1]["settings"]["mono"]["pools"]
    assert rows[2][3] == f"{mono['fr-fr']['AP']['value']:.3f}"

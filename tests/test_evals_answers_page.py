"""The page shows the comparison's own numbers, needs nothing beside it, and is only ours."""

import base64
import hashlib
import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_training_viewer_pages import HOSTILE, Skeleton, spoiled
from viewer_samples import AR, EN, arabic_run, failed_run, lighthouse_run

from crosearch.evals.answer_rows import INDEXED, AnswerRow, Indexed
from crosearch.evals.answers_figures import FIGURES, AnswerComparison, EntryTitle, compare_rows
from crosearch.evals.answers_numbers import write_difference, write_p
from crosearch.evals.answers_page import make_page, write_page
from crosearch.evals.answers_page_charts import heat_maps
from crosearch.evals.answers_scatter import FRAME, Measured, scatter, ticks
from crosearch.evals.policies_bootstrap import Estimate
from crosearch.training.trajectories import Trajectory

TITLES = (
    EntryTitle(name="english", policy="extractive", strategy="english"),
    EntryTitle(name="everywhere", policy="extractive", strategy="everywhere"),
    EntryTitle(name="crosearch", policy="extractive", strategy="crosearch"),
)
LANGUAGES = (str(AR), "de", str(EN))
GOLDS = {(language, f"fact {number}"): ["1611"] for language in LANGUAGES for number in range(12)}
MANIFEST: dict[str, object] = {"data_set": "made", "seed": 0, "versions": {"crosearch": "0.1.0"}}
RIGHT = {"english": 0.3, "everywhere": 0.5, "crosearch": 0.9}


def made_rows(
    titles: Sequence[EntryTitle] = TITLES,
    *,
    indexed: Sequence[Indexed | None] = INDEXED,
    facts: int = 12,
    failed: bool = False,
    figures: Callable[[random.Random, EntryTitle], Mapping[str, float]] | None = None,
) -> list[AnswerRow]:
    """Make the rows of a whole comparison; the later an entry's strategy, the better it is."""
    drawn = random.Random(5)
    measured = figures or _figures
    return [
        AnswerRow(
            entry=title.name,
            key=f"{title.name}.{number}.{language}",
            question_id=f"fact {number}",
            question=f"When was it completed? {number} ({language})",
            fact=f"fact {number}",
            language=language,
            sample=0,
            indexed=indexed[number % len(indexed)],
            failed=failed,
            ending="answered",
            answer="1611",
            meaning="1611",
            cited=() if failed else (language, "en"),
            retrieved=() if failed else (language, "en", "en", "de"),
            figures={} if failed else measured(drawn, title),
        )
        for title in titles
        for number in range(facts)
        for language in LANGUAGES
    ]


def _figures(drawn: random.Random, title: EntryTitle) -> dict[str, float]:
    right = float(drawn.random() < RIGHT.get(title.name, 0.5))
    return {
        "cited_gold": right,
        "exact_match": float(drawn.random() < 0.4),
        "wrong_abstentions": 1 - right,
        "answered": right,
        "searches": drawn.choice([1.0, 2.0]),
        "turns": drawn.choice([2.0, 3.0]),
        "seconds": drawn.random(),
        "read_tokens": 1_000.0 + drawn.randrange(9_000),
        "generated_tokens": float(drawn.randrange(90)),
    }


def compared(rows: Sequence[AnswerRow], titles: Sequence[EntryTitle] = TITLES) -> AnswerComparison:
    return compare_rows("made", titles, rows, resamples=200)


def read_run(key: str) -> Trajectory:
    return arabic_run() if key.endswith(f".{AR}") else lighthouse_run()


def page_of(rows: Sequence[AnswerRow], titles: Sequence[EntryTitle] = TITLES) -> str:
    return make_page(
        compared(rows, titles), rows, golds=GOLDS, read_run=read_run, manifest=MANIFEST
    )


@dataclass
class Table:
    """A table of a page: what its cells say, without intervals and without what is only heard."""

    caption: str = ""
    rows: list[list[str]] = field(default_factory=list[list[str]])
    small: list[list[str]] = field(default_factory=list[list[str]])
    """What is written small in the same cells: intervals."""
    scopes: set[str] = field(default_factory=set[str])


class Tables(HTMLParser):
    """Reads a page's tables."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tables: list[Table] = []
        self._open: list[tuple[str, str]] = []
        self.feed(page)

    def of(self, caption: str) -> list[Table]:
        found = [table for table in self.tables if caption in table.caption]
        assert found, f"no table {caption!r} among {[table.caption for table in self.tables]}"
        return found

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("col", "meta", "rect", "circle", "line") or tag == "br":
            return
        given = dict(attrs)
        self._open.append((tag, given.get("class") or ""))
        if tag == "table":
            self.tables.append(Table())
        elif tag == "tr":
            self.tables[-1].rows.append([])
            self.tables[-1].small.append([])
        elif tag in ("td", "th"):
            self.tables[-1].rows[-1].append("")
            self.tables[-1].small[-1].append("")
            if tag == "th":
                self.tables[-1].scopes.add(given.get("scope") or "none")

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open[-1][0] != tag and tag not in ("rect", "circle", "line"):
            self._open.pop()
        if self._open and self._open[-1][0] == tag:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        tags = [tag for tag, _ in self._open]
        if "table" not in tags or any("unheard" in css or "mark" in css for _, css in self._open):
            return
        table = self.tables[-1]
        if "caption" in tags:
            table.caption += data
        elif ("td" in tags or "th" in tags) and table.rows and "star" not in self._open[-1][1]:
            kept = table.small if "small" in tags else table.rows
            kept[-1][-1] = (kept[-1][-1] + data).strip()


def written(estimate: Estimate, digits: int = 3) -> str:
    return f"{estimate['value']:,.{digits}f}"


def test_the_headline_tables_hold_the_figures_of_each_part_with_their_intervals() -> None:
    rows = made_rows()
    comparison, tables = compared(rows), Tables(page_of(rows))
    for part, caption in (("own", "language is in the index"), ("others", "is not in the index")):
        table = tables.of(caption)[0]
        names = [name.replace(" ", "_") for name in table.rows[0][1:-1]]
        assert names[:2] == ["cited_gold", "exact_match"]
        for entry, cells, small in zip(
            comparison["entries"], table.rows[1:], table.small[1:], strict=True
        ):
            estimates = entry["indexed"][part]
            assert cells == [entry["name"], *(written(estimates[name]) for name in names), "18"]
            assert small[1:-1] == [
                f"{estimates[name]['low']:.3f}–{estimates[name]['high']:.3f}" for name in names
            ]


def test_the_last_table_holds_every_figure_of_every_entry_and_says_what_it_means() -> None:
    rows = made_rows()
    comparison = compared(rows)
    (table,) = Tables(page_of(rows)).of("Every figure")
    names = [row[0].replace(" ", "_") for row in table.rows[1:]]
    assert names == [name for name in FIGURES if name in comparison["entries"][0]["all"]]
    for name, cells, small in zip(names, table.rows[1:], table.small[1:], strict=True):
        digits = {"read_tokens": 0, "generated_tokens": 0, "searches": 2, "turns": 2, "seconds": 2}
        assert cells[1:] == [
            written(entry["all"][name], digits.get(name, 3)) for entry in comparison["entries"]
        ]
        assert small[0] == FIGURES[name]


def test_each_language_shows_each_entry_with_a_bar_as_long_as_its_number() -> None:
    rows = made_rows()
    comparison, page = compared(rows), page_of(rows)
    tables = Tables(page)
    for code, name in zip(LANGUAGES, ("Arabic", "German", "English"), strict=True):
        (table,) = tables.of(name)
        assert "12 questions" in table.caption
        shown = {row[0]: row[-1] for row in table.rows[1:]}
        assert shown == {
            entry["name"]: written(entry["languages"][code]["cited_gold"])
            for entry in comparison["entries"]
        }
    widths = re.findall(r'class="amount"[^>]*width="([0-9.]+)%"', page)
    assert sorted(map(float, widths)) == sorted(
        round(100 * entry["languages"][code]["cited_gold"]["value"], 2)
        for entry in comparison["entries"]
        for code in LANGUAGES
    )


def test_heat_maps_hold_the_shares_of_evidence_and_outline_the_askers_own_language() -> None:
    rows = made_rows()
    tables = Tables(page_of(rows)).of("Cited evidence")
    assert len(tables) == len(TITLES)
    assert tables[0].rows[0] == ["", "ar", "de", "en", ""]
    assert tables[0].rows[1:] == [
        ["ar", "50", "0", "50", "24"],
        ["de", "0", "50", "50", "24"],
        ["en", "0", "0", "100", "24"],
    ]
    cited, retrieved = heat_maps(compared(rows)["entries"][-1])
    assert [[cell.own for cell in cells] for _, cells, _ in cited.rows] == [
        [True, False, False],
        [False, True, False],
        [False, False, True],
    ]
    assert [cell.shade for cell in retrieved.rows[0][1]] == [2, 2, 5]


def test_differences_are_told_with_their_intervals_and_both_p_values() -> None:
    rows = made_rows()
    tables = Tables(page_of(rows))
    shown = {
        (table.caption, group, *row[:2]): [*row[2:4], *row[5:]]
        for table in tables.tables
        if "language is" in table.caption and table.rows[0][1] == "against"
        for group, row in grouped(table.rows[1:])
    }
    parts = {"own": "The asker's language is in the index"}
    parts["others"] = "The asker's language is not in the index"
    told = [row for row in compared(rows)["differences"] if row["indexed"]]
    assert len(shown) == len(told)
    for row in told:
        figure, difference = row["figure"], row["difference"]
        key = (parts[row["indexed"]], figure.replace("_", " "), row["one"], row["other"])
        low, high = (write_difference(difference[end], figure) for end in ("low", "high"))
        assert shown[key] == [
            write_difference(difference["value"], figure),
            f"{low} to {high}",
            write_p(row["p"]),
            write_p(row["p_holm"]),
        ]


def grouped(rows: Sequence[Sequence[str]]) -> list[tuple[str, Sequence[str]]]:
    """Put the name of a group's row before each row of it."""
    group, told = "", list[tuple[str, Sequence[str]]]()
    for row in rows:
        if len(row) == 1:
            group = row[0]
        else:
            told.append((group, row))
    return told


def test_what_is_significantly_worse_than_the_main_entry_is_marked_and_told() -> None:
    def perfect_or_not(drawn: random.Random, title: EntryTitle) -> dict[str, float]:
        good = float(title.name != "english")
        return {"cited_gold": good, "wrong_abstentions": 1 - good}

    page = page_of(made_rows(figures=perfect_or_not, indexed=[None]))
    assert page.count("significantly worse than crosearch: −1.000, p ") == 4
    assert page.count("significantly worse than crosearch: +1.000, p ") == 2
    assert "significantly better than crosearch:" not in page
    assert "no significant difference" in page


def test_runs_are_told_apart_by_the_index_only_where_there_are_both_parts() -> None:
    captions = [table.caption for table in Tables(page_of(made_rows(indexed=[None]))).tables]
    assert not [caption for caption in captions if "in the index" in caption]
    assert [caption for caption in captions if caption == "All runs"]


def test_examples_show_both_runs_turn_by_turn() -> None:
    page = page_of(made_rows())
    text = " ".join(Skeleton(page).text.split())
    assert "Where crosearch does better" in text
    assert "Gold answer: 1611" in text
    assert text.count("✓ cites a gold document") == text.count("✕ cites no gold document") > 3
    assert "Told in French." in text and "phare de Cordouan" in text
    assert "fr 1 found de 1 found" in text
    assert "Il fut achevé en 1611." in text and "It was completed in 1611." in text
    assert "no action in 'hm'" in text
    assert '<p class="text" dir="auto" lang="fr">Il fut achevé' in page
    assert 'lang="ar">يضم الأرشيف' in page


def test_a_run_that_the_machine_failed_can_be_shown() -> None:
    rows = made_rows()
    page = make_page(compared(rows), rows, golds={}, read_run=lambda key: failed_run(), manifest={})
    assert "no answer in 10 s" in page


def test_what_a_run_cannot_be_read_for_is_told() -> None:
    def lost(key: str) -> Trajectory:
        raise LookupError(key)

    rows = made_rows()
    with pytest.raises(LookupError, match=r"crosearch\."):
        make_page(compared(rows), rows, golds={}, read_run=lost, manifest={})


def test_the_page_needs_nothing_beside_it_and_runs_nothing(tmp_path: Path) -> None:
    rows = made_rows()
    path = tmp_path / "report.html"
    write_page(path, compared(rows), rows, golds=GOLDS, read_run=read_run, manifest=MANIFEST)
    assert [file.name for file in tmp_path.iterdir()] == ["report.html"]
    page = path.read_text(encoding="utf-8")
    skeleton = Skeleton(page)
    targets = {value for name, value in skeleton.attributes if name == "id"}
    assert skeleton.links and {link[:1] for link in skeleton.links} == {"#"}
    assert {link[1:] for link in skeleton.links} <= targets
    assert not {tag for tag, _ in skeleton.elements} & {"link", "script", "img", "iframe", "object"}
    assert not [name for name, _ in skeleton.attributes if name == "style" or name[:2] == "on"]
    (style,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policies = [value for _, value in skeleton.attributes if "default-src" in value]
    assert policies == [
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    ]
    assert "url(" not in style and "@import" not in style


def test_every_table_has_a_caption_and_every_header_says_what_it_heads() -> None:
    for table in Tables(page_of(made_rows())).tables:
        assert table.caption.strip()
        assert table.scopes <= {"col", "row", "rowgroup"}
        assert {"col", "row"} <= table.scopes
    page = page_of(made_rows())
    assert re.findall(r"<svg (?![^>]*aria-)", page) == []


def hostile_case(text: str, answer: str, run: Trajectory) -> str:
    """Make a page with a text wherever a data set, a model or a user may put one."""
    titles = [EntryTitle(name=f"{number}{text}", policy=text, strategy=text) for number in range(3)]

    def last_is_right(drawn: random.Random, title: EntryTitle) -> dict[str, float]:
        return {"cited_gold": float(title == titles[-1]), "answered": 1.0, "turns": 2.0}

    rows = [
        replace(
            row,
            language=text if row.language == "de" else row.language,
            question=f"{text} {row.question}",
            question_id=text + row.question_id,
            answer=answer,
            ending=text,
            cited=[text],
        )
        for row in made_rows(titles, figures=last_is_right)
    ]
    return make_page(
        compare_rows(text, titles, rows, resamples=20),
        rows,
        golds={(row.language, row.question_id): [text] * 9 for row in rows},
        read_run=lambda key: run,
        manifest={text: {text: [text]}, "plain": text},
    )


@pytest.mark.parametrize("record", [lighthouse_run(), failed_run()], ids=["answered", "failed"])
@pytest.mark.parametrize("times", [0, 1, 40], ids=["no answer", "answer", "long answer"])
def test_a_hostile_text_anywhere_changes_no_element(record: Trajectory, times: int) -> None:
    def skeleton_of(text: str) -> tuple[str, Skeleton]:
        page = hostile_case(text, text * times, spoiled(record, text))
        return page, Skeleton(page)

    _, harmless = skeleton_of("w" * len(HOSTILE))
    page, hostile = skeleton_of(HOSTILE)
    assert hostile.elements == harmless.elements
    assert not [name for name, _ in hostile.attributes if name.startswith("on")]
    assert not set(page) & set("\x00\x1b\u202e\u2066\U000e0041")
    assert "{{ 7 * 7 }}" in hostile.text
    assert "<script>alert(1)</script>" in hostile.text


def test_a_very_long_text_is_folded_and_the_rest_left_to_the_log() -> None:
    rows = [replace(row, answer="word" * 100_000) for row in made_rows()]
    page = page_of(rows)
    assert len(page) < 200_000
    assert "400,000 characters" in page and "The log has the other 396,000 characters." in page


def test_names_that_are_too_long_stay_apart() -> None:
    names = [f"{'long name ' * 9}{number}{' in the middle' * 9}" for number in range(30)]
    titles = [EntryTitle(name=name, policy="p", strategy=name) for name in names]
    rows = made_rows(titles, facts=2)
    table = Tables(page_of(rows, titles)).tables[0]
    labels = [row[0] for row in table.rows[1:]]
    assert len(set(labels)) == 30
    assert max(map(len, labels)) < 60


def text_of(page: str) -> str:
    text = " ".join(Skeleton(page).text.split())
    assert text.count("What this report was made of") == 1
    return text


def test_a_comparison_of_nothing_makes_a_page() -> None:
    comparison = AnswerComparison(
        data_set="made", questions={}, facts=0, resamples=0, entries=[], differences=[]
    )
    text = text_of(make_page(comparison, [], golds={}, read_run=read_run, manifest={}))
    assert "0 questions on 0 facts" in text and "No run is scored" in text


def test_an_entry_alone_is_compared_with_nothing() -> None:
    text = text_of(page_of(made_rows(TITLES[:1]), TITLES[:1]))
    assert "There is nothing to compare." in text
    assert "There are none." in text


def test_runs_that_all_failed_are_counted() -> None:
    text = text_of(page_of(made_rows(failed=True)))
    assert "No run is scored" in text
    assert "english 36, everywhere 36, crosearch 36" in text


def test_runs_without_any_figure_make_a_page() -> None:
    text = text_of(page_of(made_rows(figures=lambda drawn, title: {})))
    assert "There is nothing to show." in text


def test_without_gold_documents_the_page_is_about_what_there_is() -> None:
    page = page_of(made_rows(figures=lambda drawn, title: {"answered": 1.0, "exact_match": 0.0}))
    assert "Exact match by the asker’s language" in text_of(page)
    page = page_of(made_rows(figures=lambda drawn, title: {"answered": 1.0, "seconds": 0.0}))
    assert "Answered by the asker’s language" in text_of(page)


def test_an_entry_that_was_not_asked_in_a_language_has_no_bar_in_it() -> None:
    rows = [row for row in made_rows() if row.entry == "crosearch" or row.language == "de"]
    (table,) = Tables(page_of(rows)).of("Arabic")
    assert [row[-1] for row in table.rows[1:3]] == ["–", "–"]


def test_an_entry_that_searched_nothing_has_no_heat_map() -> None:
    rows = [replace(row, cited=(), retrieved=()) for row in made_rows()]
    assert text_of(page_of(rows)).count("It was given no evidence.") == 3


def test_cost_is_counted_in_tokens_where_all_count_them_and_else_in_seconds() -> None:
    def uncounted(drawn: random.Random, title: EntryTitle) -> dict[str, float]:
        figures = dict(_figures(drawn, title))
        if title.name == "english":
            del figures["read_tokens"], figures["generated_tokens"]
        return figures

    rows = made_rows()
    page = page_of(rows)
    assert 'aria-label="cited gold against tokens of a run, read and written: ' in page
    total = compared(rows)["entries"][0]["all"]
    tokens = total["read_tokens"]["value"] + total["generated_tokens"]["value"]
    assert f"english {total['cited_gold']['value']:.3f} at {tokens:,.0f}" in page
    page = page_of(made_rows(figures=uncounted))
    assert 'aria-label="cited gold against seconds of a run: ' in page
    assert "against tokens" not in page


@given(
    st.floats(min_value=-1e6, max_value=1e6),
    st.floats(min_value=0, max_value=1e6).filter(lambda span: span == 0 or span > 1e-3),
)
def test_ticks_are_few_lie_evenly_and_hold_all_values_between_them(low: float, span: float) -> None:
    found = ticks(low, low + span)
    slack = 1e-6 * max(1, abs(low), span)
    assert 2 <= len(found) <= 9
    assert found[0] <= low + slack and found[-1] >= low + span - slack
    steps = [after - before for before, after in zip(found, found[1:], strict=False)]
    assert max(steps) - min(steps) <= slack


points = st.lists(
    st.tuples(
        st.floats(min_value=0, max_value=1e5),
        st.floats(min_value=0, max_value=1),
        st.booleans(),
    ),
    min_size=1,
    max_size=40,
)


@given(points)
def test_every_point_of_a_plot_lies_in_its_frame(drawn: list[tuple[float, float, bool]]) -> None:
    plot = scatter(
        [Measured(label=f"entry {x}", x=x, y=y, low=y, high=y, main=main) for x, y, main in drawn]
    )
    assert plot is not None and len(plot.points) == len(drawn)
    for point in plot.points:
        assert FRAME.left <= point.x <= FRAME.right
        assert FRAME.top <= point.y <= FRAME.bottom
    if len(drawn) <= 24:
        assert all(point.label for point in plot.points)


def test_labels_of_points_that_lie_apart_do_not_cover_each_other() -> None:
    plot = scatter(
        [
            Measured(label="everywhere", x=2, y=0.5, low=0.48, high=0.52, main=False),
            Measured(label="english", x=2, y=0.505, low=0.49, high=0.52, main=False),
            Measured(label="crosearch", x=3, y=0.7, low=0.6, high=0.8, main=True),
        ]
    )
    assert plot is not None
    places = {(point.label_x, point.label_y, point.anchor) for point in plot.points}
    assert len(places) == 3
    sides = {point.anchor for point in plot.points[:2]}
    assert sides != {"start"}
    assert scatter([]) is None


@pytest.mark.parametrize(
    ("value", "figure", "text"),
    [
        (0.0123, "f1", "+0.012"),
        (-0.5, "f1", "−0.500"),
        (-0.0004, "f1", "0.000"),
        (0.0, "f1", "0.000"),
        (1234.4, "read_tokens", "+1,234"),
        (-0.004, "searches", "0.00"),
    ],
)
def test_differences_have_a_sign_unless_they_are_nothing(
    value: float, figure: str, text: str
) -> None:
    assert write_difference(value, figure) == text

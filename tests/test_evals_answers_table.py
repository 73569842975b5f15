"""Scored runs as a Parquet table: what is written is what is read."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosearch.evals.answer_metrics import ANSWER_FIGURES
from crosearch.evals.answer_rows import AnswerRow
from crosearch.evals.answers_table import read_table, write_table
from crosearch.tools.errors import DocumentError

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
CODES = st.sampled_from(["de", "en", "fr"])

ROWS = st.builds(
    AnswerRow,
    entry=TEXTS,
    key=TEXTS,
    question_id=TEXTS,
    question=TEXTS,
    fact=TEXTS,
    language=CODES,
    sample=st.integers(0, 9),
    indexed=st.sampled_from(["own", "others", None]),
    failed=st.booleans(),
    ending=TEXTS,
    answer=TEXTS,
    meaning=TEXTS,
    cited=st.lists(CODES, max_size=3).map(tuple),
    retrieved=st.lists(CODES, max_size=3).map(tuple),
    figures=st.dictionaries(st.sampled_from(list(ANSWER_FIGURES)), st.floats(0, 100)),
)


@given(st.lists(ROWS, max_size=4))
def test_it_keeps_everything(
    tmp_path_factory: pytest.TempPathFactory, rows: list[AnswerRow]
) -> None:
    path = tmp_path_factory.mktemp("table") / "results.parquet"
    write_table(path, rows)
    assert read_table(path) == rows
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_other_files_are_refused(tmp_path: Path) -> None:
    import pyarrow as pa  # type: ignore[import-untyped]  # it ships no types
    import pyarrow.parquet as pq  # type: ignore[import-untyped]  # it ships no types

    garbled, other = tmp_path / "garbled.parquet", tmp_path / "other.parquet"
    garbled.write_bytes(b"PAR1 no table")
    pq.write_table(pa.table({"entry": ["a"]}), other)
    for path in (garbled, other, tmp_path / "gone.parquet"):
        with pytest.raises(DocumentError, match=f"{path.name}' is no table of scored runs"):
            read_table(path)

"""Compares two reports: what the same questions came to, before and after."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from crosearch.evals.answer_rows import AnswerRow
from crosearch.evals.answers_figures import AnswerComparison, EntryTitle, compare_rows
from crosearch.evals.answers_folder import MANIFEST, TABLE
from crosearch.evals.answers_table import read_table
from crosearch.evals.packages import need_packages
from crosearch.tools.errors import DocumentError, UsageError
from crosearch.training.training_folder import differences, read_json

_SAME = ("data_set", "questions", "documents", "index", "measures")
"""What two reports have to have in common, or their figures mean different things."""

BEFORE, AFTER = "before", "after"


@dataclass(frozen=True, kw_only=True, slots=True)
class ReportComparison:
    """How two reports differ."""

    comparison: AnswerComparison
    differing: Sequence[str]
    """What they were made of that is not the same."""
    only: Mapping[str, Sequence[str]]
    """Entries that `before` or `after` alone has."""


def compare_reports(before: Path, after: Path) -> ReportComparison:
    """Compare the entries that two reports have in common, on the questions of both.

    Args:
        before: The folder of a report.
        after: That of another one; differences tell how far it is above.

    Raises:
        UsageError: A folder holds no report, or the two cannot be compared: another data set, other
            questions, documents or measures; or no entry is in both.
        DocumentError: A file of a report is damaged.
    """
    need_packages("pyarrow", doing="comparing reports")
    manifests = [_manifest(folder) for folder in (before, after)]
    _check_same(manifests, (before, after))
    entries = [_entries(manifest) for manifest in manifests]
    common = [name for name in entries[0] if name in entries[1]]
    if not common:
        raise UsageError(
            f"the reports have no entry in common: {', '.join(entries[0])} in {str(before)!r}, "
            f"{', '.join(entries[1])} in {str(after)!r}"
        )
    rows: list[AnswerRow] = []
    for when, folder in ((BEFORE, before), (AFTER, after)):
        rows += [
            replace(row, entry=_called(row.entry, when))
            for row in read_table(folder / TABLE)
            if row.entry in common
        ]
    titles = [
        EntryTitle(name=_called(name, when), policy=name, strategy=when)
        for name in common
        for when in (BEFORE, AFTER)
    ]
    pairs = [(_called(name, AFTER), [_called(name, BEFORE)]) for name in common]
    return ReportComparison(
        comparison=compare_rows(str(manifests[0]["data_set"]), titles, rows, pairs=pairs),
        differing=_tell_differing(manifests, common),
        only={
            BEFORE: [name for name in entries[0] if name not in common],
            AFTER: [name for name in entries[1] if name not in common],
        },
    )


def _called(name: str, when: str) -> str:
    return f"{name}, {when}"


def _manifest(folder: Path) -> dict[str, object]:
    manifest = read_json(folder / MANIFEST)
    if manifest is None or not (folder / TABLE).is_file():
        raise UsageError(
            f"{str(folder)!r} holds no report of crosearch eval answers or eval score: it has no "
            f"{MANIFEST if manifest is None else TABLE}"
        )
    return manifest


def _check_same(manifests: Sequence[Mapping[str, object]], folders: Sequence[Path]) -> None:
    one, other = ({name: manifest.get(name) for name in _SAME} for manifest in manifests)
    if told := differences(one, other, tell=_tell):
        raise UsageError(
            f"{str(folders[0])!r} and {str(folders[1])!r} cannot be compared: {'; '.join(told)}"
        )


def _tell(name: str, there: object, here: object) -> str:
    return f"{name.replace('_', ' ')} {there} in the one, {here} in the other"


def _entries(manifest: Mapping[str, object]) -> Mapping[str, Mapping[str, object]]:
    entries = manifest.get("entries")
    if not isinstance(entries, Mapping):
        raise DocumentError(f"{MANIFEST} of a report names no entries: make the report again")
    return cast("Mapping[str, Mapping[str, object]]", entries)


def _tell_differing(manifests: Sequence[Mapping[str, object]], common: Sequence[str]) -> list[str]:
    """Say what two reports were made of that is not the same."""
    one, other = (
        _flat({name: value for name, value in manifest.items() if name != "entries"})
        for manifest in manifests
    )
    told = differences(one, other, tell=_tell)
    for name in common:
        one, other = (_flat(_entries(manifest)[name]) for manifest in manifests)
        told += [f"{name}: {difference}" for difference in differences(one, other, tell=_tell)]
    return told


def _flat(value: Mapping[str, object], prefix: str = "") -> dict[str, object]:
    """Lay nested settings out, each by the names that lead to it."""
    flat: dict[str, object] = {}
    for name, part in value.items():
        if isinstance(part, Mapping):
            flat |= _flat(cast("Mapping[str, object]", part), f"{prefix}{name} ")
        else:
            flat[f"{prefix}{name}"] = part
    return flat

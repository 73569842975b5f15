"""The folder of a retrieval evaluation: its runs, and what they were made of.

manifest.json           data set, sample, embedder, seed, measures; each system's parts and the
                        versions of the packages it ran with
qrels/SETTING.qrels     what is relevant, as TREC writes it
runs/SYSTEM.SETTING.run what was found, likewise
store/                  the documents, for the systems that search
report.md, results.json
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import cast

from crosearch.evals.packages import package_versions
from crosearch.evals.retrieval_data import SEED
from crosearch.evals.retrieval_systems import BUILT_IN, title_of
from crosearch.evals.retrieval_topics import Setting
from crosearch.tools.errors import CollectionError, UsageError
from crosearch.training.training_folder import (
    differences,
    hold_folder,
    read_json,
    write_json,
)

_CALLED = "retrieval evaluation"

_PACKAGES = ("crosearch", "chromadb", "numpy", "tantivy", "tokenizers")
_MODEL_PACKAGES = ("sentence-transformers", "torch", "transformers")
_MEASURES = ("ir-measures", "pytrec-eval-terrier")


class RetrievalFolder:
    """A folder of one evaluation; its settings never change, its systems become more."""

    def __init__(self, out: Path, settings: Mapping[str, object]) -> None:
        """Name a folder; nothing is made yet.

        Args:
            out: The folder.
            settings: What makes its rankings comparable; plain JSON.
        """
        self._out, self._settings = out, settings
        self._runs = out / "runs"

    @property
    def store(self) -> Path:
        """Where the documents are ingested."""
        return self._out / "store"

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Hold the folder while the block lasts, and make it where it is missing.

        Raises:
            UsageError: It holds another evaluation, or something else.
            CollectionError: Another process is at it, or it cannot be written.
        """
        with hold_folder(
            self._runs, self._settings, called=_CALLED, error=CollectionError, doing="filled"
        ):
            (self._out / "qrels").mkdir(exist_ok=True)
            yield

    def qrels(self, setting: Setting) -> Path:
        """Return the file of what is relevant in a setting."""
        return self._out / "qrels" / f"{setting}.qrels"

    def run(self, system: str, setting: Setting) -> Path:
        """Return the file of a system's run in a setting; it is there once it is finished."""
        return self._runs / f"{_file_name(system)}.{setting}.run"

    def note_system(self, system: str, identity: Mapping[str, object]) -> None:
        """Note what a system is made of.

        Raises:
            UsageError: Runs of it are there that were made of something else.
        """
        path = self._runs / f"{_file_name(system)}.json"
        if (noted := read_json(path)) is not None:
            there = cast("dict[str, object]", noted["made_of"])
            if differing := differences(there, identity):
                raise UsageError(
                    f"{str(self._out)!r} holds runs of {system!r} that were made otherwise: "
                    f"{'; '.join(differing)}. Give another folder"
                )
        packages = _PACKAGES if system in BUILT_IN else (*_PACKAGES, *_MODEL_PACKAGES)
        write_json(
            path,
            {
                "system": title_of(system),
                "made_of": identity,
                "versions": package_versions(packages),
            },
        )

    def write_manifest(
        self, systems: Sequence[str], settings: Iterable[Setting], measures: Sequence[str]
    ) -> None:
        """Say what the figures come from."""
        notes = [read_json(self._runs / f"{_file_name(system)}.json") for system in systems]
        write_json(
            self._out / "manifest.json",
            {
                **self._settings,
                "seed": SEED,
                "settings": list(settings),
                "measures": list(measures),
                "measured_by": package_versions(_MEASURES),
                "systems": {cast(str, note["system"]): note for note in notes if note},
            },
        )


def _file_name(system: str) -> str:
    """Return a name that any file system takes; of a model by its path, with a digest of it."""
    if system in BUILT_IN:
        return system
    digest = hashlib.sha256(system.encode("utf-8", "replace")).hexdigest()[:8]
    last = re.split(r"[\\/]", system.rstrip("\\/"))[-1]
    return f"{re.sub(r'[^A-Za-z0-9-]+', '-', last)[:60]}-{digest}"

"""The sample corpus' store: made from the shipped passages when it is first asked for.

It lies in a folder named after what it was made from, so that an update of the package makes a
new one. It is made under another name and moved into place: whoever is killed, and however many
ask for it at once, a store under its own name is whole.
"""

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

from crosearch.tools.embedder import Embedder, load_embedder
from crosearch.tools.errors import StoreError
from crosearch.tools.lock import access_lock
from crosearch.tools.records import SCHEMA
from crosearch.tools.sample import sample_passages_path
from crosearch.tools.settings import SAMPLE, home

_UNFINISHED = "unfinished"


def sample_folder(embedder: Embedder | None = None) -> Path:
    """Tell where the sample corpus' store lies, or will lie once it is made."""
    digest = hashlib.sha256(sample_passages_path().read_bytes())
    digest.update(f"{(embedder or load_embedder()).fingerprint} {SCHEMA}".encode())
    return home() / SAMPLE / digest.hexdigest()[:16]


def sample_store(announce: Callable[[], None] | None = None) -> Path:
    """Return the folder of the sample corpus' store, made first where it is missing.

    Args:
        announce: Called before it is made, which takes seconds.

    Raises:
        StoreError: It cannot be written.
    """
    embedder = load_embedder()
    store = sample_folder(embedder)
    if store.is_dir():
        return store
    try:
        store.parent.mkdir(parents=True, exist_ok=True)
        # Whoever comes second waits, and finds it made.
        with access_lock(store.parent / "lock", exclusive=True):
            if not store.is_dir():
                if announce:
                    announce()
                _make(store, embedder)
    except (OSError, StoreError) as error:
        raise StoreError(
            f"the sample corpus cannot be made in {store.parent}: {error}; "
            "set CROSEARCH_HOME to a folder that can be written"
        ) from error
    return store


def _make(store: Path, embedder: Embedder) -> None:
    from crosearch.tools.index import open_store
    from crosearch.tools.ingestion import ingest

    unfinished = store.with_name(_UNFINISHED)
    shutil.rmtree(unfinished, ignore_errors=True)
    ingest(
        [sample_passages_path()],
        store=open_store(unfinished),
        corpus=SAMPLE,
        embedder=embedder,
    )
    unfinished.rename(store)

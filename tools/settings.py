"""Which store, corpus and models to use when nobody says: the one place that reads the environment.

An explicit value always wins over the environment, and the environment over the sample corpus.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from platformdirs import user_data_dir

from crosearch.tools.errors import UsageError

SAMPLE = "sample"
"""The name of the corpus that comes with the package."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """A corpus to open: where it lies, its name, and what embedded it."""

    store: str
    """A folder, or `http(s)://host:port` of a Chroma server; empty: the sample's own store."""
    corpus: str
    embedder: str
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """For a Chroma server, beside those of the environment; they may hold secrets."""


def home() -> Path:
    """Return where this user's things are kept: `CROSEARCH_HOME`, or the system's place."""
    return Path(os.environ.get("CROSEARCH_HOME") or user_data_dir("crosearch", appauthor=False))


def choose_source(
    store: str = "",
    corpus: str = "",
    embedder: str = "",
    headers: Mapping[str, str] | None = None,
) -> Source:
    """Fill in what was left empty: from `CROSEARCH_STORE`, `CROSEARCH_CORPUS` and so on.

    Without a store and with no corpus but the sample, the sample's own store is meant; a corpus of
    another name lies in the user's store.
    """
    chosen = corpus or os.environ.get("CROSEARCH_CORPUS") or SAMPLE
    place = store or os.environ.get("CROSEARCH_STORE") or ""
    if not place and chosen != SAMPLE:
        place = str(default_store())
    return Source(
        store=place,
        corpus=chosen,
        embedder=embedder or os.environ.get("CROSEARCH_EMBEDDER") or "default",
        headers=tuple((headers or {}).items()),
    )


def default_store() -> Path:
    """Return the folder of the store that is used where none is named."""
    return home() / "store"


def choose_policy(policy: str = "") -> str:
    """Return the policy's name: the given one, else `CROSEARCH_POLICY`, else `extractive`."""
    return policy or os.environ.get("CROSEARCH_POLICY") or "extractive"


def choose_tokenizer(tokenizer: str | None = None) -> str | None:
    """Return the tokenizer of an endpoint's model: the given one, else `CROSEARCH_TOKENIZER`."""
    return tokenizer or os.environ.get("CROSEARCH_TOKENIZER") or None


def choose_judge(judge: str = "") -> str:
    """Return the judge's name: the given one, else `CROSEARCH_JUDGE`; empty where there is none."""
    return judge or os.environ.get("CROSEARCH_JUDGE") or ""


def choose_translator(translator: str = "") -> str:
    """Return the translator's name: the given one, else `CROSEARCH_TRANSLATOR`, else `none`."""
    return translator or os.environ.get("CROSEARCH_TRANSLATOR") or "none"


def choose_lexicon(lexicon: str = "") -> str:
    """Return the lexicon's folder: the given one, else `CROSEARCH_LEXICON`; empty: the shipped."""
    return lexicon or os.environ.get("CROSEARCH_LEXICON") or ""


def server_headers(given: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the headers for a Chroma server: `CROSEARCH_CHROMA_HEADERS` and the given ones.

    The variable holds one `Name: value` a line, or several with semicolons between them.

    Raises:
        UsageError: A part of the variable is no header; its value is not repeated.
    """
    text = os.environ.get("CROSEARCH_CHROMA_HEADERS", "")
    parts = [part for part in text.replace("\n", ";").split(";") if part.strip()]
    return dict(parse_header(part) for part in parts) | dict(given or {})


def parse_header(text: str) -> tuple[str, str]:
    """Split `Name: value`.

    Raises:
        UsageError: It is not of that form; its value is not repeated, since it may be a secret.
    """
    name, colon, value = text.partition(":")
    if not (colon and name.strip() and value.strip()):
        raise UsageError(f"the header {name.strip()[:40]!r}… is not of the form 'Name: value'")
    return name.strip(), value.strip()

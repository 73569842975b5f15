"""What the agent uses: languages, embedder, index, ingestion, search, align, translate.

Most names are imported from their own module (`crosearch.tools.search`, `crosearch.tools.index`),
so that knowing a language costs no import of a database; what everyone needs is here.
"""

from crosearch.tools.errors import CroSearchError, StoreError, UsageError
from crosearch.tools.languages import (
    Language,
    LanguageProfile,
    describe_language,
    known_languages,
    parse_language,
    parse_languages,
)

__all__ = [
    "CroSearchError",
    "Language",
    "LanguageProfile",
    "StoreError",
    "UsageError",
    "describe_language",
    "known_languages",
    "parse_language",
    "parse_languages",
]

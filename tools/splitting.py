"""Documents split into passages: whole sentences, about a paragraph each, for every script."""

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from crosearch.tools.languages import Language
from crosearch.tools.passages import Document, Passage
from crosearch.tools.records import passage_id
from crosearch.tools.sentences import split_sentences

if TYPE_CHECKING:
    from llama_index.core.node_parser import SentenceSplitter

_PASSAGE_UNITS = 1_500
"""The most that a passage holds: a long paragraph, about 250 words."""

_DENSE_UNITS = 2.5
"""A character of a script that writes a word in one or two of them, counted in letters."""

_DENSE = (
    (0x3040, 0x30FF),
    (0x3400, 0x9FFF),
    (0xAC00, 0xD7A3),
    (0xF900, 0xFAFF),
    (0x20000, 0x3FFFF),
)


def split_document(document: Document) -> list[Passage]:
    """Split a document at the ends of paragraphs, else of sentences, else of words.

    Returns:
        Passages with their sentences, numbered from 0; none when the text is blank.
    """
    pieces = _split_text(document.text, document.language)
    return [
        Passage(
            id=passage_id(document.id, number),
            document_id=document.id,
            title=document.title,
            text=piece,
            language=document.language,
            sentences=tuple(split_sentences(piece, document.language)),
            url=document.url,
            metadata=document.metadata,
        )
        for number, piece in enumerate(pieces)
    ]


def count_units(text: str) -> int:
    """Measure a text by what it says rather than by its characters: letters of an alphabet."""
    if text.isascii():
        return len(text)
    dense = sum(any(first <= ord(c) <= last for first, last in _DENSE) for c in text)
    return len(text) + round(dense * (_DENSE_UNITS - 1))


def _split_text(text: str, language: Language) -> Sequence[str]:
    if not text.strip():
        return []
    if count_units(text) <= _PASSAGE_UNITS:
        return [text.strip()]
    return [piece for piece in _splitter(language).split_text(text) if piece.strip()]


@cache
def _splitter(language: Language) -> "SentenceSplitter":
    # It takes seconds to import, and short documents do without it.
    from llama_index.core.node_parser import SentenceSplitter

    def with_spaces(text: str) -> list[str]:
        """Cut into sentences that make the text again when they are joined."""
        starts = [start for start, _ in split_sentences(text, language)][1:]
        return [text[a:b] for a, b in zip([0, *starts], [*starts, len(text)], strict=True)]

    return SentenceSplitter(
        chunk_size=_PASSAGE_UNITS,
        chunk_overlap=0,
        tokenizer=lambda text: [0] * count_units(text),
        paragraph_separator="\n\n",
        chunking_tokenizer_fn=with_spaces,
        include_metadata=False,
    )

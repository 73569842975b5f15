"""What search ranks by unless told otherwise: three signals, and a reranker of their best.

The weights were chosen on half of the articles of XQuAD's development half; the other half of them
is printed beside it by `benchmarks/retriever.py`.
"""

from crosearch.tools.index import Corpus
from crosearch.tools.lexicon import Lexicon
from crosearch.tools.rerank import PieceReranker
from crosearch.tools.signals import DenseSignal, LexicalSignal, Reranker, Signal, SoundSignal
from crosearch.tools.translated_query import QueryTranslator


def default_signals(corpus: Corpus, lexicon: Lexicon | None) -> tuple[Signal | Reranker, ...]:
    """Return them for a corpus, translating questions by a lexicon."""
    return (
        DenseSignal(corpus=corpus),
        LexicalSignal(corpus=corpus, translator=QueryTranslator(lexicon)),
        SoundSignal(corpus=corpus),
        PieceReranker(corpus, lexicon),
    )

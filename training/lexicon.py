"""Makes a lexicon: from the project's data folder, TSV files, lexicons that are there, or several.

The same sources give the same bytes. What parallel sentences tell is in `lexicon_weights`.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from crosearch.tools.errors import UsageError
from crosearch.tools.languages import Language
from crosearch.tools.lexicon import shipped_store
from crosearch.tools.lexicon_header import HEADER_FILE
from crosearch.tools.lexicon_store import LexiconStore
from crosearch.training.lexicon_card import CARD_FILE, FROM_DATA, write_card
from crosearch.training.lexicon_corpus import ENGLISH, UNSPACED, Corpus, make_corpus
from crosearch.training.lexicon_extension import Rules, held_rules, read_lexicon
from crosearch.training.lexicon_graph import LexiconGraph
from crosearch.training.lexicon_names import name_parts
from crosearch.training.lexicon_pairs import Known, align_all, find_runs
from crosearch.training.lexicon_rules import learn_rules
from crosearch.training.lexicon_sources import Sense, Texts, read_senses, read_sentences
from crosearch.training.lexicon_tsv import read_tsv
from crosearch.training.lexicon_weights import Evidence
from crosearch.training.new_folder import check_new, new_folder

_ENGLISH_BESIDE = Language("es")
"""The language that English inflection is learned beside: it has the most parallel sentences."""

SHIPPED = "shipped"
"""Among the sources: the lexicon that comes with the package."""

Progress = Callable[[str], None]
"""Told what begins now."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LexiconReport:
    """What was made."""

    folder: str
    fingerprint: str
    languages: Mapping[Language, int]
    """Terms by language."""
    senses: int
    bytes: int


@dataclass(kw_only=True, slots=True)
class _Sources:
    senses: list[Sense] = field(default_factory=list)
    sentences: list[Texts] = field(default_factory=list)
    lexicons: list[LexiconStore] = field(default_factory=list)

    @property
    def from_data(self) -> bool:
        """Whether terms of the project's data folder are among them."""
        return bool(self.sentences) or any(store.header.get(FROM_DATA) for store in self.lexicons)


def build_lexicon(
    sources: Sequence[str | Path], folder: str | Path, on_progress: Progress
) -> LexiconReport:
    """Make a lexicon in a new folder, which appears once it is whole.

    Without parallel sentences there is nothing to learn inflection from: the rules are then those
    of the lexicons among the sources, else of the one that comes with the package.

    Args:
        sources: The project's data folder, files of terms (`lexicon_tsv`), lexicons' folders,
            `shipped`.
        folder: A folder that is not there yet.
        on_progress: Told what begins now.

    Raises:
        UsageError: A source is missing or broken, or `folder` is not empty.
        OSError: The disk is full or fails.
    """
    check_new(folder)
    if not sources:
        raise UsageError("a lexicon is made from something: give --from a folder or a TSV file")
    read = _read(sources, on_progress)
    graph = LexiconGraph()
    evidence, rules = _learn(read, graph, on_progress)
    on_progress("weighing senses")
    for store in read.lexicons:
        for terms in read_lexicon(store):
            graph.add_sense(terms)
    for sense in read.senses:
        graph.add_sense(evidence.weigh_sense(sense, graph))
    for terms in evidence.weigh_english_words():
        graph.add_sense(terms)
    on_progress("writing")
    with new_folder(folder) as place:
        graph.write(place, {"rules": rules, FROM_DATA: read.from_data})
        store = LexiconStore(place)
        write_card(place / CARD_FILE, store)
        size = sum(path.stat().st_size for path in place.iterdir())
    return LexiconReport(
        folder=str(folder),
        fingerprint=store.fingerprint,
        languages=store.languages,
        senses=store.sense_count,
        bytes=size,
    )


def _read(sources: Sequence[str | Path], on_progress: Progress) -> _Sources:
    read = _Sources()
    for named in sources:
        source = Path(named)
        on_progress(f"reading {source.name or named}")
        if str(named) == SHIPPED:
            read.lexicons.append(shipped_store())
        elif source.is_file():
            read.senses.extend(read_tsv(source))
        elif (source / HEADER_FILE).is_file():
            read.lexicons.append(LexiconStore(source))
        elif source.is_dir():
            senses = read_senses(source)
            read.senses.extend((*senses, *name_parts(senses)))
            read.sentences.extend(read_sentences(source))
        else:
            raise UsageError(f"there is no {str(source)!r}: give a data folder or a TSV file")
    return read


def _learn(read: _Sources, graph: LexiconGraph, on_progress: Progress) -> tuple[Evidence, Rules]:
    if not read.sentences:
        return Evidence({}, Corpus(rows={}, counts={}, spellings={})), _borrowed_rules(read)
    on_progress("reading terms")
    known = _known(read.senses, graph)
    vocabulary = {language: set(words) for language, words in known.items()}
    for language in UNSPACED:
        on_progress(f"finding words of {language}")
        vocabulary.setdefault(language, set()).update(find_runs(read.sentences, language))
    corpus = make_corpus(
        read.sentences, vocabulary, lambda language: on_progress(f"cutting sentences of {language}")
    )
    aligned = align_all(
        corpus, known, lambda language: on_progress(f"aligning words of {language}")
    )
    on_progress("learning inflection")
    return Evidence(aligned, corpus), _rules(corpus, known)


def _borrowed_rules(read: _Sources) -> Rules:
    lexicons = read.lexicons or [shipped_store()]
    return {code: rules for store in lexicons for code, rules in held_rules(store).items()}


def _known(senses: Sequence[Sense], graph: LexiconGraph) -> Known:
    """Return the English keys of each language's keys; English has its own, without any."""
    known: defaultdict[Language, defaultdict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for sense in senses:
        keys = {
            language: {graph.key(language, term) for term in terms}
            for language, terms in sense.texts.items()
        }
        english = keys.get(ENGLISH, set())
        for language, words in keys.items():
            for word in words - {""}:
                known[language][word].update(() if language == ENGLISH else english)
    return known


def _rules(corpus: Corpus, known: Known) -> Rules:
    rules: Rules = {}
    for language in sorted(corpus.rows):
        if language in UNSPACED or ENGLISH not in corpus.rows:
            continue
        beside = ENGLISH if language != ENGLISH else _ENGLISH_BESIDE
        if beside not in corpus.rows:
            continue
        words = known.get(language, {}) if language != ENGLISH else _turned(known.get(beside, {}))
        learned = learn_rules(language, corpus.pairs(language, beside), words)
        if learned:
            rules[language] = [
                [rule.beginning, rule.ending, rule.instead, rule.weight] for rule in learned
            ]
    return rules


def _turned(known: Mapping[str, set[str]]) -> dict[str, set[str]]:
    turned: defaultdict[str, set[str]] = defaultdict(set)
    for word, others in known.items():
        for other in others:
            turned[other].add(word)
    return turned

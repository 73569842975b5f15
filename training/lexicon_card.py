"""The card beside a lexicon: what it is, what it was made from, and under which licences."""

from pathlib import Path

from crosearch.tools.lexicon_store import LexiconStore

CARD_FILE = "README.md"
FROM_DATA = "from_data"
"""In a lexicon's header: whether terms of the project's data folder are in it."""

_FILES = """\
- `lexicon.json`: format, languages, inflection rules, sizes and checksums of the other files.
- `<language>.marisa`: the terms of a language, in a MARISA trie.
- `*.npy`: which senses a term has, which terms a sense has, and how likely each is.
"""

_DATA = """\
## Data and licences

| data | used as | licence |
|---|---|---|
| Wiktionary (open-dsl-dict/wiktionary-dict) | words of 19 languages by their English ones | \
CC BY-SA 3.0 / GFDL |
| Open Multilingual Wordnet (omwn/omw-data) | words by sense | by wordnet: Wiktionary data and \
Arabic CC BY-SA 3.0, CLDR data Unicode, Greek Apache-2.0, French CeCILL-C, Chinese and Polish \
WordNet licence, Persian free to use, Italian CC BY 3.0, Indonesian MIT, Dutch CC BY-SA 4.0, \
Portuguese CC BY-SA, Romanian its own |
| CLDR (unicode-org/cldr-json; months and days as in Babel) | languages, territories, currencies, \
scripts, things that emoji show | Unicode License v3 |
| Wikidata labels (as in coastalcph/mpararel) | names | CC0 1.0 |
| TICO-19 (tico-19/tico-19.github.io) | medical terms; sentences | CC0 1.0 |
| NTREX (MicrosoftTranslator/NTREX) | sentences | CC BY-SA 4.0 |
| Tatoeba (as in facebookresearch/LASER) | sentences | CC BY 2.0 FR |
| PUD treebanks, English and Thai (UniversalDependencies) | sentences | CC BY-SA 3.0 |
| Tanaka Corpus (odashi/small_parallel_enja) | sentences | not stated there; upstream CC BY 2.0 FR |
| AfriQA (masakhane-io/afriqa) | questions in Swahili and English | CC BY 4.0 |
| MGSM (google-research/url-nlp) | word problems | CC BY 4.0 |

Of the sentences, the lexicon holds pairs of words that stand for each other, inflection rules, \
and how likely each sense is; no sentence. It is offered under CC BY-SA 4.0, with the attributions \
above; the code is under Apache-2.0.

## What it can and cannot do

- Each phrase is looked up alone: the context chooses no sense. The likeliest is what news and \
health advice use, since the parallel sentences are that.
- Between two languages other than English, words meet in a sense of a wordnet, an entity or a \
name where there is one, else in an English word, with all its meanings.
- Thai, Swahili and Ukrainian have no Wiktionary entries here, Arabic, Hindi, Persian, Turkish and \
Vietnamese few: expect gaps there. Names are those of 24,000 entities, \
and the parts of them.
- Inflected forms are found by endings that were learned, not by a grammar; a wrong base form is \
found now and then, at a lower weight.
"""


def write_card(path: Path, store: LexiconStore) -> None:
    """Write the card of a lexicon, with the licences of the data folder if anything is from it."""
    languages = ", ".join(f"{code} {count:,}" for code, count in store.languages.items())
    parts = [
        "# A lexicon of CroSearch\n",
        f"{sum(store.languages.values()):,} terms in {store.sense_count:,} senses. Terms by "
        f"language: {languages}.\n",
        f"Fingerprint {store.fingerprint}. Made by `crosearch lexicon build`.\n",
        _FILES,
        _DATA if store.header.get(FROM_DATA) else "Made from terms of the user's own.\n",
    ]
    path.write_text("\n".join(parts), encoding="utf-8")

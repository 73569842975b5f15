"""How a term is written, kept beside its key in a few characters.

A reader writes "Deutschland", the key is "deutschland". In a file stands the key, a tab and the
spelling: what of the key to change to get what is written. Most spellings are empty or a capital
letter, and so the trie shares them among all keys.
"""

from crosearch.tools.errors import UsageError

SEPARATOR = "\t"

_NEAREST = 0x21
_FARTHEST = 0x7E
_CAPITAL = "^"


def spelling_of(term: str, key: str) -> str:
    """Return what `written` needs to make the term from its key."""
    changes = _changes(term, key) if len(term) == len(key) else None
    return SEPARATOR + term if changes is None else changes


def written(key: str, spelling: str) -> str:
    """Return a term as it is written.

    Raises:
        UsageError: No spelling of this key is like that: the file is damaged.
    """
    if spelling.startswith(SEPARATOR):
        return spelling[1:]
    letters = list(key)
    place = -1
    try:
        for gap, letter in zip(spelling[::2], spelling[1::2], strict=True):
            place += ord(gap) - _NEAREST + 1
            letters[place] = letters[place].upper() if letter == _CAPITAL else letter
    except (IndexError, ValueError) as error:
        raise UsageError(f"the lexicon is damaged: {spelling!r} spells no {key!r}") from error
    return "".join(letters)


def _changes(term: str, key: str) -> str | None:
    changes = []
    previous = -1
    for place, (letter, plain) in enumerate(zip(term, key, strict=True)):
        if letter == plain:
            continue
        gap = _NEAREST + place - previous - 1
        if gap > _FARTHEST or letter in (_CAPITAL, SEPARATOR):
            return None
        changes.append(chr(gap) + (_CAPITAL if letter == plain.upper() else letter))
        previous = place
    return "".join(changes)

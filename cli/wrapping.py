"""Breaks lines between words while a text streams, where a terminal would break inside of them."""

import re

_LONGEST_WORD = 24


class WordWrapper:
    """Receives a text piece by piece, and gives it back with line breaks put in.

    A word is held until it is known to end. Scripts without spaces are left to the terminal, which
    breaks them where it likes.
    """

    def __init__(self, width: int) -> None:
        """Begin a line of so many cells; the last one stays free, where terminals differ."""
        self._width = width - 1
        self._column = 0
        self._word = ""

    def feed(self, text: str) -> str:
        """Take a piece, and return what can be printed of it."""
        *ended, self._word = re.split(r"(\s)", self._word + text)
        printable = "".join(map(self._place, ended))
        if len(self._word) > _LONGEST_WORD:
            printable += self._place(self._word)
            self._word = ""
        return printable

    def end(self) -> str:
        """Return the word that is held, and begin a new line."""
        rest = self._place(self._word)
        self._word, self._column = "", 0
        return rest

    def _place(self, part: str) -> str:
        from rich.cells import cell_len

        cells = cell_len(part)
        is_wide = cells > len(part)
        if part == "\n" or (self._column + cells > self._width and part.isspace()):
            self._column = 0
            return "\n"
        if self._column and self._column + cells > self._width and not is_wide:
            self._column = 0
            return "\n" + self._place(part)
        self._column = (self._column + cells) % (self._width + 1)
        return part

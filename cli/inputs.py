"""Reads what a person asks, from the command line or from standard input."""

import os
import sys

from crosearch.tools.errors import QuestionError

_READ = 1_000_000
"""Bytes of standard input: more than any question may have."""


def read_question(argument: str) -> str:
    """Return the argument, or all of standard input for `-`.

    Raises:
        QuestionError: It is not UTF-8.
    """
    try:
        if argument == "-":
            return sys.stdin.buffer.read(_READ).decode()
        # Python keeps the bytes of an argument that it could not decode as lone surrogates.
        return os.fsencode(argument).decode()
    except UnicodeError as error:
        raise QuestionError("the question is not UTF-8 text") from error

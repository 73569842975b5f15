"""Finds the JSON object in what a model wrote, whatever it wrote around it."""

from json import JSONDecoder

_LONGEST = 200_000
"""Characters that are looked at."""
_TRIES = 1_000
"""Brackets that are tried; a reply of nothing but brackets is none."""

_DECODER = JSONDecoder()


def find_object(text: str) -> dict[str, object] | None:
    """Return the last JSON object of a reply; None where it holds none.

    The last one, since models that think aloud try an answer out before they give it.
    """
    text = text[:_LONGEST]
    found: dict[str, object] | None = None
    place = text.find("{")
    for _ in range(_TRIES):
        if place < 0:
            break
        try:
            value, place = _DECODER.raw_decode(text, place)
        except (ValueError, RecursionError):  # no JSON; or objects nested by the thousand
            place += 1
        else:
            found = value
        place = text.find("{", place)
    return found

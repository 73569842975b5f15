"""What can go wrong at a chat endpoint, said in one line that holds no secret."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from crosearch.tools.errors import CroSearchError
from crosearch.tools.neutral import neutralise

_QUOTED = 300
"""How many characters of an endpoint's own explanation are passed on."""
_TRANSIENT = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
_DOWN = frozenset({502, 503, 504})
_TOO_LONG = frozenset({400, 413, 422})
_TOO_LONG_WORDS = re.compile(
    r"context[ _](?:length|window|size)|maximum model length|prompt is too long", re.IGNORECASE
)
"""How vLLM, OpenAI, SGLang and llama.cpp word it."""
_SECRET = re.compile(r"\b(?:sk|pk|rk|gsk|hf|key)[-_][\w*.-]{6,}|(?i:bearer)\s+\S+")
_HINTS = {
    400: "refused the request",
    401: "refused the API key: check OPENAI_API_KEY",
    403: "does not allow this to the API key",
    404: "knows no such model or address: check the model's name and OPENAI_BASE_URL",
    429: "says that there were too many requests, or that a quota is used up",
}


class EndpointError(CroSearchError):
    """A chat endpoint gave no usable reply; the message names model, address and cause."""

    def __init__(
        self,
        message: str,
        *,
        transient: bool = False,
        wait: float | None = None,
        down: bool = False,
        too_long: bool = False,
    ) -> None:
        """Keep what kind of failure it is.

        Args:
            message: What is told.
            transient: Whether trying again can help.
            wait: After how many seconds, if the endpoint said.
            down: Whether nobody was there to answer.
            too_long: Whether the request needs more tokens than the model has room for.
        """
        super().__init__(message)
        self.transient = transient
        self.wait = wait
        self.down = down
        self.too_long = too_long


def describe_failure(error: Exception, *, who: str, secret: str) -> EndpointError:
    """Turn whatever the client library raised into an `EndpointError`.

    Args:
        error: What was raised.
        who: The model and its address, for the message.
        secret: The API key; it never gets into the message, even where the endpoint echoes it.
    """
    from openai import APIConnectionError, APIStatusError, APITimeoutError

    if isinstance(error, APIStatusError):
        status = error.status_code
        explanation = _explanation(error.body)
        said = excerpt(explanation or error.response.reason_phrase, secret)
        hint = _HINTS.get(status, "failed" if status >= 500 else "refused the request")
        return EndpointError(
            f"{who} {hint} (HTTP {status}: {said})",
            transient=status in _TRANSIENT and error.code != "insufficient_quota",
            wait=_retry_after(error.response.headers.get("retry-after")),
            down=status in _DOWN,
            too_long=status in _TOO_LONG
            and bool(_TOO_LONG_WORDS.search(f"{error.code} {explanation}")),
        )
    cause = excerpt(": ".join(_causes(error)), secret)
    if isinstance(error, APITimeoutError):
        return EndpointError(
            f"{who} cannot be reached in time ({cause})", transient=True, down=True
        )
    if isinstance(error, APIConnectionError):
        return EndpointError(f"{who} cannot be reached ({cause})", transient=True, down=True)
    if isinstance(error, ValueError):  # json's, and Unicode's
        return EndpointError(f"{who} gave a reply that is not JSON ({cause})")
    return EndpointError(f"{who} broke off its reply ({cause})", transient=True)


def refused_setting(error: Exception) -> str | None:
    """Name the request's setting that the model does not take, if that is what went wrong."""
    from openai import BadRequestError

    codes = ("unsupported_parameter", "unsupported_value")
    if isinstance(error, BadRequestError) and error.code in codes:
        return error.param
    return None


def excerpt(text: str, secret: str) -> str:
    """Shorten a foreign text to one line in which no key is left."""
    if secret:
        text = text.replace(secret, "…")
    line = " ".join(neutralise(_SECRET.sub("…", text)).split())
    return line if len(line) <= _QUOTED else f"{line[:_QUOTED]}…"


def _explanation(body: object) -> str:
    while isinstance(body, dict):
        body = body.get("message") or body.get("error") or body.get("detail") or ""
    return body if isinstance(body, str) else str(body or "")


def _causes(error: BaseException) -> Iterator[str]:
    """Tell an error and what it came from, the innermost last, without repeats."""
    told: str | None = None
    current: BaseException | None = error
    for _ in range(5):
        if current is None:
            return
        message = str(current) or type(current).__name__
        if message != told:
            yield message
        told, current = message, current.__cause__


def _retry_after(value: str | None) -> float | None:
    """Read a Retry-After header: seconds, or a date."""
    if value is None:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        date = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, (date.replace(tzinfo=date.tzinfo or UTC) - datetime.now(UTC)).total_seconds())

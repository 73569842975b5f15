"""What is checked of a record: when it is written, and again when it is read.

A record that training could stumble over is refused when it is written, while the one who made it
can still be told, and not found out about in the middle of a training run.
"""

import math
import re
from collections.abc import Sequence
from functools import cache
from typing import TypeVar, cast

import orjson
from pydantic import TypeAdapter, ValidationError

from crosearch.agents.transcript import Segment
from crosearch.tools.errors import LogError
from crosearch.training.migrations import SchemaError, migrate
from crosearch.training.trajectories import Json, Trajectory

_SURROGATES = re.compile("[\ud800-\udfff]")
_Value = TypeVar("_Value")


def encode_record(record: Trajectory) -> bytes:
    """Check a record and write it as JSON in UTF-8.

    A lone surrogate, which no UTF-8 holds, becomes U+FFFD, one for one: spans stay right.

    Raises:
        LogError: It is not fit to be kept; the message names the record and the cause.
    """
    try:
        return _encode(record)
    except (SchemaError, orjson.JSONEncodeError):
        pass
    whole = replace_surrogates(record)
    try:
        return _encode(whole)
    except (SchemaError, orjson.JSONEncodeError) as error:
        name = record.get("key") or "without a key"
        raise LogError(f"the record {name} cannot be kept: {error}") from error


def as_plain(record: Trajectory) -> Trajectory:
    """Bring a record into the form in which it will be read again.

    Numbers of NumPy become Python's, and lone surrogates U+FFFD.

    Raises:
        SchemaError: It is not fit to be kept; the message names the field.
    """
    try:
        check_fields(record)
        orjson.dumps(record)
        return record
    except (SchemaError, orjson.JSONEncodeError):
        pass
    try:
        data = orjson.dumps(replace_surrogates(record), option=orjson.OPT_SERIALIZE_NUMPY)
    except orjson.JSONEncodeError as error:
        raise SchemaError(str(error)) from error
    return parse_record(orjson.loads(data))


def parse_record(value: dict[str, Json]) -> Trajectory:
    """Take what a line held for a record, and bring it to today's schema.

    Raises:
        SchemaError: It is none; the message names the field.
    """
    record = migrate(value)
    check_fields(record)
    return record


def check_fields(record: Trajectory) -> None:
    """See that every field is there, of its type, and that there is none beside.

    Raises:
        SchemaError: One is not.
    """
    try:
        _adapter().validate_python(record)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(map(str, first["loc"]))
        raise SchemaError(f"{field or 'it'}: {first['msg']}") from error


def token_mistake(transcript: Sequence[Segment]) -> str | None:
    """Say what is wrong with the tokens of a transcript; None where nothing is."""
    for number, segment in enumerate(transcript):
        mistake = _segment_mistake(segment)
        if mistake:
            return f"segment {number} ({segment['kind']}) {mistake}"
    return None


def training_obstacle(transcript: Sequence[Segment]) -> str:
    """Say why the tokens of a transcript cannot be trained on; empty where they can.

    Each segment up to the policy's last has to have its ids, the policy's their probabilities,
    and at least one token has to be the policy's: otherwise the mask is all zeros.
    """
    policy = [at for at, segment in enumerate(transcript) if segment["kind"] == "policy"]
    if not policy:
        return "the policy emitted nothing"
    for at, segment in enumerate(transcript[: policy[-1] + 1]):
        if "token_ids" not in segment:
            return f"segment {at} ({segment['kind']}) has no token ids"
        if segment["kind"] == "policy" and "logprobs" not in segment:
            return f"segment {at} (policy) has no log-probabilities"
    if not any(transcript[at].get("token_ids") for at in policy):
        return "no token is the policy's: the mask is all zeros"
    return ""


def replace_surrogates(value: _Value) -> _Value:
    """Replace the lone surrogates in all texts of a JSON value."""
    return cast("_Value", _replaced(value))


def _encode(record: Trajectory) -> bytes:
    check_fields(record)
    _check_tokens(record)
    return orjson.dumps(record)


def _check_tokens(record: Trajectory) -> None:
    mistake = token_mistake(record["transcript"])
    if mistake:
        raise SchemaError(mistake)
    if record["untrainable"]:
        return
    if record["failures"]:
        raise SchemaError("the machine failed the run, and `untrainable` does not say so")
    obstacle = training_obstacle(record["transcript"])
    if obstacle:
        raise SchemaError(f"it claims to be trainable, but {obstacle}")


def _segment_mistake(segment: Segment) -> str | None:
    logprobs = segment.get("logprobs")
    if logprobs is None:
        return None
    ids = segment.get("token_ids")
    if segment["kind"] != "policy":
        return "has log-probabilities, which only the policy's tokens have"
    if ids is None:
        return "has log-probabilities and no token ids"
    if len(ids) != len(logprobs):
        return f"has {len(ids)} token ids and {len(logprobs)} log-probabilities"
    for at, logprob in enumerate(logprobs):
        if not math.isfinite(logprob):
            return f"has {logprob} as the log-probability of token {at}"
    return None


def _replaced(value: object) -> object:
    if isinstance(value, str):
        return _SURROGATES.sub("\N{REPLACEMENT CHARACTER}", value)
    if isinstance(value, dict):
        fields = cast("dict[object, object]", value)
        return {_replaced(name): _replaced(item) for name, item in fields.items()}
    if isinstance(value, list):
        return [_replaced(item) for item in cast("list[object]", value)]
    return value


@cache
def _adapter() -> TypeAdapter[Trajectory]:
    return TypeAdapter(Trajectory)

"""Makes arbitrary records out of the record's own types, so that no field can be forgotten."""

import types
from collections.abc import Mapping
from typing import Any, Literal, NotRequired, Union, get_args, get_origin, get_type_hints

from hypothesis import strategies as st
from typing_extensions import is_typeddict

from crosearch.agents.transcript import Segment
from crosearch.training.trajectories import SCHEMA_VERSION, Trajectory

texts = st.text(st.characters(exclude_categories=()), max_size=20)
"""Of every code point that a Python string can hold, lone surrogates too."""
whole_numbers = st.integers(-(2**63), 2**64 - 1)
numbers = st.floats(allow_nan=False, allow_infinity=False)


def values(kind: Any) -> st.SearchStrategy[Any]:  # Any: types are values here
    """Make values of a type."""
    origin, arguments = get_origin(kind), get_args(kind)
    if is_typeddict(kind):
        return typed_dicts(kind)
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin in (Union, types.UnionType):
        return st.one_of(*map(values, arguments))
    if origin is list:
        return st.lists(values(arguments[0]), max_size=3)
    if origin is dict:
        return st.dictionaries(values(arguments[0]), values(arguments[1]), max_size=3)
    if hasattr(kind, "__supertype__"):
        return values(kind.__supertype__)
    simple: Mapping[Any, st.SearchStrategy[Any]] = {
        str: texts,
        int: whole_numbers,
        float: numbers,
        bool: st.booleans(),
        types.NoneType: st.none(),
    }
    return simple[kind]


def typed_dicts(kind: Any) -> st.SearchStrategy[Any]:
    """Make values of a `TypedDict`, with and without what is not required."""
    hints = get_type_hints(kind, include_extras=True)
    needed = {name: values(hint) for name, hint in hints.items() if not is_optional(hint)}
    other = {name: values(get_args(hint)[0]) for name, hint in hints.items() if is_optional(hint)}
    return st.fixed_dictionaries(needed, optional=other)


def is_optional(hint: Any) -> bool:
    return get_origin(hint) is NotRequired


@st.composite
def segments(draw: st.DrawFn) -> Segment:
    """Make segments whose tokens can be right."""
    segment: Segment = draw(typed_dicts(Segment))
    ids = segment.get("token_ids")
    segment.pop("logprobs", None)
    if ids is not None and segment["kind"] == "policy":
        segment["logprobs"] = draw(st.lists(numbers, min_size=len(ids), max_size=len(ids)))
    return segment


@st.composite
def trajectories(draw: st.DrawFn) -> Trajectory:
    """Make records that are fit to be kept."""
    record: Trajectory = draw(typed_dicts(Trajectory))
    record["schema_version"] = SCHEMA_VERSION
    record["transcript"] = draw(st.lists(segments(), max_size=4))
    record["untrainable"] = record["untrainable"] or "it is made up"
    return record

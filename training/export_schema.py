"""Rows of a typed dictionary as columns of Arrow, Parquet or JSON, and back.

The columns follow from the type, so that a field which a type gains is a column at once. Lists and
typed dictionaries become Arrow's lists and structs. Other dictionaries, whose keys are data, become
JSON texts: Hugging Face `datasets` has no column for them.
"""

import json
from collections.abc import Iterable, Mapping
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Literal, Union, cast, get_args, get_origin

from typing_extensions import get_type_hints, is_typeddict

from crosearch.training.trajectories import Json

if TYPE_CHECKING:
    from pyarrow import DataType, Schema  # type: ignore[import-untyped]  # it ships no types

Row = Mapping[str, Json]

_PLAIN = {str: "string", int: "int64", float: "float64", bool: "bool_"}


def arrow_schema(row: type) -> "Schema":
    """Derive the columns of a typed dictionary."""
    import pyarrow as pa

    return pa.schema(_fields(row))


def to_columns(row: type, values: Row) -> dict[str, Json]:
    """Write a row's dictionaries as JSON texts, as its columns hold them."""
    columns = json_columns(row)
    return {
        name: json.dumps(value, ensure_ascii=False) if name in columns else value
        for name, value in values.items()
    }


def from_columns(row: type, columns: Row) -> dict[str, Json]:
    """Rebuild a row from its columns; columns that its type does not name are left out.

    A key that need not be there, and is empty, is not there.
    """
    return {name: _decode(hint, columns[name]) for name, hint in get_type_hints(row).items()}


def json_columns(row: type) -> frozenset[str]:
    """Name the columns that hold JSON texts."""
    return frozenset(name for name, hint in get_type_hints(row).items() if _is_json(hint))


def _fields(row: type) -> "list[tuple[str, DataType]]":
    return [(name, _arrow_type(hint)) for name, hint in get_type_hints(row).items()]


def _arrow_type(hint: object) -> "DataType":
    import pyarrow as pa

    hint = _bare(hint)
    if hint in _PLAIN:
        return getattr(pa, _PLAIN[hint])()
    if get_origin(hint) is Literal or _is_json(hint):
        return pa.string()
    if get_origin(hint) is list:
        return pa.list_(_arrow_type(get_args(hint)[0]))
    if is_typeddict(hint):
        return pa.struct(_fields(cast("type", hint)))
    raise TypeError(f"there is no column for {hint!r}")


def _decode(hint: object, value: Json) -> Json:
    hint = _bare(hint)
    if value is None:
        return None
    if _is_json(hint):
        return cast("Json", json.loads(cast("str", value)))
    if get_origin(hint) is list:
        (item,) = get_args(hint)
        return [_decode(item, one) for one in cast("Iterable[Json]", value)]
    if not is_typeddict(hint):
        return value
    optional = cast("frozenset[str]", getattr(hint, "__optional_keys__", frozenset()))
    values = cast("Row", value)
    return {
        name: _decode(part, values[name])
        for name, part in get_type_hints(cast("type", hint)).items()
        if values[name] is not None or name not in optional
    }


def _is_json(hint: object) -> bool:
    return get_origin(_bare(hint)) is dict


def _bare(hint: object) -> object:
    """Take `None` out of a union, and a new type for what it is."""
    hint = getattr(hint, "__supertype__", hint)
    if get_origin(hint) in (Union, UnionType):
        others = [part for part in get_args(hint) if part is not NoneType]
        if len(others) == 1:
            return _bare(others[0])
    return hint

"""Keeps the states of runs in an SQLite file, so that a run can be taken up from any of them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from crosearch.tools.errors import StoreError

if TYPE_CHECKING:
    from langgraph.checkpoint.base import BaseCheckpointSaver


@asynccontextmanager
async def open_checkpoints(path: Path) -> "AsyncIterator[BaseCheckpointSaver[str]]":
    """Open a file of checkpoints, and make it where it is missing.

    The state holds plain values alone, and nothing else is ever revived from the file.

    Raises:
        StoreError: The file cannot be opened, or is no SQLite file.
    """
    import sqlite3

    import aiosqlite
    from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
    from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        async with aiosqlite.connect(path) as connection:
            plain = JsonPlusSerializer(pickle_fallback=False, allowed_msgpack_modules=None)
            saver = AsyncSqliteSaver(connection, serde=plain)
            await saver.setup()
            yield saver
    except (OSError, sqlite3.Error) as error:
        raise StoreError(f"the checkpoints {path.name!r} cannot be used: {error}") from error

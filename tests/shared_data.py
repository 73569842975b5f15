"""Where the public data sets lie that some tests and benchmarks read."""

import os
from pathlib import Path

import pytest


def shared_data() -> Path:
    """Find the data folder; skip the test where there is none."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("CROSEARCH_SHARED_DATA", beside))
    if not (folder / "manifest.json").is_file():
        pytest.skip(f"no data sets in {folder.name!r}: set CROSEARCH_SHARED_DATA to their folder")
    return folder

"""What every test stands on: no setting from outside, and one folder for the sample's store."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# A busy machine is no fault of the code.
settings.register_profile("untimed", parent=settings(), deadline=None)
settings.load_profile("untimed")


@pytest.fixture(scope="session", autouse=True)
def clean_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Take the user's settings away, and keep what is kept in a folder of the tests' own."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(("CROSEARCH_", "OPENAI_", "LANGSMITH_", "LANGCHAIN_")):
                if name != "CROSEARCH_SHARED_DATA":
                    patch.delenv(name)
        patch.setenv("CROSEARCH_HOME", str(home))
        patch.setenv("LANGSMITH_TRACING", "false")
        yield home


@pytest.fixture(scope="module")
def one_thread() -> Iterator[None]:
    """Let torch sum on one thread, in one order; what a test changes of that ends with its file."""
    import torch

    threads, exact = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(exact)

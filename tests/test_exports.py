"""What a package exports is what it lists, sorted."""

import importlib

import pytest


@pytest.mark.parametrize("package", ["tools", "agents", "graphs"])
def test_public_names_are_those_listed(package: str) -> None:
    module = importlib.import_module(f"crosearch.{package}")
    assert module.__all__ == sorted(module.__all__)
    assert all(hasattr(module, name) for name in module.__all__)

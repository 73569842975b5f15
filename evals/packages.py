"""The packages that evaluations measure with: whether they are there, and which versions."""

from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

from crosearch.tools.errors import UsageError


def need_packages(*modules: str, doing: str) -> None:
    """See that packages of the extra `metrics` are installed, before anything is begun.

    Args:
        modules: What they are imported as.
        doing: What they are needed for, as the message says it.

    Raises:
        UsageError: One is not.
    """
    for module in modules:
        if find_spec(module) is None:
            raise UsageError(
                f"{doing} takes the package {module}: pip install 'crosearch[metrics]'"
            )


def package_versions(packages: Iterable[str]) -> dict[str, str | None]:
    """Return packages' versions; None where one is not installed."""
    found: dict[str, str | None] = {}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = None
    return found

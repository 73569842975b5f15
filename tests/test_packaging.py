"""The folders at the root are the package: what is listed for the wheel is what is there."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
SETUPTOOLS = PROJECT["tool"]["setuptools"]


def test_every_folder_of_modules_is_a_package_of_the_wheel() -> None:
    folders = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert {f"crosearch.{folder}" for folder in folders} == set(SETUPTOOLS["packages"])
    assert {f"crosearch.{folder}": folder for folder in folders} == SETUPTOOLS["package-dir"]


def test_every_package_says_that_it_is_typed() -> None:
    assert all(
        (ROOT / folder / "py.typed").exists() for folder in SETUPTOOLS["package-dir"].values()
    )


def test_folders_are_flat_since_an_unlisted_subpackage_would_be_missing_from_the_wheel() -> None:
    assert not [
        path
        for folder in SETUPTOOLS["package-dir"].values()
        for path in (ROOT / folder).glob("*/*.py")
    ]


def test_what_is_pinned_names_no_address() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").split()
    assert lines
    assert all(line.count("==") == 1 and "/" not in line for line in lines)

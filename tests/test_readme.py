"""The README's Python example runs as it stands there, and prints what the README shows."""

import re
import subprocess
import sys
from pathlib import Path

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")


def test_the_python_example_prints_what_the_readme_shows(tmp_path: Path) -> None:
    (example,) = re.findall(r"```python\n(.*?)```\n+prints\n+```\n(.*?)```", README, re.DOTALL)
    code, shown = example
    (tmp_path / "example.py").write_text(code, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "example.py"], cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    assert done.stderr == ""
    assert done.stdout == shown


def test_every_folder_of_the_readme_is_there() -> None:
    folders = re.findall(r"^\| `(\w+)/` \|", README, re.MULTILINE)
    assert len(folders) == 7
    assert all((Path(__file__).parent.parent / folder).is_dir() for folder in folders)

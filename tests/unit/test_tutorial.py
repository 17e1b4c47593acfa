"""The page docs/tutorial.md: the export that it begins with, and commands that exist."""

import re
import subprocess
import sys
from pathlib import Path

import typer

from lepton_spark.cli.commands import app

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")


def test_tutorial_shows_the_export_that_its_script_makes(tmp_path: Path) -> None:
    (command,) = re.findall(r"^python (examples/\S+) (\S+)$", PAGE, re.MULTILINE)
    subprocess.run([sys.executable, str(ROOT / command[0]), command[1]], cwd=tmp_path, check=True)
    shown = re.search(r"<!-- output: (\S+) -->\n```text\n(.*?)```", PAGE, re.DOTALL)
    assert shown is not None
    files = sorted((tmp_path / command[1]).iterdir())
    texts = [file.read_bytes().decode("cp1252") for file in files]
    assert (tmp_path / shown[1]).read_bytes().decode("cp1252").replace("\r\n", "\n").startswith(shown[2])
    assert f"{len(files)} files" in PAGE
    n_lines = sum(text.count("\r\n") - 1 for text in texts)
    assert f"All {n_lines:,} lines" in PAGE
    assert f"accepted          │ {n_lines:,} │" in PAGE


def test_tutorial_uses_commands_and_options_that_exist() -> None:
    commands = typer.main.get_group(app).commands
    used = re.findall(r"^lepton (\w+) (.*)$", PAGE, re.MULTILINE)
    assert len(used) >= 5
    for name, rest in used:
        options = {text for option in commands[name].params for text in option.opts}
        assert set(re.findall(r"(?<=\s)--?\w+", f" {rest}")) <= options, name

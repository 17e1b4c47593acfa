"""The documentation: a reference that is that of the code, and a site without warnings or remote assets."""

import re
import subprocess
import sys
from pathlib import Path

from scripts.write_reference import FOLDER, pages

REMOTE = re.compile(r'<(?:script|img|iframe)[^>]*src="https?:|<link[^>]*href="https?:[^>]*stylesheet')


def test_reference_is_that_of_the_code() -> None:
    written = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.iterdir()}
    assert written == pages(), "run: make reference"


def test_every_setting_column_and_option_has_a_meaning() -> None:
    lines = [line for page in pages().values() for line in page.splitlines() if line.startswith("|")]
    assert [line for line in lines if re.search(r"\|\s*\|$", line)] == []


def test_site_has_no_warning_and_no_remote_asset(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "sphinx", "-W", "-q", "-b", "html", str(FOLDER.parent), str(tmp_path)]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (built.returncode, built.stderr) == (0, "")
    texts = {page.name: page.read_text(encoding="utf-8") for page in tmp_path.rglob("*.html")}
    assert "index.html" in texts
    assert [name for name, text in texts.items() if REMOTE.search(text)] == []

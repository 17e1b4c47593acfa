"""The documentation: its reference is that of the code, and the site is built without a warning or remote asset."""

import re
from pathlib import Path

from sphinx.cmd.build import build_main

from scripts.write_reference import FOLDER, pages

DOCS = FOLDER.parent


def test_reference_is_that_of_the_code() -> None:
    written = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.iterdir()}
    assert written == pages(), "run: make reference"


def test_every_setting_column_and_option_has_a_meaning() -> None:
    lines = [line for page in pages().values() for line in page.splitlines() if line.startswith("|")]
    assert [line for line in lines if re.search(r"\|\s*\|$", line)] == []


def test_site_has_no_warning_and_no_remote_asset(tmp_path: Path) -> None:
    assert build_main(["-W", "-q", "-b", "html", str(DOCS), str(tmp_path)]) == 0
    pattern = re.compile(r'<(?:script|img|iframe)[^>]*src="https?:|<link[^>]*href="https?:[^>]*stylesheet')
    remote = [
        page.name for page in tmp_path.rglob("*.html") if pattern.search(page.read_text(encoding="utf-8"))
    ]
    assert remote == []
    assert (tmp_path / "index.html").is_file()

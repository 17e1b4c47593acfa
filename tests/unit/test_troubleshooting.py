"""The page docs/troubleshooting.md shows what the commands really print."""

import re
import shutil
from pathlib import Path

import pytest

from lepton_spark.cli import main

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
CASE = re.compile(
    r"^### (?P<title>[^\n]+)\n\n(?:```yaml\n(?P<conf>.*?)```\n\n)?```console\n\$ lepton (?P<command>[^\n]+)\n"
    r"(?P<output>.*?)```\n\n(?P<remedy>[^\n]+)",
    re.DOTALL | re.MULTILINE,
)
CASES = [found.groupdict() for found in CASE.finditer(PAGE)]
WORKING = "warehouse:\n  root: tables\ninput:\n  path: data/sales.csv\n"
"""The file mine.yaml of a case that shows none."""


def test_page_has_a_case_for_each_console_block() -> None:
    assert len(CASES) == PAGE.count("```console\n")
    assert len(CASES) >= 20


@pytest.mark.parametrize("case", [pytest.param(case, id=case["title"]) for case in CASES])
def test_page_shows_the_output_of_the_command(
    case: dict[str, str | None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    shutil.copy(ROOT / "conf" / "base.yaml", "base.yaml")
    Path("mine.yaml").write_text(case["conf"] or WORKING, encoding="utf-8")
    Path("data").mkdir()
    Path("data", "sales.csv").write_text("product_id,date,quantity\n", encoding="utf-8")
    given = sorted(tmp_path.rglob("*"))

    assert main(str(case["command"]).split()) == 2

    printed = capsys.readouterr()
    assert printed.err == case["output"]
    assert printed.out == ""
    assert sorted(tmp_path.rglob("*")) == given

"""Where the report goes, how it is replaced, and what happens to a run whose report fails."""

from pathlib import Path

import pytest
import typer

from lepton_spark.cli import operators
from lepton_spark.cli.messages import report_path
from lepton_spark.config import Config, WarehouseSettings
from lepton_spark.config.sections.operations_settings import ReportSettings
from lepton_spark.pipelines.context import JobContext
from lepton_spark.pipelines.report import write_text


def config(root: str, file: str | None = None) -> Config:
    return Config(warehouse=WarehouseSettings(root=root), report=ReportSettings(file=file))


def test_report_goes_where_it_is_asked_for_else_beside_the_tables() -> None:
    assert report_path(config("out/mine", "a.html"), Path("b.html")) == Path("b.html")
    assert report_path(config("out/mine", "a.html"), None) == Path("a.html")
    assert report_path(config("out/mine"), None) == Path("out/mine/report.html")
    assert report_path(config("file:/data/mine"), None) == Path("/data/mine/report.html")
    assert report_path(config("s3a://bucket/x", "a.html"), None) == Path("a.html")
    with pytest.raises(typer.BadParameter, match="give -o FILE: the tables are in s3a://bucket/x"):
        report_path(config("s3a://bucket/x"), None)


def test_page_replaces_the_earlier_one_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "new" / "report.html"
    assert write_text(path, "one") == 3
    assert write_text(path, "zwölf") == 6
    assert path.read_text(encoding="utf-8") == "zwölf"
    assert [file.name for file in path.parent.iterdir()] == ["report.html"]
    assert path.stat().st_mode & 0o777 == 0o644


def test_page_that_cannot_be_replaced_leaves_nothing_beside_it(tmp_path: Path) -> None:
    (tmp_path / "report.html").mkdir()
    with pytest.raises(IsADirectoryError):
        write_text(tmp_path / "report.html", "one")
    assert [file.name for file in tmp_path.iterdir()] == ["report.html"]


def test_failed_report_is_named_and_does_not_fail_the_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(_context: object, _path: object) -> None:
        raise ValueError("no ink")

    monkeypatch.setattr(operators, "run_report", fails)
    job = JobContext(None, None, config("out", "a.html"), operators.clock)  # type: ignore[arg-type]
    operators.write_report(job)
    assert "report a.html: not written: " in capsys.readouterr().err
    operators.write_report(JobContext(None, None, config("out"), operators.clock))  # type: ignore[arg-type]
    assert capsys.readouterr().err == ""

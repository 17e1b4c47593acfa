"""The log file: its records as text and as JSON, what goes to it, and faults of the option."""

import io
import json
import logging
from pathlib import Path

import pytest
from rich.console import Console

from lepton_spark import cli
from lepton_spark.cli import job
from lepton_spark.errors import ConfigError
from lepton_spark.operations.log_file import log_file, without_log_file
from lepton_spark.report.progress import ConsoleProgress

log = logging.getLogger("lepton_spark.example")


def test_json_lines_have_stage_seconds_and_exit_code(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    times = iter((10.0, 12.5))
    with (
        log_file(path),
        ConsoleProgress(Console(file=io.StringIO()), lambda: next(times)).stage("panel") as stage,
    ):
        stage.note("3 Stück")
    assert cli.main(["run", "--log-file", str(path)]) == 2
    first, fault, last = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())
    assert (first["message"], first["stage"], first["seconds"]) == ("panel: 3 Stück (2.5 s)", "panel", 2.5)
    assert first["at"].endswith("+00:00")
    assert fault["level"] == "ERROR"
    assert "command line: --conf: found nothing" in fault["message"]
    assert "traceback" not in fault
    assert (last["exit_code"], last["level"]) == (2, "INFO")


def test_unexpected_failure_is_logged_with_its_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(job, "load_config", lambda *_: 1 / 0)
    path = tmp_path / "run.jsonl"
    assert cli.main(["config", "--log-file", str(path)]) == 1
    fault, last = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())
    assert "ZeroDivisionError: division by zero" in fault["traceback"]
    assert last["exit_code"] == 1
    assert "Traceback" not in capsys.readouterr().err


def test_text_is_appended_and_other_handlers_keep_their_level(tmp_path: Path) -> None:
    path, shown = tmp_path / "run.log", io.StringIO()
    handler = logging.StreamHandler(shown)
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        for _ in range(2):
            with log_file(path):
                log.info("three lines")
                log.warning("odd")
        log.info("after the block")
    finally:
        root.removeHandler(handler)
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [line[20:] for line in lines] == [
        " INFO lepton_spark.example: three lines",
        " WARNING lepton_spark.example: odd",
    ] * 2
    assert lines[0][10] == "T"
    assert lines[0][19] == "Z"
    assert shown.getvalue() == "odd\nodd\n"
    assert handler.level == logging.NOTSET


@pytest.mark.parametrize("given", [["--log-file", "a.log"], ["--log-file=a.log"]])
def test_option_is_taken_out_of_the_arguments(given: list[str]) -> None:
    assert without_log_file(["run", *given, "--publish"]) == (["run", "--publish"], Path("a.log"))
    assert without_log_file(["run", "--publish"]) == (["run", "--publish"], None)


def test_log_file_that_cannot_be_written_is_a_fault(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["tables", "--log-file", str(tmp_path / "no" / "a.log")]) == 2
    words = capsys.readouterr().err
    assert "command line: --log-file: found" in words
    assert "allowed: a file in a folder that exists and can be written to" in words
    with pytest.raises(ConfigError, match="--log-file: found nothing; allowed: a file"):
        without_log_file(["run", "--log-file"])

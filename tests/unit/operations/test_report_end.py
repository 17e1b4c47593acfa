"""What the end of a command hands over to the alert."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from lepton_spark.cli import operators
from lepton_spark.config import Config
from lepton_spark.operations.stage_times import StageTimes
from lepton_spark.pipelines.context import JobContext, NoProgress
from lepton_spark.pipelines.ingest.ingest import IngestResult, RefusedFile
from lepton_spark.pipelines.monitor.monitor import MonitorResult
from lepton_spark.pipelines.publish.publish import PublishResult
from tests.pipelines.job_context import NOON

KEEP = "import sys; open(sys.argv[1], 'w').write(sys.stdin.read())"


@pytest.fixture
def context(tmp_path: Path) -> JobContext:
    """A job without a session, whose alerts go to a file."""
    command = [sys.executable, "-c", KEEP, str(tmp_path / "alert.json")]
    config = Config.model_validate({"alerts": {"command": command}})
    return JobContext(None, None, config, lambda: NOON)


def reported(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "alert.json").read_text("utf-8"))
    return found


def test_results_of_all_stages_make_one_alert(
    context: JobContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operators, "command_name", lambda: "run")
    refused = IngestResult("b", {}, (RefusedFile("a.csv", "empty", "no line"),), 1.0)
    withheld = PublishResult("r", False, "refused by no_null: found 1", (), refused=True)
    scored = MonitorResult(("r0", "r1"), {"ok": 1, "alarm": 2})
    operators.report_end(context, 3, ingest=refused, publish=withheld, monitoring=scored)
    sent = reported(tmp_path)
    assert sent["events"] == ["publication_refused", "refused_files", "product_alarms"]
    assert (sent["job"], sent["exit_code"]) == ("run", 3)
    assert sent["at"] == NOON.isoformat()


def test_run_that_is_not_published_for_another_reason_is_no_alert(
    context: JobContext, tmp_path: Path
) -> None:
    kept = PublishResult("r", False, "not published: forecasts from the later cutoff 2021-01-31 are")
    operators.report_end(context, 0, publish=kept, ingest=IngestResult(None, {}, (), 1.0))
    assert not (tmp_path / "alert.json").exists()


def test_stages_are_timed_while_they_are_shown() -> None:
    ticks = iter([NOON, NOON.replace(second=4), NOON.replace(second=5), NOON.replace(second=7)])
    times = StageTimes(NoProgress(), lambda: next(ticks))
    with times.stage("panel") as stage:
        stage.note("done")
    with pytest.raises(ZeroDivisionError), times.stage("publish"):
        raise ZeroDivisionError
    assert [(one.title, one.seconds, one.failed) for one in times.ended] == [
        ("panel", 4.0, False),
        ("publish", 2.0, True),
    ]

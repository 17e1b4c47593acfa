from io import StringIO

import pytest
from rich.console import Console

from lepton_spark.report.progress import ConsoleProgress


def test_console_progress_prints_one_plain_line_a_stage() -> None:
    out = StringIO()
    times = iter([10.0, 12.5, 20.0, 21.0])
    progress = ConsoleProgress(Console(file=out), lambda: next(times))
    with progress.stage("ingest") as stage:
        stage.note("3 files")
        stage.note("[9] lines")
    with pytest.raises(ValueError, match="bad"), progress.stage("panel"):
        raise ValueError("bad")
    assert out.getvalue() == "ingest: 3 files, [9] lines (2.5 s)\npanel: failed (1.0 s)\n"

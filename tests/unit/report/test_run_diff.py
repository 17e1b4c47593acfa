"""What `lepton diff` says about two runs, without Spark."""

from dataclasses import replace
from datetime import date

import pytest

from lepton_spark.report.run_diff.diff import RunDiff, SeriesChange
from lepton_spark.report.run_diff.page import overview, reason
from lepton_spark.report.run_diff.recorded import Recorded

ONE = Recorded("r1", date(2024, 5, 5), "1", {})
SAME = SeriesChange("milk", "all", 20.0, 30.0, "ridge", "ridge", None, None)
DIFF = RunDiff(
    ONE, replace(ONE, run_id="r2"), (), date(2024, 5, 6), date(2024, 5, 8), 1, 0, 0, 0, 0.0, 30.0, ()
)


@pytest.mark.parametrize(
    ("change", "settings", "words"),
    [
        pytest.param(SAME, (), "corrected sales, or sales of other series", id="nothing recorded"),
        pytest.param(SAME, (("forecast.holidays", None, "US"),), "settings changed", id="settings"),
        pytest.param(replace(SAME, model_after="mean"), (), "model mean instead of ridge", id="model"),
        pytest.param(replace(SAME, sold=3.0), (), "new sales: 3", id="sales of a day without a forecast"),
    ],
)
def test_reason_names_what_is_known(
    change: SeriesChange, settings: tuple[tuple[str, object, object], ...], words: str
) -> None:
    assert reason(change, replace(DIFF, settings=settings)) == words


def test_overview_names_code_and_days_and_shortens_settings() -> None:
    after = replace(ONE, run_id="r2", cutoff=date(2024, 5, 3), code_version="2")
    settings = tuple((f"key{number}", 1, 2) for number in range(12))
    lines = list(overview(replace(DIFF, after=after, settings=settings)))
    assert "0.0 units before, 30.0 after (-)" in lines[2]
    assert "Sales: 2 fewer days are known to the second run" in lines
    assert "Code: 2 instead of 1" in lines
    assert lines[-2:] == ["Setting: key9 is 2, was 1", "and 2 more settings"]

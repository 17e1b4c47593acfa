"""The Prometheus file, read back by the client's own parser."""

import math
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from lepton_spark.operations.job_end import JobEnd
from lepton_spark.operations.prometheus import SUCCESS, Figure, job_figures, last_success, write_figures
from lepton_spark.operations.stage_times import StageTime

AT = datetime(2021, 2, 1, tzinfo=UTC)
END = JobEnd("run", AT, 0)


def read(path: Path) -> dict[tuple[str, str], float]:
    """Values by name and label."""
    families = text_string_to_metric_families(path.read_text("utf-8"))
    return {
        (sample.name, next(iter(sample.labels.values()), "")): sample.value
        for family in families
        for sample in family.samples
    }


def test_file_is_readable_by_the_client_whatever_a_label_holds(tmp_path: Path) -> None:
    path = tmp_path / "lepton.prom"
    hostile = 'a"b\\c\nd é {}'
    figures = [
        Figure("lepton_a_ratio", "Help", {"": 0.1 + 0.2}),
        Figure("lepton_b", "Help", {hostile: 3.0, "x": -1.0}, "reason"),
        Figure("lepton_c", "Help", {}),
    ]
    write_figures(str(path), figures)
    expected = {("lepton_a_ratio", ""): 0.1 + 0.2, ("lepton_b", hostile): 3.0, ("lepton_b", "x"): -1.0}
    assert read(path) == expected
    assert [file.name for file in tmp_path.iterdir()] == ["lepton.prom"]


def test_file_that_cannot_be_written_leaves_the_earlier_one(tmp_path: Path) -> None:
    path = tmp_path / "lepton.prom"
    write_figures(str(path), [Figure("lepton_a", "Help", {"": 1.0})])
    with pytest.raises(ValueError, match="Duplicated timeseries"):
        write_figures(str(path), [Figure("lepton_a", "Help", {"": 2.0})] * 2)
    assert read(path) == {("lepton_a", ""): 1.0}


def test_seconds_of_stages_of_one_title_are_added() -> None:
    stages = [
        StageTime(title, AT, AT + timedelta(seconds=seconds), failed=False)
        for title, seconds in (("monitor", 1.5), ("panel", 4.0), ("monitor", 2.0))
    ]
    figures = {figure.name: figure for figure in job_figures(END, stages, None)}
    assert figures["lepton_stage_duration_seconds"].values == {"monitor": 3.5, "panel": 4.0}


@pytest.mark.parametrize(("code", "expected"), [(0, AT.timestamp()), (7, 12.0)], ids=["success", "old_sales"])
def test_last_success_is_kept_by_jobs_without_success(tmp_path: Path, code: int, expected: float) -> None:
    path = tmp_path / "lepton.prom"
    assert last_success(str(path)) is None
    write_figures(str(path), [Figure(SUCCESS, "Help", {"": 12.0})])
    write_figures(str(path), job_figures(JobEnd("run", AT, code), [], last_success(str(path))))
    found = read(path)
    assert found[SUCCESS, ""] == expected
    assert found["lepton_last_job_exit_code", ""] == code
    assert found["lepton_last_job_timestamp_seconds", ""] == 1612137600


def test_first_job_without_success_has_no_time_of_success(tmp_path: Path) -> None:
    path = tmp_path / "lepton.prom"
    write_figures(str(path), job_figures(JobEnd("run", AT, 3), [], None))
    assert (SUCCESS, "") not in read(path)
    assert not any(map(math.isnan, read(path).values()))

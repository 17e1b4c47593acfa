from pathlib import Path

import numpy as np
import pytest
from accuracy_parts.protocol import Origin, scales_of
from accuracy_parts.results import Results, evaluate, score_cells, write_csv
from accuracy_parts.scores import Distribution, InvalidForecastError, Model, Output, mean_only

from lepton_spark.models.data.history import History


def _origin(index: int, sold: float) -> Origin:
    history = History(np.tile([1.0, 3.0], (2, 50)), np.arange(100))  # every change is 2 units
    actual = np.full((2, 14), sold)
    ahead = 100 + np.arange(14)
    return Origin(index, np.arange(2), history, ahead, actual, scales_of(history), np.ones(2))


def _constant(value: float) -> Model:
    return mean_only(lambda origin: np.full(origin.actual.shape, value))


def _evaluated() -> Results:
    # the last two of eight origins are also scored by themselves
    return evaluate(
        "made", [_origin(0, 2.0), _origin(7, 4.0)], {"two": _constant(2.0), "four": _constant(4.0)}
    )


def test_score_rows_pool_all_origins() -> None:
    rows = {row["model"]: row for row in _evaluated().score_rows("two")}
    # errors of 0 and of 2 over changes of 2
    assert [rows[model]["wrmsse"] for model in ("two", "four")] == [0.7071, 0.7071]
    assert [rows[model]["bias"] for model in ("two", "four")] == [0.25, 0.5]
    assert (rows["two"]["set"], rows["two"]["origins"]) == ("made", "all")
    assert (rows["two"]["bias_gap_low"], rows["two"]["bias_gap_high"]) == (0.0, 0.0)


def test_last_rows_pool_the_last_two_origins_only() -> None:
    rows = {row["model"]: row for row in _evaluated().last_rows("two")}
    assert rows["two"]["origins"] == "last two"
    assert [rows[model]["wrmsse"] for model in ("two", "four")] == [1.0, 0.0]
    assert evaluate("made", [_origin(0, 2.0)], {"two": _constant(2.0)}).last_rows("two") == []


def test_rows_without_the_reference_have_no_intervals() -> None:
    row = _evaluated().score_rows("another")[0]
    assert np.isnan([row["wrmsse_gap_low"], row["wrmsse_gap_high"]]).all()


def test_invalid_output_is_not_scored() -> None:
    with pytest.raises(InvalidForecastError, match="minus: origin 0: found 28 scored days"):
        evaluate("made", [_origin(0, 2.0)], {"minus": _constant(-1.0)})


def test_calibration_rows_are_of_models_with_a_distribution() -> None:
    origin = _origin(0, 2.0)
    distribution = Distribution(np.full((2, 14, 7), 2.0), np.ones(2), np.zeros((2, 1, 14)))
    results = Results("made")
    results.add(origin, "mean only", _constant(2.0)(origin))
    results.add(origin, "whole run", Output(np.full((2, 14), 2.0), None, 0.0, distribution))
    assert [(row["model"], row["class"], row["n"]) for row in results.calibration_rows()] == [
        ("whole run", "all", 28),
        ("whole run", "smooth", 28),
    ]


def test_rows_are_written_and_shown_with_their_intervals(tmp_path: Path) -> None:
    rows = _evaluated().score_rows("two")
    write_csv(rows, tmp_path / "scores.csv")
    lines = (tmp_path / "scores.csv").read_text().splitlines()
    assert lines[0].startswith("set,origins,model,seconds,wrmsse,wrmsse_gap_low,wrmsse_gap_high,bias")
    assert len(lines) == 3
    assert score_cells(rows[0])["wrmsse"] == "0.707 [+0.000, +0.000]"
    write_csv([], tmp_path / "nothing.csv")
    assert not (tmp_path / "nothing.csv").exists()

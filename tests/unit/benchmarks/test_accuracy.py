from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from accuracy_parts.protocol import Origin, origins, squared_changes
from accuracy_parts.scores import InvalidForecastError, Output, cell_sums, check, pool, scores
from accuracy_parts.sets import Panel, sources_of, to_panel, without_cancelled

from lepton_spark.models.data.history import History

NAN = np.nan


def _origin(index: int, actual: list[list[float]], weight: list[float]) -> Origin:
    n_series, n_ahead = len(actual), len(actual[0])
    history = History(np.ones((n_series, 3)), np.arange(3))
    days = 3 + np.arange(n_ahead)
    return Origin(
        index, np.arange(n_series), history, days, np.array(actual), np.full(n_series, 4.0), np.array(weight)
    )


def test_wrmsse_pools_weighted_squares_before_the_root() -> None:
    origin = _origin(0, [[1.0, 3.0], [2.0, NAN]], [3.0, 1.0])
    output = Output(np.array([[3.0, 3.0], [5.0, 7.0]]), None, 0.0)
    # mean squares (4 + 0) / 2 and 9; (3 x 2 / 4 + 1 x 9 / 4) / (3 + 1)
    assert scores(cell_sums(origin, output))["wrmsse"] == pytest.approx(np.sqrt(3.75 / 4.0))


def test_bias_is_the_mean_over_origins_of_absolute_biases() -> None:
    high = cell_sums(_origin(0, [[2.0, 2.0]], [1.0]), Output(np.array([[3.0, 3.0]]), None, 0.0))
    low = cell_sums(_origin(1, [[2.0, 2.0]], [1.0]), Output(np.array([[1.0, 2.0]]), None, 0.0))
    assert scores(pool([high, low]))["bias"] == pytest.approx((0.5 + 0.25) / 2)


def test_quantile_scores_are_over_units_sold() -> None:
    origin = _origin(0, [[4.0, 6.0]], [1.0])
    quantiles = np.array([[[2.0, 5.0, 6.0], [6.0, 6.0, 6.0]]])
    result = scores(cell_sums(origin, Output(np.zeros((1, 2)), quantiles, 0.0)))
    assert result["wape_p50"] == pytest.approx(1.0 / 10.0)
    # losses 0.1 x 2, 0.5 x 1, 0.1 x 2; twice their mean over the levels
    assert result["pinball"] == pytest.approx(2.0 * (0.2 + 0.5 + 0.2) / 3.0 / 10.0)


@pytest.mark.parametrize("bad", [NAN, np.inf, -0.1], ids=["missing", "not-finite", "negative"])
def test_a_bad_forecast_on_a_scored_day_fails_the_run(bad: float) -> None:
    origin = _origin(3, [[1.0, NAN]], [1.0])
    check("model", origin, Output(np.array([[1.0, bad]]), None, 0.0))
    with pytest.raises(InvalidForecastError, match="model: origin 3: found 1 scored day"):
        check("model", origin, Output(np.array([[bad, 1.0]]), None, 0.0))


def test_a_closed_day_is_no_part_of_the_scale() -> None:
    quantity = np.array([[1.0, NAN, 4.0, 4.0], [NAN, NAN, 2.0, 4.0]])
    assert squared_changes(quantity).tolist() == [4.5, 4.0]


def test_a_panel_is_unknown_before_birth_and_on_closed_days() -> None:
    dates = pd.to_datetime(["2024-01-01", "2024-01-03", "2024-01-03"])
    panel = to_panel("x", pd.DataFrame({"product_id": ["b", "a", "b"], "date": dates, "quantity": [2, 5, 1]}))
    assert panel.product_ids == ("a", "b")
    np.testing.assert_array_equal(panel.quantity, [[NAN, NAN, 5.0], [2.0, NAN, 1.0]])


def test_a_cancellation_takes_the_latest_sale_of_the_same_customer_and_units() -> None:
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


def test_origins_show_nothing_after_their_cutoff_and_score_what_follows() -> None:
    rng = np.random.default_rng(0)
    quantity = rng.poisson(2.0, (700, 300)).astype(float)
    panel = Panel("x", tuple(map(str, range(700))), np.arange(300), quantity)
    made = origins(panel)
    assert [origin.history.days[-1] for origin in made] == list(range(173, 272, 14))
    for origin in made:
        assert len(set(origin.products.tolist())) == 600
        np.testing.assert_array_equal(origin.actual, quantity[origin.products][:, origin.days])
        assert origin.days[0] == origin.history.days[-1] + 1


def test_a_set_that_is_not_there_stops_before_anything_is_scored(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"set online: found no \*\.csv\.gz in .*nowhere; allowed.*--online"):
        sources_of(["journey", "online"], tmp_path / "nowhere", tmp_path)
    assert sources_of(["journey"], tmp_path / "nowhere", tmp_path)["journey"].name == "data"
    (tmp_path / "online.npz").touch()
    assert sources_of(["online"], tmp_path / "nowhere", tmp_path)["online"] == tmp_path / "nowhere"
    (tmp_path / "online.npz").unlink()
    (tmp_path / "2011-01-04.csv.gz").touch()
    assert sources_of(["online"], tmp_path, tmp_path / "cache")["online"] == tmp_path

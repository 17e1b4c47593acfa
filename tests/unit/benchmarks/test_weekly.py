import numpy as np
import pytest
import weekly as benchmark
from accuracy_parts.protocol import HORIZON, Origin
from accuracy_parts.scores import SCORED_LEVELS, Output, cell_sums, scores

from lepton_spark.evaluation.accuracy.error_sums import Scales
from lepton_spark.models.data.history import History


def _origin(actual: np.ndarray, quantity: np.ndarray) -> Origin:
    days = 20_000 + np.arange(quantity.shape[1])
    ahead = days[-1] + 1 + np.arange(HORIZON)
    one = np.ones(len(quantity))
    history = History(quantity, days)
    return Origin(0, np.arange(len(quantity)), history, ahead, actual, Scales(one, one), one)


def test_weeks_are_totals_of_open_days_and_end_with_the_horizon() -> None:
    actual = np.ones((1, HORIZON))
    actual[0, 3] = np.nan
    actual[0, 7:14] = np.nan  # a closed week is not scored
    origin = benchmark.in_weeks(_origin(actual, np.full((1, 70), 2.0)))
    np.testing.assert_array_equal(origin.actual, [[6.0, np.nan, 7.0, 7.0]])
    assert (origin.days - 20_069).tolist() == [7, 14, 21, 28]
    assert (origin.history.quantity == 14.0).all()
    assert origin.history.days[-1] == 20_069


def test_scales_are_of_weekly_totals() -> None:
    quantity = np.repeat([1.0, 2.0, 4.0], 7)[np.newaxis]  # weeks of 7, 14 and 28
    origin = benchmark.in_weeks(_origin(np.ones((1, HORIZON)), quantity))
    assert origin.scales.squared_change.tolist() == [(7.0**2 + 14.0**2) / 2.0]


def test_weekdays_closed_for_eight_weeks_are_closed_ahead() -> None:
    quantity = np.ones((1, 70))
    quantity[0, 6::7] = np.nan
    assert benchmark.is_open_ahead(History(quantity, np.arange(70))).tolist() == [*[1.0] * 6, 0.0] * 4


def test_own_weeks_give_mean_and_quantiles_of_past_totals() -> None:
    quantity = np.repeat(np.arange(1.0, 21.0), 7)[np.newaxis]
    own = benchmark.own_weeks(benchmark.in_weeks(_origin(np.ones((1, HORIZON)), quantity)))
    assert own.forecast.tolist() == [[7.0 * 10.5] * 4]
    assert own.quantiles is not None
    assert own.quantiles.shape == (1, 4, len(SCORED_LEVELS))
    assert own.quantiles[0, 0].tolist() == [7.0 * rank for rank in (2, 10, 18)]


@pytest.mark.parametrize(("quantile", "wape", "pinball"), [(6.0, 1 / 7, 1 / 7), (7.0, 0.0, 0.0)])
def test_quantile_scores_are_relative_to_units_of_open_weeks(
    quantile: float, wape: float, pinball: float
) -> None:
    actual = np.ones((1, HORIZON))
    actual[0, 7:14] = np.nan
    origin = benchmark.in_weeks(_origin(actual, np.full((1, 70), 2.0)))  # three weeks of 7 units
    output = Output(np.zeros((1, 4)), np.full((1, 4, len(SCORED_LEVELS)), quantile), 0.0)
    found = scores(cell_sums(origin, output))
    # each week may lie a unit above every quantile: its loss is twice the mean level of 0.5, over 7 units
    assert found["wape_p50"] == pytest.approx(wape)
    assert found["pinball"] == pytest.approx(pinball)

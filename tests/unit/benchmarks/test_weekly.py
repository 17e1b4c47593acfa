import numpy as np
import pytest
import weekly as benchmark
from accuracy_parts.belief import SEVEN
from accuracy_parts.protocol import HORIZON, Origin
from accuracy_parts.scores import Output

from lepton_spark.models.data.history import History


def _origin(actual: np.ndarray, quantity: np.ndarray) -> Origin:
    days = 20_000 + np.arange(quantity.shape[1])
    ahead = days[-1] + 1 + np.arange(HORIZON)
    n_series = len(quantity)
    return Origin(
        0, np.arange(n_series), History(quantity, days), ahead, actual, np.ones(n_series), np.ones(n_series)
    )


def test_weeks_are_sums_of_open_days_and_end_with_the_horizon() -> None:
    actual = np.ones((1, HORIZON))
    actual[0, 3] = np.nan
    actual[0, 7:14] = np.nan  # a week that is closed is not scored
    origin = benchmark.in_weeks(_origin(actual, np.full((1, 70), 2.0)))
    np.testing.assert_array_equal(origin.actual, [[6.0, np.nan, 7.0, 7.0]])
    assert (origin.days - 20_069).tolist() == [7, 14, 21, 28]
    assert (origin.history.quantity == 14.0).all()
    assert origin.history.days[-1] == 20_069


def test_quantiles_of_own_weeks_are_sums_that_came() -> None:
    quantity = np.repeat(np.arange(1.0, 21.0), 7)[np.newaxis]
    origin = benchmark.in_weeks(_origin(np.ones((1, HORIZON)), quantity))
    made = Output(np.zeros((1, 4)), None, 0.0)
    own = benchmark.of_own_weeks(origin, made)
    assert own.shape == (1, 4, len(SEVEN))
    assert own[0, 0].tolist() == [7.0 * rank for rank in (1, 2, 5, 10, 15, 18, 19)]


def test_scores_of_quantiles_are_over_units_of_the_weeks_that_were_open() -> None:
    actual = np.ones((1, HORIZON))
    actual[0, 7:14] = np.nan
    origin = benchmark.in_weeks(_origin(actual, np.full((1, 70), 2.0)))  # three weeks of 7 units
    made = Output(np.zeros((1, 4)), None, 0.0)
    scores = benchmark.quantile_scores([(origin, made)], lambda *_: np.full((1, 4, len(SEVEN)), 6.0))
    assert float(str(scores["wape_p50"])) == pytest.approx(1.0 / 7.0, abs=1e-4)
    # each week lies a unit above every quantile: twice the mean level, over 7 units
    assert float(str(scores["pinball"])) == pytest.approx(2.0 * SEVEN.mean() / 7.0, abs=1e-4)
    nothing = benchmark.quantile_scores([(origin, made)], lambda *_: np.full((1, 4, len(SEVEN)), 7.0))
    assert nothing == {"wape_p50": "0.0000", "pinball": "0.0000"}

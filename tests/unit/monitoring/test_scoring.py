from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from lepton_spark.monitoring.scoring import score_rows

DAY = 18_700
SERIES: dict[str, Any] = {
    "n_obs": 7,
    "forecast": 14.0,
    "actual": 20.0,
    "quantile_method": "negative_binomial",
    "parameters": [("sum_dispersion_1", 1.0), ("sum_dispersion_7", 2.0), ("sum_dispersion_28", 8.0)],
    **dict.fromkeys(("up_before", "down_before", "up_since_before", "down_since_before")),
}


def _scored(**changes: Any) -> dict[str, Any]:
    rows = score_rows(pd.DataFrame([SERIES | changes]), 28, DAY)
    made: dict[str, Any] = rows.iloc[0].to_dict()
    return made


def test_score_is_that_of_the_sum_under_its_dispersion() -> None:
    law = stats.nbinom(14.0, 0.5)  # mean 14, variance 28
    middle = (law.cdf(19) + law.cdf(20)) / 2
    made = _scored()
    assert made["score"] == pytest.approx(stats.norm.ppf(middle))
    assert made["up"] == pytest.approx(made["score"] - 0.5)
    assert (made["down"], made["up_since"], made["since"], made["is_up"]) == (0.0, DAY, DAY, True)
    assert made["p_value"] == pytest.approx(2.0 * np.exp(-(made["up"] + 0.583)))


def test_sums_go_on_from_the_period_before() -> None:
    made = _scored(actual=2.0, down_before=3.0, down_since_before=DAY - 14)
    assert made["down"] == pytest.approx(3.0 - made["score"] - 0.5)
    assert (made["up"], made["since"], made["is_up"]) == (0.0, DAY - 14, False)


def test_fractions_are_scored_under_a_gamma_distribution() -> None:
    made = _scored(quantile_method="gamma")
    expected = stats.norm.ppf(stats.gamma(7.0, scale=2.0).cdf(20.0))
    assert made["score"] == pytest.approx(expected)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"n_obs": 0, "forecast": None, "actual": None}, id="no known day"),
        pytest.param({"parameters": [("dispersion", 2.0)]}, id="run of an earlier version"),
        pytest.param({"parameters": None}, id="no parameters"),
    ],
)
def test_an_unknown_period_leaves_the_sums_as_they_are(changes: dict[str, Any]) -> None:
    made = _scored(up_before=2.0, up_since_before=DAY - 7, **changes)
    assert np.isnan(made["score"])
    assert (made["up"], made["up_since"]) == (2.0, DAY - 7)


def test_a_product_that_is_forecast_zero_and_sells_nothing_does_not_drift() -> None:
    made = _scored(forecast=0.0, actual=0.0)
    assert (made["score"], made["p_value"]) == (0.0, 1.0)
    assert _scored(forecast=0.0, actual=1.0)["score"] == 4.0

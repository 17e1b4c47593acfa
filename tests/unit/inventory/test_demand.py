import numpy as np
import pandas as pd
import pytest
from scipy import stats

from lepton_spark.inventory.demand import demand_over, demand_until
from lepton_spark.inventory.protection import Protection

ROWS = pd.DataFrame(
    {
        "quantile_method": ["negative_binomial", "gamma"],
        "parameters": [
            [("sum_dispersion_1", 1.5), ("sum_dispersion_7", 2.0), ("sum_dispersion_28", 8.0)],
            [("sum_dispersion_1", 0.5), ("sum_dispersion_7", 0.5), ("sum_dispersion_28", 0.5)],
        ],
        "forecast": [[1.0, 3.0] * 14, [0.25] * 28],
    }
)
"""A series of counts and one of fractions."""


def test_demand_has_the_summed_mean_and_the_dispersion_of_its_length() -> None:
    demand = demand_over(ROWS, np.array([14, 28]))
    assert demand.mean.tolist() == [28.0, 7.0]
    # 14 is halfway between 7 and 28 in logs, 4 between 2 and 8
    assert demand.variance.tolist() == pytest.approx([28.0 * 4.0, 7.0 * 0.5])
    counts = stats.nbinom(28.0 / 3.0, 0.25).cdf(30)
    fractions = stats.gamma(14.0, scale=0.5).cdf(8.5)
    assert demand.cdf(np.array([30.0, 8.5])).tolist() == pytest.approx([counts, fractions])


def test_demand_of_no_days_is_nothing() -> None:
    demand = demand_over(ROWS, np.array([0, 0]))
    assert (demand.mean.tolist(), demand.cdf(np.zeros(2)).tolist()) == ([0.0, 0.0], [1.0, 1.0])


def test_demand_is_mixed_over_the_lead_times() -> None:
    days = np.array([[7, 14], [7, 14]])
    probability = np.array([[0.25, 0.75], [1.0, 0.0]])
    mixed = demand_until(ROWS, days, Protection(days, days + 7, probability))
    assert mixed.mean.tolist() == [0.25 * 13.0 + 0.75 * 28.0, 1.75]

"""Stock of many products day by day, with an order once a week."""

from dataclasses import dataclass

import numpy as np

from lepton_spark.models.data.arrays import BoolArray, FloatArray


@dataclass(frozen=True)
class Course:
    """Stock of S products over T days.

    on_hand: [S, T], units at the end of the day. met: [S, T], units sold from stock on the day. is_short:
    [S, T], whether demand of the day was not met in full, or waits at its end.
    """

    on_hand: FloatArray
    met: FloatArray
    is_short: BoolArray


def simulate(
    levels: FloatArray, demand: FloatArray, *, lead_time: int, review_period: int, lost_sales: bool
) -> Course:
    """Order up to a level at the start of every review; an order arrives at the start of a day.

    The stock begins at the first level, as if it were all on hand.

    levels: [C, S], of the reviews, the first on day 0. demand: [S, T], units. lead_time: days.
    """
    n_series, n_days = demand.shape
    net, due = levels[0].copy(), np.zeros((n_days + lead_time + 1, n_series))
    on_hand, met = np.empty_like(demand), np.empty_like(demand)
    is_short = np.empty(demand.shape, dtype=np.bool_)
    for day in range(n_days):
        review, is_between = divmod(day, review_period)
        if not is_between and review < len(levels):
            position = net + due[day:].sum(axis=0)
            due[day + lead_time] += np.maximum(levels[review] - position, 0.0)
        net += due[day]
        met[:, day] = np.clip(net, 0.0, demand[:, day])
        net -= met[:, day] if lost_sales else demand[:, day]
        on_hand[:, day] = np.maximum(net, 0.0)
        is_short[:, day] = (met[:, day] < demand[:, day]) | (net < 0.0)
    return Course(on_hand, met, is_short)

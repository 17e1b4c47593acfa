"""False and true alarms of rules that watch forecasts, on made-up products whose forecasts are right.

`python benchmarks/alarms.py`. 20,000 products, 52 weeks, 0.5 to 200 units a week, dispersion 1 to 4.
In the second part 200 of them sell twice or half as much from week 27 on, and the forecasts do not follow.
"""

from collections.abc import Callable, Mapping

import numpy as np
from accuracy_parts.console_table import print_rows
from scipy.stats import false_discovery_control, nbinom

from lepton_spark.models.data.arrays import BoolArray, FloatArray
from lepton_spark.monitoring.drift import Drift, scores

N_PRODUCTS, N_WEEKS = 20_000, 52
N_CHANGED, CHANGE = 200, 26
FALSE_SHARE = 0.1
SEED = 11

Rule = Callable[[FloatArray, FloatArray, FloatArray], BoolArray]
"""Units sold [S, T], means [S] and dispersions [S] -> whether the rule gives an alarm, [S, T]."""


def main() -> None:
    rng = np.random.default_rng(SEED)
    mean = np.exp(rng.uniform(np.log(0.5), np.log(200.0), N_PRODUCTS))
    dispersion = rng.uniform(1.01, 4.0, N_PRODUCTS)
    right = _sold(rng, np.repeat(mean[:, np.newaxis], N_WEEKS, axis=1), dispersion)
    actual_mean = np.repeat(mean[:, np.newaxis], N_WEEKS, axis=1)
    actual_mean[:N_CHANGED, CHANGE:] *= np.where(np.arange(N_CHANGED) % 2, 2.0, 0.5)[:, np.newaxis]
    changed = _sold(rng, actual_mean, dispersion)
    rows = []
    for name, rule in RULES.items():
        alarms, found = rule(right, mean, dispersion), rule(changed, mean, dispersion)
        new, others = found[:N_CHANGED, CHANGE:], found[N_CHANGED:]
        row: dict[str, object] = {"rule": name, "products with a false alarm": _share(alarms.any(axis=1))}
        for weeks in (2, 4, 8, 26):
            row[f"changes found in {weeks} weeks"] = _share(new[:, :weeks].any(axis=1))
        last_true, last_false = np.count_nonzero(new[:, -1]), np.count_nonzero(others[:, -1])
        row["false of those in the last week"] = f"{last_false} of {last_true + last_false}"
        rows.append(row)
    print_rows("alarms within a year of weeks", rows, 160)


def _sold(rng: np.random.Generator, mean: FloatArray, dispersion: FloatArray) -> FloatArray:
    excess = dispersion[:, np.newaxis] - 1.0
    return rng.negative_binomial(mean / excess, 1.0 / (1.0 + excess)).astype(np.float64)


def _tracking_signal(sold: FloatArray, mean: FloatArray, _: FloatArray) -> BoolArray:
    error = sold - mean[:, np.newaxis]
    weeks = np.arange(1, N_WEEKS + 1)
    deviation = np.abs(error).cumsum(axis=1) / weeks
    return np.abs(error.cumsum(axis=1)) > 4.0 * deviation


def _trigg(sold: FloatArray, mean: FloatArray, _: FloatArray) -> BoolArray:
    error = sold - mean[:, np.newaxis]
    smooth, absolute = np.zeros(len(error)), np.abs(error[:, 0])
    alarms = np.zeros(error.shape, dtype=np.bool_)
    for week in range(N_WEEKS):
        smooth = 0.1 * error[:, week] + 0.9 * smooth
        absolute = 0.1 * np.abs(error[:, week]) + 0.9 * absolute
        alarms[:, week] = np.abs(smooth) > 0.5 * absolute
    return alarms


def _plain_cusum(sold: FloatArray, mean: FloatArray, dispersion: FloatArray) -> BoolArray:
    error = (sold - mean[:, np.newaxis]) / np.sqrt(mean * dispersion)[:, np.newaxis]
    up, down, alarms = np.zeros(len(error)), np.zeros(len(error)), np.zeros(error.shape, dtype=np.bool_)
    for week in range(N_WEEKS):
        up = np.maximum(up + error[:, week] - 0.5, 0.0)
        down = np.maximum(down - error[:, week] - 0.5, 0.0)
        alarms[:, week] = np.maximum(up, down) > 8.0
    return alarms


def _lepton(sold: FloatArray, mean: FloatArray, dispersion: FloatArray) -> BoolArray:
    law = nbinom((mean / (dispersion - 1.0))[:, np.newaxis], (1.0 / dispersion)[:, np.newaxis])
    score = scores(law.cdf(sold - 1.0), law.cdf(sold))
    sums, alarms = Drift.none(len(score)), []
    for week in range(N_WEEKS):
        sums = sums.after(score[:, week], week)
        alarms.append(false_discovery_control(sums.p_value) <= FALSE_SHARE)
    return np.stack(alarms, axis=1)


def _share(flags: BoolArray) -> str:
    return f"{100.0 * flags.mean():.1f} %"


RULES: Mapping[str, Rule] = {
    "tracking signal beyond 4": _tracking_signal,
    "Trigg's signal beyond 0.5": _trigg,
    "CUSUM of errors, k 0.5, h 8": _plain_cusum,
    "lepton: CUSUM of scores, 10 % false": _lepton,
}


if __name__ == "__main__":
    main()

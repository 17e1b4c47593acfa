"""Reference forecasts of statsforecast for the smoothing models, on the series of reference_series.py.

`python benchmarks/references.py` prints the expected values of tests/unit/models/. Needs `pip install
'lepton-spark[peers]'`. statsforecast's ETS models refine even given parameters, so its recursion is called
directly.
"""

from importlib.metadata import version

import numpy as np
from reference_series import RARE, WEEKLY
from statsforecast.ets import pegelsresid_C
from statsforecast.models import TSB, CrostonSBA, SimpleExponentialSmoothing
from statsforecast.theta import auto_theta, forecast_theta


def main() -> None:
    print("statsforecast", version("statsforecast"))
    print("ses", SimpleExponentialSmoothing(0.3).forecast(WEEKLY, 1)["mean"].tolist())
    ets("holt", "AAN", 0.3, 0.1, 0.0, 1.0, [12.0, 0.5])
    ets("damped holt", "AAN", 0.3, 0.1, 0.0, 0.9, [12.0, 0.5])
    ets("weekly", "ANA", 0.3, 0.0, 0.2, 1.0, [18.0, 5.0, 9.0, 3.0, -4.0, -7.0, -5.0, -1.0])
    ets("all", "AAA", 0.3, 0.1, 0.2, 0.9, [18.0, 0.5, 5.0, 9.0, 3.0, -4.0, -7.0, -5.0, -1.0])
    theta("theta, seasonal", WEEKLY)
    theta("theta, not seasonal", RARE)
    print("croston_sba", CrostonSBA().forecast(RARE, 1)["mean"].tolist())
    for alphas in ((0.1, 0.1), (0.2, 0.05)):
        print("tsb", alphas, TSB(*alphas).forecast(RARE, 1)["mean"].tolist())


def ets(
    name: str, model: str, alpha: float, beta: float, gamma: float, phi: float, start: list[float]
) -> None:
    """Print the next nine days by the recursion alone, with given parameters and initial states.

    A forecast is minus the error of an appended day of 0; it is then appended itself, as a day without error.
    statsforecast's own `etsforecast` damps the trend of the second day only once; Gardner and McKenzie twice.

    start: level; trend if the model has one; weekdays if it has them, that of the first day last.
    """
    series = WEEKLY
    for _ in range(9):
        days = np.append(series, 0.0)
        errors = pegelsresid_C(days, 7, np.array(start), *model, phi < 1.0, alpha, beta, gamma, phi, 3)[1]
        series = np.append(series, -errors[-1])
    print(name, (alpha, beta, gamma, phi), "from", start)
    print("    ", series[len(WEEKLY) :].tolist())


def theta(name: str, series: np.ndarray) -> None:
    """Print the next nine days with a smoothing of 0.3 from 5, which is 10 on theta line 2."""
    fit = auto_theta(series, 7, model="STM", initial_smoothed=5.0, alpha=0.3, theta=2.0)
    used = (fit["par"]["initial_smoothed"], fit["par"]["alpha"], fit["par"]["theta"])
    print(name, fit.get("decompose", False), used)
    print("    ", forecast_theta(fit, 9)["mean"].tolist())


if __name__ == "__main__":
    main()

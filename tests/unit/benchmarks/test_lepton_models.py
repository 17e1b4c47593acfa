from dataclasses import fields

import numpy as np
import pytest
from accuracy_parts import lepton_models
from accuracy_parts.lepton_models import (
    ABLATIONS,
    DEFAULT_RUN,
    FOUR_WEEKS,
    RunSettings,
    forecast_run,
    forecast_single,
    perfect,
)
from accuracy_parts.protocol import Origin, scales_of
from accuracy_parts.scores import Output

from lepton_spark.config import Config, ForecastSettings
from lepton_spark.models.data.history import History
from lepton_spark.models.registry import SHRUNK_WEEKDAY
from lepton_spark.panel.dense import weekly

WITHOUT_TREES = Config(forecast=ForecastSettings(models=(SHRUNK_WEEKDAY, "mean"), horizon=7))


def _history() -> History:
    quantity = np.random.default_rng(1).poisson(5.0, (3, 280)).astype(float)
    quantity[0, 270] = 900.0
    return History(quantity, np.arange(280))


def _origin(actual: list[list[float]]) -> Origin:
    history = History(np.ones((len(actual), 10)), np.arange(10))
    one = np.ones(len(actual))
    ahead = 10 + np.arange(len(actual[0]))
    return Origin(0, np.arange(len(actual)), history, ahead, np.array(actual), scales_of(history), one)


def test_run_gives_mean_quantiles_and_dispersions_of_sums() -> None:
    made = forecast_run(_history(), RunSettings(WITHOUT_TREES))
    assert made.forecast.shape == (3, 7)
    assert made.quantiles.shape == (3, 7, 7)
    assert made.sum_dispersion.shape == (3, 2)
    assert (np.diff(made.quantiles, axis=2) >= 0).all()


def test_run_of_weeks_forecasts_four_weeks() -> None:
    made = forecast_run(weekly(_history()), FOUR_WEEKS)
    assert made.forecast.shape == (3, 4)
    # a week of 7 days with a mean of 5
    assert made.forecast[1:].mean() == pytest.approx(35.0, rel=0.1)


def test_run_without_damping_follows_an_outlier() -> None:
    damped, undamped = (
        forecast_run(_history(), RunSettings(WITHOUT_TREES, damp=damp)).forecast[0].mean()
        for damp in (True, False)
    )
    assert damped < 10.0 < undamped


def test_single_model_learns_the_weekday_profile_of_its_own_series() -> None:
    quantity = np.tile([0.0, 2.0, 2.0, 2.0, 2.0, 2.0, 4.0], (2, 40))
    made = forecast_single(SHRUNK_WEEKDAY, History(quantity, np.arange(280)), horizon=7)
    np.testing.assert_allclose(made.forecast, [quantity[0, :7]] * 2, rtol=1e-6)


@pytest.mark.parametrize("settings", ABLATIONS.values(), ids=ABLATIONS.keys())
def test_ablation_changes_one_part_of_the_default(settings: RunSettings) -> None:
    names = [field.name for field in fields(RunSettings)]
    assert len([name for name in names if getattr(settings, name) != getattr(DEFAULT_RUN, name)]) == 1


def test_perfect_knowledge_scales_the_mean_to_actual_totals(monkeypatch: pytest.MonkeyPatch) -> None:
    output = Output(np.array([[1.0, 1.0], [1.0, 3.0]]), None, 2.0)
    monkeypatch.setattr(lepton_models, "_default", lambda _: output)
    origin = _origin([[2.0, 4.0], [2.0, np.nan]])
    # of the scored days 3 units were expected and 8 sold
    np.testing.assert_allclose(perfect((0, 1))(origin).forecast, [[8 / 3, 8 / 3], [8 / 3, 3.0]])
    np.testing.assert_allclose(perfect((0,))(origin).forecast, [[2.0, 4.0], [2.0, 3.0]])
    np.testing.assert_allclose(perfect((1,))(origin).forecast, [[3.0, 3.0], [2.0, 3.0]])


def test_perfect_knowledge_of_a_few_days_leaves_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lepton_models, "_default", lambda _: Output(np.ones((1, 3)), None, 0.0))
    made = perfect((0,), "1970-01-12", "1970-01-12")(_origin([[5.0, 6.0, 7.0]]))  # epoch days 10, 11, 12
    assert made.forecast.tolist() == [[1.0, 6.0, 1.0]]

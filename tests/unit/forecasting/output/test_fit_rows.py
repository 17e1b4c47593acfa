"""The flat rows of `fits`, over frames; tests/spark has the structs that Spark makes of them."""

import hashlib
import struct
from dataclasses import replace

import numpy as np
import pytest

from lepton_spark.evaluation.accuracy.class_errors import ClassErrors
from lepton_spark.evaluation.quantiles.negative_binomial import count_quantiles
from lepton_spark.forecasting.passes.fit import FitBatch
from lepton_spark.forecasting.passes.score import ScoreBatch
from lepton_spark.forecasting.settings import LEVELS, FitSettings
from lepton_spark.models.data.parts import NAMES
from tests.unit.evaluation.batches import errors_of_classes
from tests.unit.forecasting.frames import (
    CUTOFF,
    N_DAYS,
    by_window,
    daily_settings,
    fit_rows_of,
    packed_rows,
    random_units,
    records,
    with_lists,
)

HORIZON = 28
N_WINDOWS = 4


@pytest.fixture
def settings() -> FitSettings:
    return daily_settings()


def test_forecast_hash_is_of_the_doubles_of_mean_and_quantiles(settings: FitSettings) -> None:
    (row,) = records(fit_rows_of(packed_rows(random_units(1)), settings))
    values = [*row["forecast"], *(value for level in row["quantiles"] for value in level)]
    assert len(values) == HORIZON * 8
    packed = struct.pack(f"<{len(values)}d", *values)
    assert row["forecast_hash"] == hashlib.sha256(packed).hexdigest()


def test_rows_have_the_parts_of_the_forecast_and_null_for_groups_without(settings: FitSettings) -> None:
    (row,) = records(fit_rows_of(packed_rows(random_units(1)), settings))
    found = dict(zip(NAMES, row["parts"], strict=True))
    # the trees of this sample are not trained, so the weekday forecast has no trend and no season of the pool
    assert {"trend", "events", "promotion", "price", "model"} <= {
        name for name, part in found.items() if part is None
    }
    assert {"level", "weekday"} <= {name for name, part in found.items() if part is not None}
    total = row["usual_day"] + sum(part for part in found.values() if part is not None)
    np.testing.assert_allclose(total, row["forecast"], atol=1e-9)


def test_rows_list_sums_by_role_and_window(settings: FitSettings) -> None:
    units = random_units(1)
    (row,) = records(fit_rows_of(packed_rows(units), settings))
    n_obs = by_window(row, "n_obs", N_WINDOWS)
    # the choice is by default, as no class has so few series: it has no runner-up
    assert (row["choice_level"], row["runner_up"], row["chosen"]) == ("default", None, "pooled")
    assert n_obs.tolist() == [[28] * 4, [0] * 4, [28] * 4]
    naive_sse = by_window(row, "sse", N_WINDOWS)[2]
    for window, begin in enumerate((172, 144, 116, 88)):
        error = np.tile(units[0, begin - 7 : begin], 4) - units[0, begin : begin + HORIZON]
        assert naive_sse[window] == pytest.approx((error**2).sum())


def test_rows_have_quantile_sums_on_the_test_window_alone(settings: FitSettings) -> None:
    (row,) = records(fit_rows_of(packed_rows(random_units(1)), settings))
    for name in ("pinball_sum", "covered_sum"):
        sums = by_window(row, name, N_WINDOWS)
        assert np.isnan(sums[:, 1:]).all()
        assert (sums[[0, 2], 0] > 0.0).all()
    assert by_window(row, "covered_sum", N_WINDOWS)[0, 0] <= HORIZON


def test_rows_of_a_series_without_scale_have_no_scaled_sums(settings: FitSettings) -> None:
    (row,) = records(fit_rows_of(packed_rows([[5.0] * N_DAYS]), settings))
    for name in ("scaled_sse", "scaled_abs_error"):
        sums = by_window(row, name, N_WINDOWS)
        assert np.isnan(sums[[0, 2]]).all()
        assert (sums[1] == 0.0).all()  # nothing was scored


def test_facts_of_a_series_are_those_of_its_history(settings: FitSettings) -> None:
    units = random_units(3)
    units[1, -40:] = 0.0
    units[2] = 0.0
    made = fit_rows_of(packed_rows([units[0], units[1, 10:], units[2]]), settings)
    assert made["n_days_known"].tolist() == [N_DAYS, N_DAYS - 10, N_DAYS]
    assert made["last_sale_day"].tolist()[:2] == [CUTOFF, CUTOFF - 40]
    assert made["last_sale_day"].isna().tolist() == [False, False, True]
    assert made["recent_quantity"].tolist() == [units[0, -28:].sum(), 0.0, 0.0]


def test_dispersion_is_stored_where_quantiles_were_made_with_it(settings: FitSettings) -> None:
    units = random_units(3)
    units[2] += 0.5
    made = records(fit_rows_of(packed_rows(units), settings))
    assert [row["quantile_method"] for row in made] == ["negative_binomial"] * 2 + ["backtest_errors"]
    for row in made[:2]:
        expected = count_quantiles(row["forecast"], np.full(HORIZON, row["parameters"]["dispersion"]), LEVELS)
        np.testing.assert_array_equal(np.array(row["quantiles"]).T, expected)
    assert "dispersion" not in made[2]["parameters"]


def test_parameters_are_those_of_the_model_that_made_the_forecast(settings: FitSettings) -> None:
    candidates = settings.evaluation.candidates
    assert candidates[2].key == "ridge(half_life=28)"
    errors = errors_of_classes(("all",), np.where(np.arange(9) == 2, 1.0, 2.0)[np.newaxis])
    rows = packed_rows([random_units(1)[0], [0.0] * N_DAYS])
    ridge, zero = records(fit_rows_of(rows, settings, errors))
    assert (ridge["model"], ridge["parameters"]["half_life"]) == ("ridge(half_life=28)", 28.0)
    assert ridge["coefficients"].keys()
    assert (zero["model"], zero["status"], zero["coefficients"]) == ("zero", "obsolete", {})
    dispersions = {"dispersion", "sum_dispersion_1", "sum_dispersion_7", "sum_dispersion_28"}
    assert zero["parameters"].keys() == dispersions


def test_damped_outlier_is_listed_with_both_quantities(settings: FitSettings) -> None:
    units = random_units(3)
    spiked = units.copy()
    spiked[1, 150] = 5e6
    plain, found = (records(fit_rows_of(packed_rows(one), settings)) for one in (units, spiked))
    assert [len(row["day"]) for row in plain] == [0, 0, 0]
    assert [row["day"].tolist() for row in found] == [[], [CUTOFF - N_DAYS + 1 + 150], []]
    assert found[1]["is_outlier"].tolist() == [True]
    assert found[1]["before"].tolist() == [5e6]
    assert found[1]["after"][0] < 100.0
    off = replace(settings, damp_outliers=False)
    assert [len(row["day"]) for row in records(fit_rows_of(packed_rows(spiked), off))] == [0, 0, 0]


def test_days_out_of_stock_are_listed_with_what_was_sold(settings: FitSettings) -> None:
    units = random_units(2)
    first = CUTOFF - N_DAYS + 1
    rows = with_lists(packed_rows(units), stock_outs={"p01": [first + 180.0, first + 190.0]})
    found = records(fit_rows_of(rows, settings))
    assert found[0]["day"].tolist() == []
    assert found[1]["day"].tolist() == [first + 180, first + 190]
    assert found[1]["is_outlier"].tolist() == [False, False]
    assert found[1]["before"].tolist() == units[1, [180, 190]].tolist()
    assert np.isnan(found[1]["after"]).all()


def test_rows_of_a_failed_batch_have_no_scores_and_the_reason(settings: FitSettings) -> None:
    rows = packed_rows(random_units(1))
    candidates = ScoreBatch(settings)(rows)[1:]
    (row,) = records(FitBatch(settings, ClassErrors.none(8))(rows, candidates))
    assert (row["status"], row["fallback_level"]) == ("fallback", 1)
    assert row["n_obs"].tolist() == []
    assert row["pinball_sum"].tolist() == []

"""Passes A and B on a batch, without Spark."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from lepton_spark.config import Config
from lepton_spark.evaluation.quantiles.negative_binomial import count_quantiles
from lepton_spark.forecasting.arrow import by_series, lists, packed_batch
from lepton_spark.forecasting.failure_isolation import at_work, guarded
from lepton_spark.forecasting.passes.class_errors import no_class_table
from lepton_spark.forecasting.passes.fit import FitBatch
from lepton_spark.forecasting.passes.pool_statistics import ShareBatch, pools_by_day, with_trees
from lepton_spark.forecasting.passes.score import ScoreBatch
from lepton_spark.forecasting.passes.tree_training import NOT_TRAINED, TrainBatch, trees_by_day
from lepton_spark.forecasting.settings import LEVELS, SAMPLED_BATCHES, FitSettings, fit_settings
from lepton_spark.models.data.history import PublicDays
from lepton_spark.models.pooled.training import train
from lepton_spark.models.registry import candidates_for
from lepton_spark.panel.calendar import Calendar, epoch_day

N_DAYS = 200
CUTOFF = 19_000
N_CANDIDATES = 8


@pytest.fixture
def settings() -> FitSettings:
    calendar = Calendar({"all": np.arange(CUTOFF - N_DAYS + 1, CUTOFF + 1)}, CUTOFF)
    return fit_settings(Config(), calendar)


def packed_rows(n_series: int) -> pa.Table:
    units = np.random.default_rng(7).poisson(4.0, (n_series, N_DAYS)).astype(np.float64) + 1.0
    return pa.table(
        {
            "batch": pa.array([3] * n_series, type=pa.int32()),
            "product_id": [f"p{n:02d}" for n in range(n_series)],
            "location_id": ["all"] * n_series,
            "first_day": pa.array([CUTOFF - N_DAYS + 1] * n_series, type=pa.int32()),
            "quantity": lists(units),
        }
    )


def fit_both(rows: pa.Table, settings: FitSettings) -> pa.Table:
    return FitBatch(settings, no_class_table(len(settings.candidates)))(rows, ScoreBatch(settings)(rows))


def test_score_batch_gives_each_series_each_candidate_in_order(settings: FitSettings) -> None:
    scored = ScoreBatch(settings)(packed_rows(2))
    keys = [candidate.key for candidate in settings.candidates]
    assert scored["model"].to_pylist() == keys * 2
    assert scored["product_id"].to_pylist() == ["p00"] * N_CANDIDATES + ["p01"] * N_CANDIDATES
    windows = scored["windows"].to_pylist()[0]
    assert [(window["window"], window["role"], window["n_obs"]) for window in windows] == [
        (0, "test", 28),
        (1, "validation", 28),
        (2, "validation", 28),
        (3, "validation", 28),
    ]


def test_fit_batch_is_the_same_for_rows_and_candidates_in_any_order(settings: FitSettings) -> None:
    rows = packed_rows(12)
    scored = ScoreBatch(settings)(rows)
    shuffle = np.random.default_rng(1).permutation
    fit = FitBatch(settings, no_class_table(N_CANDIDATES))
    other = fit(rows.take(shuffle(12)), scored.take(shuffle(scored.num_rows)))
    assert other.equals(fit(rows, scored))


def test_by_series_lists_the_years_of_each_series_in_their_order() -> None:
    rows = pa.table(
        {
            "batch": pa.array([3, 3, 3], type=pa.int32()),
            "product_id": ["b", "a", "a"],
            "location_id": ["all", "all", "all"],
            "first_day": pa.array([7, 20, 5], type=pa.int32()),
            "quantity": pa.array([[9.0], [3.0, None], [1.0, 2.0]]),
        }
    )
    found = by_series(rows).to_pylist()
    assert [(row["product_id"], row["first_day"], row["n_days"], row["quantity"]) for row in found] == [
        ("a", [5, 20], [2, 2], [1.0, 2.0, 3.0, None]),
        ("b", [7], [1], [9.0]),
    ]


def test_fit_batch_is_the_same_for_series_in_years_of_their_own(settings: FitSettings) -> None:
    whole = packed_rows(5)
    units = np.array(whole["quantity"].to_pylist())
    cut = 80
    first, last = (
        whole.set_column(4, "quantity", lists(part.copy())) for part in (units[:, :cut], units[:, cut:])
    )
    later = pa.array([CUTOFF - N_DAYS + 1 + cut] * 5, type=pa.int32())
    years = pa.concat_tables([last.set_column(3, "first_day", later), first])
    assert fit_both(years, settings).equals(fit_both(whole, settings))


def test_fit_batch_hash_is_of_the_doubles(settings: FitSettings) -> None:
    import hashlib
    import struct

    row = fit_both(packed_rows(1), settings).to_pylist()[0]
    values = [*row["forecast"], *(value for level in row["quantiles"] for value in level)]
    assert len(values) == 28 * 8
    packed = struct.pack(f"<{len(values)}d", *values)
    assert row["forecast_hash"] == hashlib.sha256(packed).hexdigest()


@pytest.mark.parametrize("n_days", [1, 7, 28])
def test_a_shop_that_has_sold_for_no_longer_than_the_horizon_is_forecast(n_days: int) -> None:
    calendar = Calendar({"all": np.arange(CUTOFF - n_days + 1, CUTOFF + 1)}, CUTOFF)
    rows = packed_rows(3)
    units = np.array(rows["quantity"].to_pylist())[:, -n_days:]
    first = pa.array([CUTOFF - n_days + 1] * 3, type=pa.int32())
    begun = rows.set_column(4, "quantity", lists(units.copy())).set_column(3, "first_day", first)
    made = fit_both(begun, fit_settings(Config(), calendar)).to_pylist()
    assert [(row["status"], row["reason"], row["model"]) for row in made] == [("ok", None, "pooled")] * 3
    for row, sold in zip(made, units, strict=True):
        assert np.mean(row["forecast"]) == pytest.approx(sold.mean(), rel=0.3)


def test_a_class_does_not_choose_for_series_too_young_to_have_been_judged(settings: FitSettings) -> None:
    from lepton_spark.evaluation.selection import ALL, ClassTable

    n_days = np.array([27, 28])
    rows = packed_rows(2)
    units = np.array(rows["quantity"].to_pylist())
    young = rows.set_column(
        4, "quantity", pa.array([row[-n:].tolist() for row, n in zip(units, n_days, strict=True)])
    ).set_column(3, "first_day", pa.array((CUTOFF + 1 - n_days).tolist(), type=pa.int32()))
    errors = np.full((2, N_CANDIDATES), 2.0)
    errors[:, 6] = 1.0
    many = np.full(errors.shape, 100.0)
    table = ClassTable(("new", ALL), errors, many)
    made = FitBatch(settings, table)(young, ScoreBatch(settings)(young)).to_pylist()
    keys = [candidate.key for candidate in settings.candidates]
    assert [row["model"] for row in made] == [keys[0], keys[6]]


def test_choice_is_the_same_whatever_happened_in_the_test_window(settings: FitSettings) -> None:
    from lepton_spark.evaluation.selection import ALL, ClassTable

    rows = packed_rows(40)
    units = np.array(rows["quantity"].to_pylist())
    units[::2, ::3] = 0.0  # half of them sell rarely, by a narrow margin
    units[:, -28:] = np.where(np.arange(40)[:, np.newaxis] % 3 == 0, 0.0, 50.0)
    changed = rows.set_column(4, "quantity", lists(units.copy()))
    units[:, -28:] = 1.0
    steady = rows.set_column(4, "quantity", lists(units))
    best = np.eye(N_CANDIDATES)  # each class would choose another candidate
    classes = ("smooth", "intermittent", "erratic", "lumpy", "new", ALL)
    many = np.full((len(classes), N_CANDIDATES), 99.0)
    table = ClassTable(classes, 1.0 - best[: len(classes)] / 2, many)
    made = [FitBatch(settings, table)(one, ScoreBatch(settings)(one)) for one in (changed, steady)]
    for name in ("model", "runner_up", "margin", "choice_level"):
        assert made[0][name].to_pylist() == made[1][name].to_pylist()
    assert made[0]["demand_class"].to_pylist() != made[1]["demand_class"].to_pylist()


def test_fit_batch_metrics_hold_scored_windows_of_each_role(settings: FitSettings) -> None:
    metrics = fit_both(packed_rows(1), settings).to_pylist()[0]["metrics"]
    roles = {"chosen", "seasonal_naive"}  # no class has so few series; a choice by default has no runner-up
    windows = {(role, window.index) for role in roles for window in settings.windows}
    assert {(item["is_role"], item["window"]) for item in metrics} == windows
    assert len(metrics) == len(windows)
    tested = [item for item in metrics if item["split"] == "test"]
    assert [item["n_quantile_obs"] for item in tested] == [28, 28]
    assert all(item["pinball_sum"] is None for item in metrics if item["split"] == "validation")


def test_fit_batch_with_one_candidate_needs_no_candidates_table(settings: FitSettings) -> None:
    alone = replace(settings, candidates=settings.candidates[:1])
    nothing = ScoreBatch(alone)(packed_rows(1)).slice(0, 0)
    made = FitBatch(alone, no_class_table(1))(packed_rows(3), nothing)
    assert made["model"].to_pylist() == ["pooled"] * 3
    assert made["choice_level"].to_pylist() == ["default"] * 3


def test_fit_batch_keeps_a_series_whose_rows_cannot_be_read(settings: FitSettings) -> None:
    """A day far after the cutoff breaks its array; its neighbours come out as if it were not there."""
    rows = packed_rows(3)
    first = rows["first_day"].to_pylist()
    broken = rows.set_column(3, "first_day", pa.array([first[0], CUTOFF + 5_000, first[2]], type=pa.int32()))
    made = fit_both(broken, settings).to_pylist()
    whole = fit_both(rows, settings).to_pylist()
    assert [row["product_id"] for row in made] == ["p00", "p01", "p02"]
    assert [row["status"] for row in made] == ["ok", "fallback", "ok"]
    assert made[1]["reason"].startswith("batch_failed: ")
    assert made[1]["forecast"] == [0.0] * 28
    for place in (0, 2):
        assert made[place]["forecast"] == pytest.approx(whole[place]["forecast"], rel=1e-9)


def test_a_spike_is_given_to_models_damped_and_named(settings: FitSettings) -> None:
    rows = packed_rows(3)
    units = np.array(rows["quantity"].to_pylist())
    units[1, 150] = 5e6
    changed = rows.set_column(4, "quantity", lists(units))
    calm, spiked = fit_both(rows, settings).to_pylist(), fit_both(changed, settings).to_pylist()
    assert [row["adjustments"] for row in calm] == [[], [], []]
    ((one,),) = (row["adjustments"] for row in spiked if row["adjustments"])
    assert (one["rule"], one["before"]) == ("spike", 5e6)
    assert epoch_day(one["date"]) == CUTOFF - N_DAYS + 1 + 150
    assert one["after"] < 100.0
    assert np.mean(spiked[1]["forecast"]) == pytest.approx(np.mean(calm[1]["forecast"]), rel=0.3)
    pools = pools_by_day(ShareBatch(settings)(changed).to_pylist())
    assert pools[CUTOFF].excess > 1.0  # given back on average
    undamped = replace(settings, damp_spikes=False)
    assert pools_by_day(ShareBatch(undamped)(changed).to_pylist())[CUTOFF].excess is None
    off = fit_both(changed, undamped).to_pylist()
    assert off[1]["adjustments"] == []
    assert np.mean(off[1]["forecast"]) > 1_000.0


def test_the_distribution_is_stored_with_the_forecast(settings: FitSettings) -> None:
    rows = packed_rows(3)
    halves = np.array(rows["quantity"].to_pylist())
    halves[2] += 0.5
    made = fit_both(rows.set_column(4, "quantity", lists(halves)), settings).to_pylist()
    assert [row["quantile_method"] for row in made] == ["negative_binomial"] * 2 + ["backtest_errors"]
    for row in made[:2]:
        mean, dispersion = np.array(row["forecast"]), dict(row["parameters"])["dispersion"]
        told = count_quantiles(mean, np.full(len(mean), dispersion), LEVELS)
        np.testing.assert_array_equal(np.array(row["quantiles"]).T, told)
    assert "dispersion" not in dict(made[2]["parameters"])


def test_paths_are_kept_for_the_sample_alone_and_say_which_way_it_missed(settings: FitSettings) -> None:
    rows = packed_rows(3)
    units = np.array(rows["quantity"].to_pylist())
    units[0, -28:] += 100.0  # of the test window: far more than could be known
    changed = rows.set_column(4, "quantity", lists(units))
    (sampled, *_) = fit_both(changed, settings)["paths"].to_pylist()
    assert [len(path) for path in sampled] == [28] * 4
    assert min(sampled[0]) > 1.0
    assert np.mean(np.abs(sampled[1:])) < 1.0
    others = changed.set_column(0, "batch", pa.array([SAMPLED_BATCHES] * 3, type=pa.int32()))
    assert fit_both(others, settings)["paths"].to_pylist() == [None] * 3


def test_pools_of_a_cutoff_see_no_later_day(settings: FitSettings) -> None:
    rows = packed_rows(30)
    units = np.array(rows["quantity"].to_pylist())
    units[:, -28:] *= np.arange(28.0)
    changed = rows.set_column(4, "quantity", lists(units))
    before, after = (ShareBatch(settings)(one).to_pylist() for one in (rows, changed))
    days = [window.cutoff_offset for window in settings.windows]
    assert [epoch_day(row["cutoff"]) for row in before] == [*(CUTOFF - offset for offset in days), CUTOFF]
    assert after[:-1] == before[:-1]  # the test window's cutoff is 28 days before the run's
    assert after[-1]["weekday_index"] != before[-1]["weekday_index"]


def test_pools_are_the_same_for_rows_in_any_order(settings: FitSettings) -> None:
    rows = packed_rows(30)
    shuffled = rows.take(np.random.default_rng(1).permutation(30))
    assert ShareBatch(settings)(shuffled).equals(ShareBatch(settings)(rows))


def test_pools_of_rows_that_cannot_be_read_are_none(settings: FitSettings) -> None:
    rows = packed_rows(1)
    broken = rows.set_column(3, "first_day", pa.array([CUTOFF + 5_000], type=pa.int32()))
    (row,) = ShareBatch(settings)(broken).to_pylist()
    assert (epoch_day(row["cutoff"]), row["n_series"], row["weekday_index"]) == (CUTOFF, 1, None)
    assert "Error" in row["reason"]
    assert pools_by_day([row]) == {}


def test_a_sample_that_was_given_up_teaches_nothing_and_says_why(settings: FitSettings) -> None:
    rows = packed_rows(30)
    (row,) = ShareBatch(settings, "it killed")(rows).to_pylist()
    assert (row["n_series"], row["log_dispersion"], row["reason"]) == (30, None, "it killed")
    until = pa.array([CUTOFF] * rows.num_rows, type=pa.int32())
    (row,) = TrainBatch(settings, "it killed")(rows.append_column("until", until)).to_pylist()
    assert (row["foretells"], row["reason"], row["n_series"]) == ("none", "it killed", 30)


@pytest.mark.parametrize("model", ["ridge", "shrunk_weekday"])
def test_holidays_reach_the_pools_and_the_forecasts(settings: FitSettings, model: str) -> None:
    """The demand of one day doubles from one year to the next; its kind is seen once before."""
    assert settings.public_days is None
    calendar = Calendar({"all": np.arange(CUTOFF - N_DAYS + 1, CUTOFF + 1)}, CUTOFF)
    told = fit_settings(Config.model_validate({"forecast": {"holidays": "US"}}), calendar).public_days
    assert told is not None
    assert CUTOFF - N_DAYS < told.days[0] < CUTOFF - 100
    assert CUTOFF < told.days[-1] <= CUTOFF + settings.horizon
    mine = PublicDays(np.array([CUTOFF - 100, CUTOFF + 5]), np.array([0, 0]))
    rows = packed_rows(30)
    units = np.array(rows["quantity"].to_pylist())
    units[:, -101] *= 2.0
    rows = rows.set_column(rows.schema.get_field_index("quantity"), "quantity", lists(units))
    given = replace(settings, candidates=candidates_for((model,), (84.0,)), public_days=mine)
    assert given.shares
    pools = pools_by_day(ShareBatch(given)(rows).to_pylist())
    at_cutoff = pools[CUTOFF].public_days
    assert at_cutoff is not None
    assert at_cutoff[0, 4] > 1.8
    assert (np.delete(at_cutoff[0], 4) == 1.0).all()
    fitted = fit_both(rows, replace(given, pools=pools))
    forecast = np.array(fitted["forecast"][0].as_py())
    assert forecast[4] / np.delete(forecast, 4).mean() > 1.6
    assert replace(given, public_days=None).shares == (model == "shrunk_weekday")
    untold = pools_by_day(ShareBatch(settings)(rows).to_pylist())
    assert untold[CUTOFF].public_days is None


def test_shared_pools_reach_the_model_of_each_window(settings: FitSettings) -> None:
    rows = packed_rows(30)
    pools = pools_by_day(ShareBatch(settings)(rows).to_pylist())
    alone = replace(settings, candidates=settings.candidates[:1])
    assert alone.candidates[0].model == "pooled"
    nothing = ScoreBatch(alone)(rows).slice(0, 0)
    with_pools, without = (
        FitBatch(replace(alone, pools=given), no_class_table(1))(rows, nothing) for given in (pools, {})
    )
    assert with_pools["forecast_hash"].to_pylist() != without["forecast_hash"].to_pylist()
    scored = [ScoreBatch(replace(alone, pools=given))(rows)["windows"] for given in (pools, {})]
    assert scored[0] != scored[1]


def training_rows(n_series: int, until: int) -> pa.Table:
    rows = packed_rows(n_series)
    return rows.append_column("until", pa.array([until] * n_series, type=pa.int32()))


def test_trees_see_no_later_day_and_come_back_as_they_were(settings: FitSettings) -> None:
    until = CUTOFF - 28
    rows = training_rows(60, until)
    units = np.array(rows["quantity"].to_pylist())
    units[:, -28:] = 1e6
    changed = rows.set_column(4, "quantity", lists(units))
    made = TrainBatch(settings)(rows)
    assert TrainBatch(settings)(changed).equals(made)
    found = trees_by_day(made.to_pylist())
    assert list(found) == [until]
    history = settings.history(packed_batch(by_series(packed_rows(60)))).until(N_DAYS - 29)
    with at_work():
        trained = train(history, settings.horizon)
    assert trained is not None
    assert trained.linear is not None
    assert found[until].linear is not None
    np.testing.assert_array_equal(trained.linear.weights, found[until].linear.weights)
    for mine, stored in zip(
        (*trained.mean, trained.median), (*found[until].mean, found[until].median), strict=True
    ):
        assert mine.baseline == stored.baseline
        for name in ("feature", "threshold", "tree", "ruled_out", "value"):
            np.testing.assert_array_equal(getattr(mine, name), getattr(stored, name))


def test_trees_that_cannot_be_trained_leave_a_reason(settings: FitSettings) -> None:
    few = TrainBatch(settings)(training_rows(2, CUTOFF)).to_pylist()
    assert [(row["foretells"], row["reason"]) for row in few] == [("none", NOT_TRAINED)]
    rows = training_rows(1, CUTOFF)
    broken = rows.set_column(3, "first_day", pa.array([CUTOFF + 5_000], type=pa.int32()))
    (row,) = TrainBatch(settings)(broken).to_pylist()
    assert row["reason"].startswith("ValueError: ")
    assert trees_by_day([row]) == {}


def test_a_cutoff_takes_the_latest_trees_that_have_seen_no_day_after_it(settings: FitSettings) -> None:
    assert settings.training_days == [CUTOFF - 112, CUTOFF]
    pools = pools_by_day(ShareBatch(settings)(packed_rows(30)).to_pylist())
    silent = trees_by_day(TrainBatch(settings)(training_rows(60, CUTOFF)).to_pylist())[CUTOFF]
    other = replace(silent, mean=silent.mean[:1])
    given = with_trees(pools, {CUTOFF - 84: other, CUTOFF: silent})
    assert {day - CUTOFF: pool.trees for day, pool in given.items()} == {
        -112: None,
        -84: other,
        -56: other,
        -28: other,
        0: silent,
    }


def test_guarded_works_one_by_one_only_after_a_failure() -> None:
    calls: list[int] = []

    def work(rows: pa.Table) -> pa.Table:
        calls.append(rows.num_rows)
        if "bad" in rows["id"].to_pylist():
            raise ValueError("no\nluck")
        return rows

    def last_resort(rows: pa.Table, reason: str) -> pa.Table:
        return pa.table({"id": [f"{rows['id'][0]}: {reason}"]})

    made = guarded(pa.table({"id": ["a", "bad", "c"]}), work, last_resort)
    assert made["id"].to_pylist() == ["a", "bad: ValueError: no luck", "c"]
    assert calls == [3, 1, 1, 1]


def _beside(rows: pa.Table, **lists_of: dict[str, list[float]]) -> pa.Table:
    """The rows, shuffled with further ones that hold lists of some series."""
    doubles = pa.list_(pa.float64())
    told = [
        pa.table(
            {
                "batch": pa.array([3] * len(found), type=pa.int32()),
                "product_id": list(found),
                "location_id": ["all"] * len(found),
                name: pa.array(list(found.values()), type=doubles),
            }
        )
        for name, found in lists_of.items()
    ]
    whole = pa.concat_tables([*told, rows], promote_options="default")
    return whole.take(np.random.default_rng(3).permutation(whole.num_rows))


def test_lists_beside_the_years_find_their_series() -> None:
    rows = _beside(packed_rows(3), stock_outs={"p02": [5.0, 6.0], "p00": [7.0]}, delisted={"p01": [9.0]})
    found = packed_batch(by_series(rows))
    assert found.product_ids == ("p00", "p01", "p02")
    assert sorted(found.side) == ["delisted", "stock_outs"]
    stock = found.side["stock_outs"]
    assert (stock.series.tolist(), stock.values.tolist()) == ([0, 2, 2], [7.0, 5.0, 6.0])
    assert found.side["delisted"].series.tolist() == [1]
    assert packed_batch(by_series(packed_rows(3))).side == {}


def test_days_out_of_stock_are_no_zeros_and_are_named(settings: FitSettings) -> None:
    rows = packed_rows(3)
    units = np.array(rows["quantity"].to_pylist())
    out = np.arange(N_DAYS - 60, N_DAYS, 2)
    units[1, out] = 0.0
    changed = rows.set_column(4, "quantity", lists(units))
    first = CUTOFF - N_DAYS + 1
    told = _beside(changed, stock_outs={"p01": [float(first + day) for day in out]})
    calm, empty, known = (fit_both(one, settings).to_pylist() for one in (rows, changed, told))
    assert np.mean(empty[1]["forecast"]) < 0.75 * np.mean(calm[1]["forecast"])
    assert np.mean(known[1]["forecast"]) == pytest.approx(np.mean(calm[1]["forecast"]), rel=0.15)
    named = known[1]["adjustments"]
    assert [epoch_day(one["date"]) - first for one in named] == out.tolist()
    assert {(one["rule"], one["before"], one["after"]) for one in named} == {("stock_out", 0.0, None)}
    assert known[1]["n_days_known"] == N_DAYS - len(out)
    assert sum(item["n_obs"] for item in known[1]["metrics"] if item["split"] == "test") == 2 * 14
    for place in (0, 2):
        assert known[place]["forecast"] == pytest.approx(empty[place]["forecast"], rel=1e-9)


def test_a_level_set_by_hand_moves_its_forecast_alone_and_is_marked(settings: FitSettings) -> None:
    rows = packed_rows(3)
    plain = fit_both(rows, settings).to_pylist()
    end = float(CUTOFF + 14)
    drawn = fit_both(_beside(rows, prior={"p01": [50.0, 0.5, end]}), settings).to_pylist()
    half_way = (50.0 + np.mean(plain[1]["forecast"])) / 2.0
    assert np.mean(drawn[1]["forecast"][:14]) == pytest.approx(half_way, rel=0.05)
    assert drawn[1]["forecast"][14:] == plain[1]["forecast"][14:]
    assert dict(drawn[1]["parameters"])["prior_level"] == 50.0
    assert dict(drawn[1]["parameters"])["prior_weight"] == 0.5
    assert drawn[1]["metrics"] == plain[1]["metrics"]  # the backtest is the model's
    medians = drawn[1]["quantiles"][3][:14]
    assert np.mean(medians) == pytest.approx(half_way, rel=0.1)
    for place in (0, 2):
        assert drawn[place] == plain[place]


def test_a_level_set_by_hand_has_no_median_of_trees_that_know_nothing_of_it(settings: FitSettings) -> None:
    rows = packed_rows(60)
    pools = pools_by_day(ShareBatch(settings)(rows).to_pylist())
    trees = trees_by_day(TrainBatch(settings)(training_rows(60, CUTOFF)).to_pylist())
    alone = replace(settings, candidates=settings.candidates[:1], pools=with_trees(pools, trees))
    nothing = ScoreBatch(alone)(rows).slice(0, 0)
    told = _beside(rows, prior={"p01": [50.0, 1.0, float(CUTOFF + 99)]})
    made = FitBatch(alone, no_class_table(1))(told, nothing).to_pylist()
    medians = [np.mean(row["quantiles"][3]) for row in made]
    assert medians[1] == pytest.approx(50.0, rel=0.1)
    assert max(medians[:1] + medians[2:]) < 10.0


def test_a_level_set_by_hand_wakes_what_was_obsolete(settings: FitSettings) -> None:
    rows = packed_rows(2)
    units = np.array(rows["quantity"].to_pylist())
    units[1, 5:] = 0.0
    quiet = rows.set_column(4, "quantity", lists(units))
    assert fit_both(quiet, settings).to_pylist()[1]["status"] == "obsolete"
    told = _beside(quiet, prior={"p01": [3.0, 1.0, float(CUTOFF + 99)]})
    woken = fit_both(told, settings).to_pylist()[1]
    assert woken["status"] != "obsolete"
    assert np.mean(woken["forecast"]) == pytest.approx(3.0)


def test_a_delisted_product_is_forecast_up_to_its_day(settings: FitSettings) -> None:
    made = fit_both(_beside(packed_rows(2), delisted={"p00": [CUTOFF + 8.0]}), settings).to_pylist()
    assert min(made[0]["forecast"][:7]) > 0.0
    assert made[0]["forecast"][7:] == [0.0] * 21
    assert {level[7] for level in made[0]["quantiles"]} == {0.0}
    assert min(made[1]["forecast"]) > 0.0

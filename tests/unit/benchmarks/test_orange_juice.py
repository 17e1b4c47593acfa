from pathlib import Path

import numpy as np
import pandas as pd
from accuracy_parts.lepton_models import WITH_PROMOTIONS
from accuracy_parts.scores import check
from orange_juice import HORIZON, MODELS, N_ORIGINS, origins, read


def _file(folder: Path) -> Path:
    """Two series of 60 weeks; the second is missing for most of the last weeks."""
    cartons = np.random.default_rng(0).poisson(20.0, 60) + 1
    rows = [
        {
            "store": store,
            "brand": 1,
            "week": 40 + week,
            "logmove": np.log(64.0 * cartons[week]),
            "deal": 1,
            "feat": 0.5,
        }
        for store in (2, 5)
        for week in range(60)
        if store == 2 or week < 45
    ]
    pd.DataFrame(rows).to_csv(folder / "juice.csv")
    return folder / "juice.csv"


def test_file_becomes_cartons_promotions_and_days(tmp_path: Path) -> None:
    sales, promoted, days = read(_file(tmp_path))
    assert sales.shape == (2, 60)
    assert np.isnan(sales[1, 45:]).all()
    assert (sales[0] == np.round(sales[0])).all()
    assert promoted[0, 0].tolist() == [1.0, 0.5]
    assert (np.diff(days) == 7).all()


def test_origins_score_series_with_recent_sales_four_weeks_ahead(tmp_path: Path) -> None:
    sales, promoted, days = read(_file(tmp_path))
    found = origins(sales, promoted, days)
    assert [origin.history.n_days for origin in found] == [42, 44, 46, 48, 50, 52, 54, 56]
    assert [len(origin.products) for origin in found] == [2, 2, 2, 2, 2, 2, 1, 1]
    assert len(found) == N_ORIGINS
    np.testing.assert_array_equal(found[-1].actual, sales[:1, 56:])
    assert found[-1].planned is not None
    assert found[-1].planned.shape == (1, 56 + HORIZON, 2)


def test_every_model_forecasts_every_scored_week(tmp_path: Path) -> None:
    origin = origins(*read(_file(tmp_path)))[-1]
    for name in (WITH_PROMOTIONS, "lepton theta", "mean of the last thirteen weeks"):
        check(name, origin, MODELS[name](origin))

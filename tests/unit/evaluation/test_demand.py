import numpy as np
import pytest

from lepton_spark.evaluation.demand import demand_classes, is_obsolete

NAN = np.nan


@pytest.mark.parametrize(
    ("series", "expected"),
    [
        ([5.0] * 40, "smooth"),
        ([5.0, 0.0] * 20, "intermittent"),  # ADI 2
        ([1.0, 1.0, 1.0, 20.0] * 10, "erratic"),  # CV^2 = 67.69 / 33.06
        ([1.0, 0.0, 0.0, 20.0] * 10, "lumpy"),
        ([5.0] * 10 + [0.0] * 30, "obsolete"),
        ([0.0] * 40, "obsolete"),
        ([NAN] * 30 + [5.0] * 10, "new"),
        ([5.0] * 3 + [0.0] * 37, "obsolete"),
        ([0.0] * 20 + [5.0] * 3 + [0.0] * 17, "new"),  # three sales
        ([NAN] * 40, "new"),
        ([5.0, NAN] * 20, "smooth"),  # unknown days lengthen no interval
    ],
)
def test_demand_class_of_series(series: list[float], expected: str) -> None:
    assert demand_classes(np.array([series]), new_days=14, obsolete_days=30).tolist() == [expected]


def test_obsolete_counts_known_days_only() -> None:
    quantity = np.array([[3.0] + [0.0] * 5 + [NAN] * 5, [3.0] + [0.0] * 10])
    assert is_obsolete(quantity, 6).tolist() == [False, True]


def test_demand_class_without_any_day_is_new() -> None:
    assert demand_classes(np.zeros((2, 0)), new_days=14, obsolete_days=30).tolist() == ["new", "new"]

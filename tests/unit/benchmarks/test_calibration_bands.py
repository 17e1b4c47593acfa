import numpy as np
import pytest
from accuracy_parts.belief import SEVEN, in_the_middle, seen, verdicts
from accuracy_parts.protocol import Origin
from accuracy_parts.scores import Output

from lepton_spark.evaluation.quantiles.negative_binomial import count_quantiles
from lepton_spark.models.data.history import History

NAN = np.nan


def _origin(actual: np.ndarray) -> Origin:
    n_series, n_days = actual.shape
    history = History(np.full((n_series, 100), 5.0), np.arange(100))
    one = np.ones(n_series)
    return Origin(0, np.arange(n_series), history, np.arange(100, 100 + n_days), actual, one, one)


def _output(mean: np.ndarray, quantiles: np.ndarray, dispersion: float) -> Output:
    return Output(mean, None, 0.0, quantiles, np.full(len(mean), dispersion))


def test_the_transform_of_a_tie_lies_in_the_middle_as_far_as_its_probabilities() -> None:
    # Poisson of mean 1: 0 has 0 to 0.368, of which all above 0.1; 1 up to 0.736; 3 from 0.920 on
    found = in_the_middle(np.array([0.0, 1.0, 3.0]), np.ones(3), np.ones(3))
    np.testing.assert_allclose(found, [(0.3679 - 0.1) / 0.3679, 1.0, 0.0], atol=1e-3)
    # nothing is expected: 0 was certain and says nothing, a sale was impossible
    np.testing.assert_allclose(
        in_the_middle(np.array([0.0, 1.0]), np.zeros(2), np.ones(2)), [0.8, 0.0], atol=1e-3
    )


def test_true_quantiles_are_believed_and_biased_ones_are_not() -> None:
    rng = np.random.default_rng(0)
    mean = np.repeat(rng.gamma(1.0, 3.0, (400, 1)), 28, axis=1)
    actual = rng.negative_binomial(mean / 2.0, 1.0 / 3.0).astype(float)  # variance three times the mean
    lines = []
    for factor in (1.0, 0.5):
        quantiles = count_quantiles(mean * factor, np.full(mean.shape, 3.0), SEVEN.tolist())
        output = _output(mean * factor, quantiles, 3.0)
        lines.append(verdicts("x", "model", [seen(_origin(actual), output)])[0])
    assert lines[0]["middle"] == pytest.approx(0.8, abs=0.015)
    assert not [value for value in lines[0].values() if str(value).endswith("!")]
    assert float(str(lines[1]["middle"])) < 0.75
    assert str(lines[1]["p95"]).endswith("!")


def test_a_closed_day_is_not_counted_and_classes_stand_apart() -> None:
    actual = np.array([[1.0, NAN], [7.0, 7.0]])
    quantiles = np.tile(np.arange(7.0), (2, 2, 1))
    lines = verdicts("x", "m", [seen(_origin(actual), _output(np.ones((2, 2)), quantiles, 1.0))])
    assert [(line["class"], line["n"]) for line in lines] == [("all", 3), ("smooth", 3)]
    assert lines[0]["p10"] == "0.000-0.333"
    assert lines[0]["p05"] == "0.000-0.000 !"

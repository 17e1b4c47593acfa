"""The section `challenger`."""

import re

import pytest
from pydantic import ValidationError

from lepton_spark.config import Config
from lepton_spark.pipelines.challenge.contest import challenging
from lepton_spark.pipelines.forecast.plan import forecast_settings_id


def test_challenger_has_the_present_settings_but_for_its_own() -> None:
    given = {"forecast": {"horizon": 14, "models": ["mean"]}, "retention": {"runs": 5}}
    changes = {"forecast": {"models": ["ridge", "mean"]}, "backtest": {"validation_windows": 5}}
    made = challenging(Config.model_validate({**given, "challenger": changes}))
    assert made is not None
    assert (made.forecast.models, made.forecast.horizon) == (("ridge", "mean"), 14)
    assert (made.backtest.validation_windows, made.backtest.stride) == (5, 28)
    assert made.retention.runs == 5
    assert challenging(made) is None


def test_challenger_whose_settings_are_adopted_has_the_same_settings_id() -> None:
    models = ["ridge", "mean"]
    tried = challenging(Config.model_validate({"challenger": {"forecast": {"models": models}}}))
    assert tried is not None
    adopted = Config.model_validate({"forecast": {"models": models}})
    assert forecast_settings_id(tried) == forecast_settings_id(adopted) != forecast_settings_id(Config())


def test_without_changes_there_is_no_challenger() -> None:
    assert challenging(Config.model_validate({"challenger": {"min_weeks": 4}})) is None


@pytest.mark.parametrize(
    ("challenger", "message"),
    [
        ({"backtest": {"stride": 28}}, "another value than backtest.stride, which is the same"),
        ({"forecast": {"holidays": "US"}}, "unset with forecast.frequency weekly"),
        ({"forecast": {"models": ["mean", "mean"]}}, "each model once"),
        ({"forecast": {"horizon": 7}}, "Extra inputs are not permitted"),
        ({"min_weeks": 1}, "greater than or equal to 2"),
    ],
    ids=["same", "holidays", "twice", "horizon", "weeks"],
)
def test_challenger_that_cannot_be_compared_is_refused(challenger: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(message)):
        Config.model_validate({"forecast": {"frequency": "weekly"}, "challenger": challenger})

from pathlib import Path

import pytest

from lepton_spark.api.frames.settings import frame_config
from lepton_spark.config import Config, ForecastSettings
from lepton_spark.errors import ConfigError, InputError


def test_arguments_win_over_sections_which_win_over_defaults(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text("forecast: {horizon: 5, models: [mean]}\n")

    for settings in (file, str(file), [file], {"forecast": {"horizon": 5, "models": ["mean"]}},
                     Config(forecast=ForecastSettings(horizon=5, models=("mean",)))):  # fmt: skip
        found = frame_config(settings, forecast={"horizon": 7})
        assert (found.forecast.horizon, found.forecast.models) == (7, ("mean",))
    assert frame_config(None).forecast.horizon == 28


def test_wrong_setting_is_an_error_with_its_key() -> None:
    with pytest.raises(ConfigError, match=r"config: forecast.models.*did you mean"):
        frame_config({"forecast": {"models": ["ridgee"]}})


def test_inputs_that_only_a_run_reads_are_refused() -> None:
    with pytest.raises(InputError, match=r"found plans.path and calendar.path.*future=.*lepton_spark.run"):
        frame_config({"plans": {"path": "a.csv"}, "calendar": {"path": "b.csv", "columns": {"event": "e"}}})

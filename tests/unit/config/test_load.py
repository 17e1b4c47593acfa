from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from lepton_spark.config import Config, load_config
from lepton_spark.config.show import resolved_lines
from lepton_spark.errors import ConfigError


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_load_gives_later_files_and_set_precedence(tmp_path: Path) -> None:
    base = write(
        tmp_path / "base.yaml", "forecast: {horizon: 7, models: [mean, zero]}\ninput: {path: a.csv}\n"
    )
    overlay = write(tmp_path / "shop.yaml", "forecast: {models: [mean]}\n")

    loaded = load_config([base, overlay], ["forecast.cutoff=2021-01-03", "input.columns.product_id=商品ID"])

    assert loaded.config.forecast.horizon == 7
    assert loaded.config.forecast.models == ("mean",)
    assert loaded.config.input.columns.product_id == "商品ID"
    assert str(loaded.config.forecast.cutoff) == "2021-01-03"


def test_load_records_the_source_of_each_value(tmp_path: Path) -> None:
    base = write(tmp_path / "base.yaml", "forecast: {horizon: 7}\n")

    loaded = load_config([base], ["input.path=x.csv"])

    assert loaded.source("forecast.horizon") == str(base)
    assert loaded.source("input.path") == "--set"
    assert loaded.source("forecast.models") == "default"


def test_load_reports_all_invalid_settings_at_once(tmp_path: Path) -> None:
    base = write(tmp_path / "base.yaml", "input: {kind: dayly}\nforecast: {horizon: 0, modles: [mean]}\n")

    with pytest.raises(ConfigError) as caught:
        load_config([base, tmp_path / "absent.yaml"], ["panel.obsolete_days=soon", "nonsense"])

    shown = [(fault.source, fault.key) for fault in caught.value.faults]
    assert shown == [
        (str(tmp_path / "absent.yaml"), "(file)"),
        ("--set", "nonsense"),
        (str(base), "input.kind"),
        ("--set", "panel.obsolete_days"),
        (str(base), "forecast.horizon"),
        (str(base), "forecast.modles"),
    ]
    assert "found 'dayly'; allowed: 'daily' or 'transactions'" in str(caught.value)
    assert "one of horizon, frequency, week_end, models, cutoff" in str(caught.value)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("text", "key", "message"),
    [
        pytest.param(
            "input: {options: {sepp: ';'}}",
            "input.options.sepp",
            "allowed: options of csv: charset, compression",
            id="unknown reader option",
        ),
        pytest.param("input: {timezone: Mars/Base}", "input.timezone", "IANA", id="unknown time zone"),
        pytest.param(
            "input: {product_pattern: '['}", "input.product_pattern", "regular expression", id="pattern"
        ),
        pytest.param(
            "forecast: {holidays: germany}",
            "forecast.holidays",
            "found 'germany'; allowed: a country of the holidays package",
            id="no country",
        ),
        pytest.param(
            "forecast: {holidays: DE-XX}", "forecast.holidays", "parts: BB, BE, BW, BY", id="no part"
        ),
        pytest.param("forecast: {holidays: DE-}", "forecast.holidays", "parts: BB", id="a dash too many"),
        pytest.param(
            "forecast: {holidays: DE, frequency: weekly}",
            "forecast.holidays",
            "found 'DE'; allowed: unset with forecast.frequency weekly",
            id="holidays of weeks",
        ),
        pytest.param("panel: [1]", "panel", "found [1]", id="section of the wrong type"),
        pytest.param("- a\n- b", "(file)", "found a list; allowed: sections with keys", id="not a mapping"),
        pytest.param(
            "forecast:\n  horizon: 1\n  frequency: daily\n  horizon: 2",
            "line 4",
            "found the key 'horizon' a second time, first on line 2; allowed: each key once",
            id="key given twice",
        ),
        pytest.param(
            "input: {date_formats: dd.MM.yyyy}",
            "input.date_formats",
            "found 'dd.MM.yyyy'; allowed: a list; write date_formats: [dd.MM.yyyy]",
            id="a text for a list",
        ),
        pytest.param(
            "input: {kind: dayly}", "input.kind", "'transactions'; did you mean daily?", id="similar value"
        ),
        pytest.param(
            "input: {path: 5}", "input.path", "found 5; allowed: a text; write '5', in quotes", id="number"
        ),
        pytest.param(
            "forcast: {horizon: 5}", "forcast", "lineage, spark; did you mean forecast?", id="similar section"
        ),
        pytest.param(
            "input:\npath: a.csv",
            "path",
            "did you mean input.path? A section's keys are below it and indented",
            id="key of another section",
        ),
        pytest.param(
            "input: {timezone: Europe/Berln}",
            "input.timezone",
            "did you mean Europe/Berlin?",
            id="similar zone",
        ),
    ],
)
def test_load_rejects_an_invalid_value(tmp_path: Path, text: str, key: str, message: str) -> None:
    path = write(tmp_path / "wrong.yaml", text)

    with pytest.raises(ConfigError) as caught:
        load_config([path])

    (fault,) = caught.value.faults
    assert (fault.source, fault.key) == (str(path), key)
    assert message in str(fault)


def test_load_reads_a_section_of_comments_as_defaults(tmp_path: Path) -> None:
    path = write(tmp_path / "empty.yaml", "forecast:\n  # horizon: 28\n")

    assert load_config([path]).config == Config()


def test_set_replaces_a_mapping_and_merges_a_key_below_it(tmp_path: Path) -> None:
    base = tmp_path / "base.yaml"
    base.write_text("input:\n  options: {separator: ';', encoding: gb18030}\n")
    empty = load_config([base], ["input.options={}"])
    assert (empty.config.input.options, empty.source("input.options")) == ({}, "--set")
    assert empty.source("input.options.encoding") == "--set"
    replaced = load_config([base], ["input.options={quote: '~'}"]).config
    assert replaced.input.options == {"quote": "~"}
    merged = load_config([base], ["input.options.separator=,"]).config
    assert merged.input.options == {"separator": ",", "encoding": "gb18030"}


def test_set_reads_dots_below_a_free_mapping_as_part_of_the_key() -> None:
    loaded = load_config([], ["spark.options.fs.s3a.endpoint=store", "input.options.sep=;"])

    assert loaded.config.spark.options == {"fs.s3a.endpoint": "store"}
    assert loaded.config.input.options == {"sep": ";"}


@pytest.mark.parametrize("text", ["|", "*.csv", "@x", "%Y", "#"])
def test_set_reads_values_with_yaml_syntax_as_text(text: str) -> None:
    assert load_config([], [f"input.path={text}"]).config.input.path == text


def test_error_for_invalid_yaml_gives_the_line_number_but_not_the_line(tmp_path: Path) -> None:
    path = write(tmp_path / "wrong.yaml", "spark:\n  options: {fs.s3a.secret.key: hunter2\n")

    with pytest.raises(ConfigError, match="line 2: found a bracket") as caught:
        load_config([path], ["spark.options.fs.s3a.secret.key=[hunter2"])

    assert "hunter2" not in str(caught.value)
    assert len(caught.value.faults) == 2


def test_config_is_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Config().forecast.horizon = 3  # type: ignore[misc]  # must fail


def test_resolved_lines_mask_secrets() -> None:
    loaded = load_config([], ["spark.options.fs.s3a.secret.key=hunter2"])

    shown = list(resolved_lines(loaded))

    assert ("spark.options.fs.s3a.secret.key", "***", "--set") in shown
    assert "hunter2" not in str(shown)
    assert ("forecast.horizon", "28", "default") in shown


@pytest.mark.parametrize(
    ("setting", "shown"),
    [
        ("spark.options.x=-Dpassword=hunter2", "***"),
        ("spark.options.my.private.key=hunter2", "***"),
        ("warehouse.root=s3a://user:hunter2@bucket/x", "s3a://***@bucket/x"),
    ],
)
def test_resolved_lines_mask_secrets_within_values(setting: str, shown: str) -> None:
    lines = list(resolved_lines(load_config([], [setting])))

    assert (setting.partition("=")[0], shown, "--set") in lines
    assert "hunter2" not in str(lines)


def test_resolved_lines_quote_invisible_characters() -> None:
    lines = list(resolved_lines(load_config([], ['input.options.separator="\\t"', "input.options.quote=''"])))

    assert ("input.options.separator", '"\\t"', "--set") in lines
    assert ("input.options.quote", '""', "--set") in lines


def test_cutoff_of_the_command_line_has_precedence_and_is_the_source() -> None:
    loaded = load_config([], ["forecast.cutoff=2021-01-31"], cutoff="2021-02-28")

    assert str(loaded.config.forecast.cutoff) == "2021-02-28"
    assert loaded.source("forecast.cutoff") == "--cutoff"


def test_error_for_a_secret_does_not_show_it() -> None:
    with pytest.raises(ConfigError) as caught:
        load_config([], ["spark.options.fs.s3a.secret.key=[hunter2]"])

    assert "hunter2" not in str(caught.value)


@settings(deadline=None)  # a busy machine must not fail the test
@given(horizon=st.integers(1, 366), half_lives=st.lists(st.floats(0.5, 1e4), min_size=1, max_size=4))
def test_config_written_as_yaml_reads_back_equal(horizon: int, half_lives: list[float]) -> None:
    config = Config.model_validate({"forecast": {"horizon": horizon, "half_lives": half_lives}})

    tree = yaml.safe_load(yaml.safe_dump(config.model_dump(mode="json"), allow_unicode=True))

    assert Config.model_validate(tree) == config

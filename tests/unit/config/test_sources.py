"""`input` as a list of sources: layers, keys, and the settings in which all sources agree."""

from pathlib import Path

import pytest

from lepton_spark.config import Config, InputSettings, load_config
from lepton_spark.config.show import resolved_lines
from lepton_spark.errors import ConfigError
from lepton_spark.ingest.files.delivery import FoundFile
from lepton_spark.pipelines.ingest import sources
from lepton_spark.pipelines.ingest.mappings import changed_mapping
from lepton_spark.pipelines.runs.recorded_config import masked_json, used_settings
from lepton_spark.pipelines.runs.run_id import settings_id

SHARED = "input:\n  kind: transactions\n  columns: {price: UnitPrice, transaction_id: InvoiceNo}\n"
LIST = (
    "input:\n"
    "  - {path: y1, format: parquet, columns: {price: Price, transaction_id: Invoice}}\n"
    "  - {path: y2}\n"
)


def written(folder: Path, *texts: str) -> list[Path]:
    paths = [folder / f"{number}.yaml" for number in range(len(texts))]
    for path, text in zip(paths, texts, strict=True):
        path.write_text(text, encoding="utf-8")
    return paths


def test_settings_directly_below_input_count_for_every_source(tmp_path: Path) -> None:
    config = load_config(written(tmp_path, SHARED, LIST, "input: {columns: {quantity: units}}")).config
    assert [source.path for source in config.inputs] == ["y1", "y2"]
    assert [source.kind for source in config.inputs] == ["transactions"] * 2
    assert [source.columns.quantity for source in config.inputs] == ["units"] * 2
    assert config.tickets == ("Invoice", "InvoiceNo")
    assert not config.has_customers


def test_set_addresses_one_source_by_its_number_or_all_of_them(tmp_path: Path) -> None:
    overrides = [
        "input.1.path=in.2.csv",
        "input.1.skip_where.order.state=[gone]",
        "input.timezone=Europe/Berlin",
    ]
    loaded = load_config(written(tmp_path, SHARED, LIST), overrides)
    first, second = loaded.config.inputs
    assert (first.path, second.path) == ("y1", "in.2.csv")
    assert (first.skip_where, second.skip_where) == ({}, {"order.state": ("gone",)})
    assert {first.timezone, second.timezone} == {"Europe/Berlin"}
    shown = {key: (value, Path(source).name) for key, value, source in resolved_lines(loaded)}
    assert shown["input.0.path"] == ("y1", "1.yaml")
    assert shown["input.1.path"] == ("in.2.csv", "--set")
    assert shown["input.1.columns.price"] == ("UnitPrice", "0.yaml")
    assert "input.path" not in shown


def test_a_later_list_or_a_mapping_by_set_replaces_the_sources(tmp_path: Path) -> None:
    paths = written(tmp_path, SHARED, LIST, "input: [{path: other}]\n")
    (only,) = load_config(paths).config.inputs
    assert (only.path, only.kind, only.format, only.columns.price) == (
        "other",
        "transactions",
        "csv",
        "UnitPrice",
    )
    replaced = load_config(paths, ["input={path: c}"])
    assert replaced.config == Config(input=InputSettings(path="c"))
    assert replaced.source("input.kind") == "default"


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ("input.1.kind=daily", "input.1.columns.transaction_id: found 'InvoiceNo'; allowed: nothing with"),
        (
            "input.1.timezone=Europe/Berlin",
            "input.1.timezone: found 'Europe/Berlin'; allowed: UTC as in input.0.timezone: all sources share",
        ),
        (
            "input.1.columns.price=null",
            "input.1.columns.price: found nothing; allowed: a column, as in input.0.columns.price: lines are",
        ),
        ("input.0.columns.location_id=till", "input.1.columns.location_id: found nothing; allowed: a column"),
        (
            "input.1.identity=[row]",
            r"input.1.identity: found \('row',\); allowed: as many columns as in input.0",
        ),
        ("input.1.colums.price=p", "input.1.colums: found an unknown key; .* did you mean columns"),
        ("input.0.columns.pric=p", "input.0.columns.pric: found an unknown key; .* did you mean price"),
        ("input.2.path=p", "input.2: found no such source; allowed: one of input.0, input.1, the sources"),
        ("input=[]", "input: found \\[\\]; allowed: a list with at least one source"),
        ("input=[a.csv]", "input.0: found 'a.csv'; allowed: keys of this section"),
    ],
)
def test_sources_that_do_not_go_together_are_named(tmp_path: Path, change: str, fault: str) -> None:
    with pytest.raises(ConfigError, match=fault):
        load_config(written(tmp_path, SHARED, LIST), [change])


def test_columns_by_which_lines_are_compared_may_differ_with_an_identity(tmp_path: Path) -> None:
    overrides = ["input.0.identity=[line]", "input.1.identity=[row]", "input.1.columns.price=null"]
    config = load_config(written(tmp_path, SHARED, LIST), overrides).config
    assert [source.columns.price for source in config.inputs] == ["Price", None]


def test_one_source_is_recorded_as_before_and_the_order_of_several_does_not_matter() -> None:
    one = Config(input=InputSettings(path="a"))
    assert one.model_dump()["input"] == InputSettings(path="a").model_dump()
    assert list(one.model_dump())[:3] == ["warehouse", "input", "plans"]
    both = [InputSettings(path="a", decimal=","), InputSettings(path="s3://me:hunter2@b/c")]
    config, turned = Config(input=both), Config(input=both[::-1])
    assert Config.model_validate(config.model_dump(mode="json")) == config
    assert settings_id("ingest", config) == settings_id("ingest", turned) != settings_id("ingest", one)
    assert sources.rules_of(config) == sources.rules_of(turned)
    assert sources.rules_of(one) == one.input.model_dump_json(exclude={"path"})
    assert "hunter2" not in masked_json(config)


def test_changed_mapping_compares_a_source_with_the_most_similar_of_an_earlier_load() -> None:
    new, old = ({"columns": {"date": name}} for name in ("day", "at"))
    used = [used_settings(masked_json(Config(input=[new, old])))]
    assert changed_mapping(used, InputSettings(columns={"date": "at"}), "input.0") is None
    words = changed_mapping(used, InputSettings(columns={"date": "day", "price": "p"}), "input.1")
    assert words == "input.1.columns.price was unset and is p"
    single = [used_settings(masked_json(Config(input=old)))]
    assert (
        changed_mapping(single, InputSettings(columns={"date": "day"}))
        == "input.columns.date was at and is day"
    )


def test_a_file_in_two_sources_is_an_error() -> None:
    config = Config(input=[{"path": "in"}, {"path": "in/*.csv"}])
    files = [FoundFile("file:/in/a.csv", "", 1, "x", source=number) for number in (0, 1)]
    with pytest.raises(
        sources.InputError, match=r"input\.0\.path and input\.1\.path: found both have /in/a\.csv"
    ):
        sources._require_one_source(config, files)

"""Values that no run could use are rejected under their keys, all at once, before any write."""

import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from lepton_spark.config import Config, InputSettings, load_config
from lepton_spark.config.values.date_forms import date_form_fault
from lepton_spark.config.values.patterns import pattern_fault
from lepton_spark.errors import ConfigError

REPOSITORY = Path(__file__).resolve().parents[3]
TRANSACTIONS = "kind: transactions, "


@pytest.mark.parametrize(
    "form",
    [
        *("yyyy-MM-dd", "dd/MM/yyyy", "d.M.yy", "yyyyMMdd", "dd MMM yyyy", "yyyyDDD", "yyyy年MM月dd日"),
        *(
            "yyyy-MM-dd HH:mm:ss",
            "yyyy-MM-dd hh:mm a",
            "yyyy-MM-dd'T'HH:mm:ssXXX",
            "yyyy-MM-dd HH:mm:ss[.SSS]",
        ),
        *("yyyy-MM-dd HH:mm VV", "d 'de' MMMM 'de' yyyy"),
    ],
)
def test_date_form_that_spark_reads_is_valid(form: str) -> None:
    assert date_form_fault(form) is None


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ("YYYY-MM-DD", "not YYYY; did you mean yyyy-MM-dd?"),
        ("yyyy-MM-DD", "d (day), such as yyyy-MM-dd; did you mean yyyy-MM-dd?"),
        ("yyyy-mm-dd", "M (month) and d (day), such as yyyy-MM-dd; did you mean yyyy-MM-dd?"),
        ("DD/MM/YYYY", "did you mean dd/MM/yyyy?"),
        ("%Y-%m-%d", "did you mean yyyy-MM-dd?"),
        ("uuuu-MM-dd", "did you mean yyyy-MM-dd?"),
        (
            "yyyy-MM-dd hh:mm",
            "a (AM or PM) beside h, or H for hours up to 23; did you mean yyyy-MM-dd HH:mm?",
        ),
        ("banana", "not b"),
        ("", "y (year), M (month) and d (day)"),
        ("yyyy-MM", "y (year), M (month) and d (day)"),
        ("EEE dd MMM yyyy", "not EEE"),
        ("ddd-MM-yyyy", "not ddd"),
        ("yyyy-MM-dd'T", "quotes come in pairs"),
        ("yyyy-MM-dd[ HH:mm]", "around a fraction of a second only"),
        ("yyyy-MM-dd [HH", "without unpaired"),
        ("yyyy-MM-dd {", "without unpaired"),
        ("yyyy-MM-ddXXX", "an offset only beside a time of day"),
    ],
)
def test_invalid_date_form_is_explained_with_a_suggestion(form: str, message: str) -> None:
    assert message in str(date_form_fault(form))


@pytest.mark.parametrize(
    "pattern", ["[0-9]{5}[A-Z]*", "^C", r"\p{IsHan}+[\p{L}0-9]", r"a\z", r"(?<n>x)\k<n>", r"\\Z"]
)
def test_pattern_of_java_is_valid(pattern: str) -> None:
    assert pattern_fault(pattern) is None


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("(?P<year>[0-9]+)", "found (?P, which is Python's; write (?<name>...)"),
        ("(x)(?P=year)", "found (?P, which is Python's"),
        (r"C\Z", r"found \Z, which is Python's; write \z"),
        ("(a)?(?(1)b|c)", "found (?(, which is Python's"),
        ("[", "unterminated"),
        ("", "or leave the key out"),
        (" ", "or leave the key out"),
    ],
)
def test_pattern_that_java_rejects_is_explained(pattern: str, message: str) -> None:
    assert message in str(pattern_fault(pattern))


@pytest.mark.parametrize(
    ("text", "key", "message"),
    [
        ("input: {date_formats: [yyyy-MM-dd, banana]}", "input.date_formats[1]", "found 'banana'"),
        ("input: {product_pattern: '(?P<a>b)'}", "input.product_pattern", "a regular expression of Java"),
        (
            "input: {options: {encoding: latin-foo}}",
            "input.options.encoding",
            "a text encoding such as utf-8",
        ),
        ("input: {options: {charset: rot13}}", "input.options.charset", "a text encoding such as utf-8"),
        ("input: {options: {separator: '||'}}", "input.options.separator", "one character, or \\t for a tab"),
        ("input: {options: {escape: '\"'}}", "input.options.escape", "one character other than a quote"),
        ("input: {options: {sep: ''}}", "input.options.sep", "one character"),
        ("input: {options: {sep: ;, separator: ;}}", "input.options.sep", "either sep or separator"),
        (
            "input: {options: {separator: '\"'}}",
            "input.options.separator",
            "a separator that is not the quote",
        ),
        ("input: {options: {quote: ','}}", "input.options.quote", "found ','; allowed: a separator"),
        ("input: {options: {quote: '<<'}}", "input.options.quote", "one character, or nothing"),
        ("input: {options: {header: 'yes'}}", "input.options.header", "found 'yes'; allowed: true or false"),
        ("input: {options: {header: 1}}", "input.options.header", "found '1'; allowed: true or false"),
        ("input: {options: {compression: zip}}", "input.options.compression", "gzip or none"),
        ("input: {format: delta, options: {versionAsOf: -1}}", "input.options.versionAsOf", "from 0 up"),
        ("input: {format: delta, options: {versionAsOf: 1.5}}", "input.options.versionAsOf", "from 0 up"),
        (
            "input: {format: delta, options: {versionAsOf: 2021-01-01}}",
            "input.options.versionAsOf",
            "allowed: a text",
        ),
        (
            "input: {format: json, options: {separator: ;}}",
            "input.options.separator",
            "options of json: charset",
        ),
        ("input: {format: parquet, options: {sep: ;}}", "input.options.sep", "options of parquet: none"),
        (
            f"input: {{{TRANSACTIONS}cancellation_pattern: ^C}}",
            "input.cancellation_pattern",
            "found '^C'; allowed: only with input.columns.transaction_id",
        ),
        ("input: {cancellation_pattern: ^C}", "input.cancellation_pattern", "set input.kind: transactions"),
        ("input: {columns: {customer_id: who}}", "input.columns.customer_id", "set input.kind: transactions"),
        (
            "input: {columns: {transaction_id: order}}",
            "input.columns.transaction_id",
            "set input.kind: transactions",
        ),
        ("input: {price_is: line_total}", "input.price_is", "only with input.columns.price"),
        ("input: {min_unit_price: 0.5}", "input.min_unit_price", "found 0.5; allowed: only with"),
        (
            "input: {columns: {quantity: date}}",
            "input.columns.quantity",
            "of its own; date is mapped to this one",
        ),
        ("input: {columns: {price: quantity}}", "input.columns.price", "quantity is mapped to this one"),
        ("input: {personal_columns: [a, date]}", "input.personal_columns[1]", "it is input.columns.date"),
        ("input: {identity: [a, who], personal_columns: [who]}", "input.personal_columns", "of which a hash"),
        (
            "input: {kind: transactions, columns: {customer_id: who}, identity: [who]}",
            "input.identity",
            "no personal column",
        ),
        (
            "forecast: {models: [mean, zero, mean]}",
            "forecast.models[2]",
            "found 'mean'; allowed: each model once",
        ),
        (
            "forecast: {horizon: 7}\npublish: {valid_days: 8}",
            "publish.valid_days",
            "up to forecast.horizon, 7",
        ),
        ("priors: {columns: {level: a, weight: a}}", "priors.columns.weight", "level is mapped to it"),
        ("plans: {columns: {measures: [a, a]}}", "plans.columns.measures", "measures is mapped to it"),
        ("plans: {options: {header: 'false'}}", "plans.options.header", "true: columns are found by"),
        ("plans: {options: {charset: gb18030}}", "plans.options.charset", "UTF-32; convert the file first"),
        ("plans: {format: parquet, options: {sep: ';'}}", "plans.options.sep", "options of parquet: none"),
        ("forecast: {cutoff: 20241231}", "forecast.cutoff", "found 20241231; allowed: a day of the calendar"),
        ("forecast: {cutoff: 2024-12-31T10:00:00}", "forecast.cutoff", "such as 2024-12-31"),
        ("forecast: {models: []}", "forecast.models", "allowed: at least 1 item"),
        ("input: {date_formats: [b]}", "input.date_formats[0]", "not b"),
        ("spark: {master: banana}", "spark.master", "local[*], local[2] or spark://HOST:PORT"),
        ("spark: {master: 'local[0]'}", "spark.master", "local[*], local[2] or spark://HOST:PORT"),
        ("spark: {driver_memory: much}", "spark.driver_memory", "such as 4g or 800m"),
    ],
)
def test_load_rejects_values_that_no_run_could_use(tmp_path: Path, text: str, key: str, message: str) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(ConfigError) as caught:
        load_config([path])

    (fault,) = caught.value.faults
    assert (fault.source, fault.key) == (str(path), key)
    assert message in str(fault)


def test_load_requires_a_column_for_stock(tmp_path: Path) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text("stock: {path: a.csv, columns: {date: day}}", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"stock\.columns\.out_of_stock: .* here or as on_hand"):
        load_config([path])


def test_load_requires_a_value_or_a_factor_for_overrides(tmp_path: Path) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text("overrides: {path: a.csv, columns: {who: planner}}", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"overrides\.columns\.value: .* here or as factor"):
        load_config([path])


def test_load_reports_invalid_values_and_invalid_combinations_together(tmp_path: Path) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text(
        "input:\n  duplicates: maybe\n  columns: {customer_id: who, price: date}\n"
        "  options: {separator: '||', header: 'no'}\n  date_formats: [banana, YYYY]\n"
        "forecast: {horizon: 3, models: [mean, mean]}\npublish: {valid_days: 9}\n",
        encoding="utf-8",
    )

    with pytest.raises(ConfigError) as caught:
        load_config([path])

    assert [fault.key for fault in caught.value.faults] == [
        *("input.columns.price", "input.columns.customer_id"),
        *(
            "input.options.separator",
            "input.options.header",
            "input.date_formats[0]",
            "input.date_formats[1]",
        ),
        *("input.duplicates", "forecast.models[1]"),
    ]


@pytest.mark.parametrize(
    "options",
    [
        {"separator": "\t"},
        {"separator": "\\t", "quote": ""},
        {"delimiter": "tab", "encoding": "GB18030"},
        {"header": True, "compression": "GZIP"},
        {"charset": "utf-16"},
    ],
)
def test_valid_reader_options_are_accepted(options: dict[str, object]) -> None:
    assert InputSettings.model_validate({"options": options}).options


def test_short_horizon_shortens_the_default_of_valid_days() -> None:
    assert Config.model_validate({"forecast": {"horizon": 3}}).publish.valid_days == 3
    assert Config.model_validate({"forecast": {"horizon": 30}}).publish.valid_days == 7
    with pytest.raises(ValidationError, match=r"up to forecast\.horizon, 3"):
        Config.model_validate({"forecast": {"horizon": 3}, "publish": {"valid_days": 7}})


@pytest.mark.parametrize(
    "names", [["demo"], ["online_retail"], ["online_retail", "online_retail_years"], ["example"]]
)
def test_shipped_configuration_loads(names: list[str]) -> None:
    load_config([REPOSITORY / f"conf/{name}.yaml" for name in ("base", *names)])


def test_example_loads_with_every_commented_key(tmp_path: Path) -> None:
    text = (
        (REPOSITORY / "conf/example.yaml").read_text("utf-8").replace("kind: daily ", "kind: transactions ")
    )
    keys = [re.sub("^( *)# ", r"\1", line) for line in text.splitlines()[2:]]
    path = tmp_path / "whole.yaml"
    path.write_text("\n".join(keys), encoding="utf-8")

    loaded = load_config([path]).config

    assert loaded.input.options["encoding"] == "GB18030"
    assert loaded.panel.last_day == "by_volume"

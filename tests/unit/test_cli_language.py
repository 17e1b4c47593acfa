"""Commands in another language: chosen by `--lang` or the locale, with aligned tables."""

import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lepton_spark import cli
from lepton_spark.cli import messages
from lepton_spark.cli.failures.failure_words import failure_words, shown_words
from lepton_spark.cli.language.option import chosen_language
from lepton_spark.errors import ConfigError
from lepton_spark.language import ENGLISH, use_language
from lepton_spark.report.console import print_tables
from lepton_spark.report.explanation.page import print_page
from lepton_spark.report.explanation.words import table
from tests.unit.report.test_explanation import DAY, EXPLAINED


@pytest.fixture(autouse=True)
def english_again(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    yield
    use_language(ENGLISH)


def width(line: str) -> int:
    """Columns of a terminal that the line takes."""
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in line)


@pytest.mark.parametrize("option", [["--lang", "zh"], ["--lang=zh"]])
@pytest.mark.parametrize("first", [True, False])
def test_language_is_an_option_of_every_command(option: list[str], first: bool) -> None:
    given = ["tables", "--set", "a=b"]
    arguments = [*option, *given] if first else [*given, *option]
    assert chosen_language(arguments, {"LANG": "de"}) == (given, "zh")


def test_option_wins_over_the_locale() -> None:
    assert chosen_language(["run"], {"LC_ALL": "zh_CN.UTF-8"}) == (["run"], "zh")
    assert chosen_language(["run", "--lang", "en"], {"LC_ALL": "zh_CN.UTF-8"}) == (["run"], "en")


@pytest.mark.parametrize(("given", "found"), [(["--lang", "fr"], "'fr'"), (["--lang"], "nothing")])
def test_language_without_a_catalogue_is_an_error(given: list[str], found: str) -> None:
    with pytest.raises(ConfigError, match=f"--lang: found {found}; allowed: en, zh"):
        chosen_language(["run", *given], {})
    assert cli.main(["tables", *given]) == 2


def test_tables_are_printed_in_the_language_and_the_next_command_in_english(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli.main(["tables", "--set", "warehouse.root=here", "--lang", "zh"]) == 0
    assert "here 下的表" in capsys.readouterr().out
    assert cli.main(["tables", "--set", "warehouse.root=here"]) == 0
    assert "Tables under here" in capsys.readouterr().out


def test_help_is_in_the_language_of_the_locale(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert cli.main(["plot", "--help"]) == 0
    found = capsys.readouterr().out
    assert "绘制某产品的销售和已发布的预测。" in found
    assert "表中的产品编号。" in found


def test_configuration_fault_is_shown_in_the_language(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "a.yaml"
    file.write_text("forecast:\n  horizn: 7\n", encoding="utf-8")
    assert cli.main(["config", "--conf", str(file), "--lang", "zh"]) == 2
    words = capsys.readouterr().err
    assert words.startswith("lepton: 配置有 1 处错误；没有写入任何内容：\n")
    assert f"{file}：forecast.horizn：实际为 未知的键；允许：以下之一：horizon, " in words
    assert words.endswith("；您是想写 horizon 吗？\n")


def test_alert_of_a_failure_stays_english() -> None:
    use_language("zh")
    fault = OSError("mkdir /data (No space left on device)")
    assert failure_words(fault).startswith("storage: found No space left on device")
    assert shown_words(fault).startswith("存储：实际为 设备上没有剩余空间")


@pytest.mark.parametrize("code", ["en", "zh"])
def test_lines_of_a_table_have_the_same_width(code: str, capsys: pytest.CaptureFixture[str]) -> None:
    use_language(code)
    console = messages.console()
    print_page(console, EXPLAINED, DAY)
    print_tables(console, "root")
    rows = [line for line in capsys.readouterr().out.splitlines() if line[:1] in set("┏┃┡│└")]
    assert len(rows) > 20
    grids: dict[int, Any] = {}
    for line in rows:
        grids.setdefault(width(line), []).append(line)
    assert len(grids) == 2  # the widths of the two tables


def test_long_text_without_spaces_is_not_cut_off(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["tables", "models", "--lang", "zh"]) == 0
    cells = [line.split("│")[3].strip() for line in capsys.readouterr().out.splitlines() if "│" in line]
    assert "…" not in "".join(cells)
    assert (
        "选定模型的设置；dispersion：方差与均值之比，用于分位数；prior_level、prior_weight：由计划员给定"
        in "".join(cells)
    )


def test_help_without_spaces_is_not_cut_off(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["run", "--help", "--lang", "zh"]) == 0
    out = capsys.readouterr().out
    assert "…" not in out
    assert "也发布。" in out


def test_table_of_an_explained_forecast_is_translated() -> None:
    use_language("zh")
    head, rows = table(EXPLAINED)
    assert head == ["日期", "", "平常日", "水平", "星期", "季节", "预测", "p10", "p90"]
    assert rows[0][:2] == ["2024-06-01", "周六"]

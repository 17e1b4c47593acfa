"""The choice of language, and what it may change."""

import pickle
import subprocess
import sys
from collections.abc import Iterator
from datetime import date

import pytest

from lepton_spark.errors import ConfigError, Fault, InputError, explain
from lepton_spark.language import (
    ENGLISH,
    Message,
    counted,
    language_of,
    language_tag,
    short_weekday,
    shown,
    translated,
    use_language,
    weekday,
)


@pytest.fixture
def chinese() -> Iterator[None]:
    use_language("zh")
    yield
    use_language(ENGLISH)


@pytest.mark.parametrize(
    ("environment", "code"),
    [
        ({}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh"}, "zh"),
        ({"LANG": "zh@pinyin"}, "zh"),
        ({"LC_ALL": "de_DE.UTF-8", "LANG": "zh_CN.UTF-8"}, "en"),
        ({"LC_ALL": "", "LC_MESSAGES": "zh_CN", "LANG": "C"}, "zh"),
        ({"LC_MESSAGES": "C", "LANG": "zh_CN"}, "en"),
        ({"LANG": "POSIX"}, "en"),
        ({"LANG": "zhx_CN"}, "en"),
    ],
)
def test_language_is_that_of_the_first_variable_that_is_set(environment: dict[str, str], code: str) -> None:
    assert language_of(environment) == code


@pytest.mark.usefixtures("chinese")
def test_chinese_is_used_once_it_is_chosen() -> None:
    assert translated("What to do today") == "今日待办"
    assert weekday(date(2024, 5, 31)) == "星期五"
    assert short_weekday(date(2024, 6, 2)) == "周日"
    assert counted(1_200, "{n} gate passed", "{n} gates passed") == "1,200 项门槛通过"
    assert language_tag() == "zh-CN"


@pytest.mark.usefixtures("chinese")
def test_unknown_message_stays_english() -> None:
    assert translated("a message of tomorrow") == "a message of tomorrow"
    assert translated("") == ""


def test_english_returns_after_another_language() -> None:
    use_language("zh")
    use_language(ENGLISH)
    assert translated("What to do today") == "What to do today"
    assert language_tag() == "en"


@pytest.mark.usefixtures("chinese")
def test_another_process_stays_english() -> None:
    code = "from lepton_spark.language import translated; print(translated('What to do today'))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "What to do today\n"


@pytest.mark.usefixtures("chinese")
def test_message_is_english_until_it_is_shown() -> None:
    found = Message("no {what}", what=Message("published forecast"))
    fault = InputError(explain(Message("product '{product}'", product="{what}"), found, "x", "y"))
    assert str(fault) == "product '{what}': found no published forecast; allowed: x. y"
    assert fault.shown() == "产品“{what}”：实际为 没有已发布的预测；允许：x。y"


@pytest.mark.usefixtures("chinese")
def test_value_that_equals_a_message_is_data() -> None:
    assert Message("table {name}", name="sold").shown() == "表 sold"
    assert shown("sold") == "sold"


def test_message_without_values_keeps_its_braces() -> None:
    assert Message("keys with values, such as {key: value}") == "keys with values, such as {key: value}"


@pytest.mark.usefixtures("chinese")
def test_message_crosses_to_another_process() -> None:
    copied = pickle.loads(pickle.dumps(Message("no {what}", what="{brace}")))  # noqa: S301 - made here
    assert (copied, copied.shown()) == ("no {brace}", "没有{brace}")


@pytest.mark.usefixtures("chinese")
def test_faults_of_a_configuration_are_english_until_they_are_shown() -> None:
    fault = ConfigError([Fault("a.yaml", "b", Message("an unknown key"), Message("true or false"))])
    assert str(fault) == (
        "the configuration has 1 fault; nothing was written:\n"
        "  a.yaml: b: found an unknown key; allowed: true or false"
    )
    assert fault.shown() == (
        "配置有 1 处错误；没有写入任何内容：\n  a.yaml：b：实际为 未知的键；允许：true 或 false"
    )

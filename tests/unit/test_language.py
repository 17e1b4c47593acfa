"""The choice of language, and what it may change."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import date

import pytest

from lepton_spark.language import (
    ENGLISH,
    counted,
    language_of,
    language_tag,
    short_weekday,
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

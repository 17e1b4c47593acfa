"""The catalogues of translations: of the code's messages, with the fields of each."""

import re
from collections.abc import Sequence

import pytest

from lepton_spark.language import CATALOGUES
from scripts.messages import is_stale, is_translated, messages, stored

FIELD = re.compile(r"\{\w+\}|%\(\w+\)s")


def fields(text: str) -> set[str]:
    """The fields of a text; a translation may repeat one."""
    return set(FIELD.findall(text))


def texts(string: str | Sequence[str]) -> Sequence[str]:
    return [string] if isinstance(string, str) else string


@pytest.mark.parametrize("code", CATALOGUES)
def test_catalogue_has_the_messages_of_the_code(code: str) -> None:
    assert not is_stale(code), "run: make messages"


@pytest.mark.parametrize("code", CATALOGUES)
def test_translation_has_the_fields_of_its_message(code: str) -> None:
    different = [
        one.id
        for one in stored(code)
        if one.id and is_translated(one)
        for text in texts(one.string)
        if fields(text) != fields(texts(one.id)[-1])
    ]
    assert different == []


def test_messages_of_code_template_and_script_are_collected() -> None:
    found = {one.id for one in messages()}
    assert "Better than seasonal naive in {n} of {every}." in found  # Python
    assert ("{n} product alarm", "{n} product alarms") in found  # with a plural
    assert "Forecasts after {cutoff}" in found  # the template
    assert "{found} of {n} products match." in found  # the page's script


def test_chinese_sentences_end_in_full_width_signs() -> None:
    sentences = (one for one in stored("zh") if isinstance(one.id, str) and re.search(r"[a-z]\.$", one.id))
    assert [one.string for one in sentences if one.string and not str(one.string).endswith("。")] == []

"""Signs of numbers by the values that each format reads."""

import pytest

from lepton_spark.detection.number_signs import number_formats
from lepton_spark.detection.trials import NUMBER_FORMATS, NUMBER_FORMS, ColumnTrial
from lepton_spark.ingest.lines.reading.numbers import NumberFormat

POINT, COMMA = NumberFormat(".", None, NUMBER_FORMS), NumberFormat(",", None, NUMBER_FORMS)
ENGLISH, GERMAN = NumberFormat(".", ",", NUMBER_FORMS), NumberFormat(",", ".", NUMBER_FORMS)


def _formats(
    read: dict[NumberFormat, int], texts: list[str], *, is_english: bool = True
) -> list[NumberFormat]:
    trial = ColumnTrial(len(texts), (), read)
    return number_formats([trial], texts, is_english=is_english)


def test_whole_numbers_are_plain() -> None:
    read = dict.fromkeys(NUMBER_FORMATS, 2)
    assert _formats(read, ["1", "25"]) == [NumberFormat(".", None)]


def test_signs_that_read_most_values_are_taken() -> None:
    texts = ["900", "1.120", "12,5"]
    assert _formats({POINT: 2, COMMA: 2, GERMAN: 3}, texts) == [NumberFormat(",", ".")]


@pytest.mark.parametrize(("is_english", "first"), [(True, "."), (False, ",")], ids=["English", "German"])
def test_points_before_three_digits_leave_two_formats(is_english: bool, first: str) -> None:
    found = _formats({POINT: 2, GERMAN: 2, COMMA: 1}, ["900", "1.120"], is_english=is_english)
    assert (found[0].decimal, len(found)) == (first, 2)
    assert {(each.decimal, each.thousands) for each in found} == {(".", None), (",", ".")}


def test_further_forms_are_those_that_occur() -> None:
    texts = ["5-", "(3)", "1,234.5"]
    assert _formats({ENGLISH: 3}, texts) == [NumberFormat(".", ",", ("trailing_minus", "parentheses"))]
    assert _formats({POINT: 2}, ["\u22125", "2 kg"]) == [NumberFormat(".", None, ("unicode_minus", "unit"))]

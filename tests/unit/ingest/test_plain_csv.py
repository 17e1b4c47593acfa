"""Files that Arrow reads as a whole have the lines that the record reader finds; others are left to it."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lepton_spark.ingest.files.inspection import read_columns
from lepton_spark.ingest.files.layout import Layout, UnreadableFileError
from lepton_spark.ingest.files.text.csv_lines import read_csv
from lepton_spark.ingest.files.text.plain_csv import plain_table

HEADER = "sku,day,units\n"
PLAIN = HEADER + "1001,2021-01-01,150\n,,3\n"


def layout(**changes: object) -> Layout:
    return Layout(**({"format": "csv", "columns": ("sku", "day")} | changes))  # type: ignore[arg-type]


def by_record(text: str, of: Layout) -> list[tuple[object, ...]]:
    """line_number, malformed, raw and the values of each line, as the record reader finds them."""
    names, rows = read_csv(text, of)
    return [(number, words, raw, *(values or (None,) * len(names))) for number, values, words, raw in rows]


def by_column(text: str, of: Layout) -> list[tuple[object, ...]]:
    _, batches = read_columns("a.csv", text.encode(), of)
    return [
        row
        for batch in batches
        for row in zip(*(column.to_pylist() for column in batch.columns), strict=True)
    ]


def is_plain(text: str, of: Layout) -> bool:
    return plain_table(text, read_csv(text, of)[0], of) is not None


@pytest.mark.parametrize(
    ("text", "changes"),
    [
        pytest.param(PLAIN, {}, id="plain"),
        pytest.param(PLAIN.removesuffix("\n"), {}, id="no line end at the end"),
        pytest.param(PLAIN.replace("\n", "\r\n"), {}, id="carriage returns"),
        pytest.param(PLAIN.replace(",", ";"), {"separator": ";"}, id="semicolons"),
        pytest.param(PLAIN.replace("1001", " NA \u2028é"), {}, id="blanks and other signs"),
        pytest.param("a,b,c\n1,2,3\n", {"has_header": False, "columns": ("_c0",)}, id="no header"),
        pytest.param(HEADER.replace("units", "") + "1,2,3\n", {}, id="a column without a name"),
        pytest.param(PLAIN + '"5",6,7\n', {"quote": None}, id="quotes that are no quotes"),
        pytest.param('"sku","day","units"\n"1001","2021, January",\n"",2,"3"\r\n', {}, id="quotes"),
    ],
)
def test_plain_files_have_the_lines_of_the_record_reader(text: str, changes: dict[str, object]) -> None:
    assert is_plain(text, layout(**changes))
    assert by_column(text, layout(**changes)) == by_record(text, layout(**changes))


@pytest.mark.parametrize(
    ("text", "changes"),
    [
        pytest.param(PLAIN + '"1""2",3,4\n', {}, id="a doubled quote"),
        pytest.param(PLAIN + '"1\n2",3,4\n', {}, id="a line end in quotes"),
        pytest.param(PLAIN + '1"2,3,4\n5"6,7,8\n', {}, id="quotes inside fields"),
        pytest.param(PLAIN + '1",3,4\n"5,6,7"\n', {}, id="quotes that do not match"),
        pytest.param(PLAIN + '"1"2,3,4\n', {}, id="text behind a quote"),
        pytest.param(PLAIN + '1, "2",4\n', {}, id="a blank before a quote"),
        pytest.param(PLAIN + "1\\,2,3\n", {"escape": "\\"}, id="an escape"),
        pytest.param(PLAIN + "\n1,2,3\n", {}, id="an empty line"),
        pytest.param("\n" + PLAIN, {}, id="an empty first line"),
        pytest.param(PLAIN + "1,2\n", {}, id="too few fields"),
        pytest.param(PLAIN + "1,2,3,4\n", {}, id="too many fields"),
        pytest.param(PLAIN + "1,2,3,\n", {}, id="an empty field too many"),
        pytest.param(PLAIN + ",,\n", {}, id="a line without values"),
        pytest.param(PLAIN + HEADER, {}, id="a second header"),
        pytest.param(PLAIN + "1,2,3\r4,5,6\n", {}, id="an old line end"),
        pytest.param(PLAIN + "1,2,3\r\r\n4,5,6\n", {}, id="an old line end before a line end"),
        pytest.param("sep=,\n" + PLAIN, {}, id="Excel's separator line"),
        pytest.param("sep=,\n1,2\n", {"has_header": False, "columns": ("_c0",)}, id="and no header"),
        pytest.param("Sales\n" + PLAIN, {"skip_rows": 1}, id="title rows"),
        pytest.param(
            "Of,2021\n1,2\n",
            {"skip_rows": 1, "has_header": False, "columns": ("_c0",)},
            id="title, no header",
        ),
    ],
)
def test_other_files_are_left_to_the_record_reader(text: str, changes: dict[str, object]) -> None:
    assert not is_plain(text, layout(**changes))
    assert by_column(text, layout(**changes)) == by_record(text, layout(**changes))


def test_a_field_too_long_for_a_record_is_left_to_the_record_reader() -> None:
    assert not is_plain(f"{PLAIN}{'1' * 200_000},2,3\n", layout())


def test_a_header_without_lines_is_left_to_the_record_reader() -> None:
    assert not is_plain(HEADER, layout())


@given(st.text(alphabet=',\n\r" ;\\\ufeffsk1.', max_size=25), st.booleans())
@example("1,\n", False)
@example("\ufeff1,", True)
def test_any_plain_text_has_the_lines_of_the_record_reader(below: str, has_header: bool) -> None:
    text = "s,k\n" + below
    of = layout(columns=("s",) if has_header else ("_c0",), has_header=has_header)
    try:
        expected = by_record(text, of)
    except UnreadableFileError:
        assert not is_plain(text, of)
        return
    assert by_column(text, of) == expected

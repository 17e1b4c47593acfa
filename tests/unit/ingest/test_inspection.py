"""Inspection and reading of delivered files: supported layouts, and faults for which a file is refused."""

import gzip
import io
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lepton_spark.config import ColumnNames, InputSettings
from lepton_spark.ingest.files.inspection import inspect, read_text
from lepton_spark.ingest.files.layout import Layout

COLUMNS = ("sku", "day", "units")


def layout(**changes: object) -> Layout:
    return Layout(**({"format": "csv", "columns": COLUMNS} | changes))  # type: ignore[arg-type]


def lines_of(
    content: bytes, name: str = "sales.csv", **changes: object
) -> list[tuple[int, list[str | None] | None]]:
    _, rows = read_text(name, content, layout(**changes))
    return [(number, None if values is None else list(values)) for number, values, _, _ in rows]


PLAIN = b"sku,day,units\n1001,2021-01-01,150\n"
EXPECTED = [(2, ["1001", "2021-01-01", "150"])]


@pytest.mark.parametrize(
    ("content", "changes"),
    [
        pytest.param(PLAIN, {}, id="plain"),
        pytest.param(gzip.compress(PLAIN), {}, id="gzip by its magic number"),
        pytest.param(b"\xef\xbb\xbf" + PLAIN, {"encoding": "utf-8-sig"}, id="byte order mark"),
        pytest.param(PLAIN.replace(b",", b";"), {"separator": ";"}, id="semicolons"),
        pytest.param(PLAIN.replace(b"\n", b"\r\n"), {}, id="carriage returns"),
        pytest.param(b'"sku","day","units"\n"1001","2021-01-01","150"\n', {}, id="quoted"),
        pytest.param(PLAIN.decode().encode("utf-16"), {"encoding": "utf-16"}, id="utf-16"),
        pytest.param(PLAIN + b"sku,day,units\n", {}, id="the header again at the end"),
        pytest.param(PLAIN + b"\xef\xbb\xbfsku, day,units\n", {}, id="the header again with a mark"),
        pytest.param(PLAIN.replace(b"150", b"150,,"), {}, id="empty fields beyond the header"),
        pytest.param(PLAIN + b",,\n,,\n", {}, id="lines of separators alone"),
    ],
)
def test_read_text_gives_one_line_for_every_csv_layout(content: bytes, changes: dict[str, object]) -> None:
    assert lines_of(content, **changes) == EXPECTED


@pytest.mark.parametrize(
    ("content", "changes", "names", "line"),
    [
        pytest.param(b"sep=,\n" + PLAIN, {}, list(COLUMNS), 3, id="Excel's separator line"),
        pytest.param(b"Sales\nof:,2021\n" + PLAIN, {"skip_rows": 2}, list(COLUMNS), 4, id="title rows"),
        pytest.param(
            b"sku,day,units,,\n1001,2021-01-01,150,,\n", {}, [*COLUMNS, "_c3", "_c4"], 2, id="no names"
        ),
        pytest.param(
            b"sku,day,units,note,note\n1001,2021-01-01,150,,\n",
            {},
            [*COLUMNS, "note", "note_2"],
            2,
            id="a name twice",
        ),
    ],
)
def test_read_text_finds_the_header_and_names_every_column(
    content: bytes, changes: dict[str, object], names: list[str], line: int
) -> None:
    found, rows = read_text("a.csv", content, layout(**changes))
    assert found == names
    assert [(number, (values or [])[:3]) for number, values, _, _ in rows] == [(line, EXPECTED[0][1])]


def test_csv_quotes_behind_a_backslash_are_read_with_the_option_escape() -> None:
    content = b'sku,day,units\n"Tube 5\\" long",2021-01-01,1\n'
    assert lines_of(content, escape="\\") == [(2, ['Tube 5" long', "2021-01-01", "1"])]


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_read_text_reads_chinese_headers_by_configuration(encoding: str) -> None:
    settings = InputSettings(
        columns=ColumnNames(product_id="商品ID", date="日期", quantity="销售量"),
        options={"encoding": encoding},
    )
    content = "日期,商品ID,销售量\n2021-01-01,1001,150\n".encode(encoding)
    names, rows = read_text("a.csv", content, Layout.of(settings))
    assert names == ["日期", "商品ID", "销售量"]
    assert [row[1] for row in rows] == [["2021-01-01", "1001", "150"]]


def test_layout_accepts_both_names_of_each_option() -> None:
    written = Layout.of(
        InputSettings(options={"sep": "\\t", "quote": "", "charset": "UTF8", "header": "False"})
    )
    assert (written.separator, written.quote, written.encoding, written.has_header) == (
        "\t",
        None,
        "utf-8-sig",
        False,
    )


def test_csv_quoted_fields_may_hold_separators_line_ends_and_quotes() -> None:
    content = b'sku,day,units\n"a,b","x\ny","say ""hi"""\n2,3,4\n'
    assert lines_of(content) == [(2, ["a,b", "x\ny", 'say "hi"']), (4, ["2", "3", "4"])]


def test_csv_lines_of_wrong_width_or_quoting_are_malformed_and_blank_lines_are_skipped() -> None:
    content = b'sku,day,units\n1,2\n\n"x"y,2,3\n1,2,3,4\n5,6,7\n'
    assert lines_of(content) == [(2, None), (4, None), (5, None), (6, ["5", "6", "7"])]
    assert inspect("a.csv", content, layout()).lines == 4


def test_json_numbers_keep_their_text_and_missing_keys_are_null() -> None:
    good = b'{"units": 1.50, "sku": 7, "day": "d", "late": true}\n\n{"sku": "8", "day": null, "units": 2}\n'
    content = good + b"not json\n[1]\n"
    names, rows = read_text("a.json", content, layout(format="json"))
    read = list(rows)
    assert names == ["day", "late", "sku", "units"]
    assert [row[1] for row in read] == [["d", "true", "7", "1.50"], [None, None, "8", "2"], None, None]
    assert [row[0] for row in read] == [1, 3, 4, 5]


def test_inspection_counts_lines_and_missing_values_with_personal_columns_last() -> None:
    content = b"client,sku,day,units\n,1,d,1\n9,2,d,\n,3,d,2\n"
    found = inspect("a.csv", content, layout(columns=("sku", "day", "units", "client"), personal=("client",)))
    assert found.columns == ("day", "sku", "units", "client")
    assert (found.lines, found.missing) == (3, {"client": 2, "sku": 0, "day": 0, "units": 1})


def parquet_bytes() -> bytes:
    table = pa.table({"sku": ["1", None], "day": [date(2021, 1, 1)] * 2, "units": [1.5, 2.0]})
    sink = io.BytesIO()
    pq.write_table(table, sink, row_group_size=1)
    return sink.getvalue()


def test_inspection_counts_rows_nulls_and_row_groups_of_parquet() -> None:
    found = inspect("a.parquet", parquet_bytes(), layout(format="parquet"))
    assert (found.reason, found.lines, found.missing) == (None, 2, {"sku": 1, "day": 0, "units": 0})
    assert found.parts == 2


@pytest.mark.parametrize(
    ("name", "content", "changes", "reason", "words"),
    [
        pytest.param("a.csv", b"", {}, "empty_file", "nothing", id="empty"),
        pytest.param("a.csv.gz", gzip.compress(PLAIN)[:-6], {}, "bad_gzip", "complete gzip", id="cut gzip"),
        pytest.param(
            "a.csv.gz",
            gzip.compress(PLAIN + b"0" * 5_000_000),
            {"max_unpacked": 100_000},
            "unpacks_too_large",
            "found more than 100000 bytes packed into",
            id="gzip bomb",
        ),
        pytest.param("a.csv.gz", PLAIN, {}, "bad_gzip", "complete gzip", id="no gzip at all"),
        pytest.param(
            "a.csv", b"shop,turnover\n1,2\n", {}, "wrong_header", "found shop, turnover", id="another layout"
        ),
        pytest.param("a.csv", b"sku,day,units,sku\n1,2,3,4\n", {}, "wrong_header", "sku twice", id="twice"),
        pytest.param(
            "a.csv", "sku,day,units\né,1,2\n".encode("latin-1"), {}, "wrong_encoding", "e9", id="bytes"
        ),
        pytest.param("a.csv", b'sku,day,units\n1,"2021', {}, "cut_short", "line 2", id="cut inside quotes"),
        pytest.param(
            "a.csv",
            b'sku,day,units\n"Tube 5\\" long",2021-01-01,1\n1,"x\ny"z,3\n',
            {},
            "bad_quotes",
            "line 3: found bad quoting up to line 4",
            id="bad quotes over two lines",
        ),
        pytest.param("a.csv", b"sku,day,units\n", {}, "no_lines", "a header and no lines", id="header alone"),
        pytest.param(
            "a.csv", PLAIN.replace(b",", b";"), {}, "wrong_header", 'options.separator: ";"', id="semicolons"
        ),
        pytest.param(
            "a.csv", PLAIN.replace(b",", b"\t"), {}, "wrong_header", 'options.separator: "\\t"', id="tabs"
        ),
        pytest.param("a.csv", b"sep=;\n" + PLAIN, {}, "wrong_separator", "separator: ';'", id="sep=;"),
        pytest.param(
            "a.csv", b"Sales\nof:,2021\n\n" + PLAIN, {}, "wrong_header", "input.skip_rows: 3", id="title rows"
        ),
        pytest.param(
            "a.csv",
            b"sku,2021-01-01,2021-01-02,2021-01-03\n1,2,3,4\n",
            {},
            "wrong_header",
            "3 columns are named by days: set input.layout: wide",
            id="wide",
        ),
        pytest.param(
            "a.csv", PLAIN + b"day,sku,units\n", {}, "second_header", "line 3", id="a header in another order"
        ),
        pytest.param(
            "a.csv",
            b"sku,day,units\n1,2021-01-01,1.120\n1,2021-01-02,900\n1,2021-01-03,2.250\n",
            {"numbers": ("units",)},
            "ambiguous_decimal",
            "2 numbers such as 2.250",
            id="thousands or decimals",
        ),
        pytest.param(
            "a", b"PK\x03\x04..[Content_Types].xml", {}, "wrong_kind", "workbook (.xlsx)", id="xlsx"
        ),
        pytest.param("a", b"PK\x03\x04..sales.csv", {}, "wrong_kind", "a zip archive", id="zip"),
        pytest.param("a", b"\xd0\xcf\x11\xe0..", {}, "wrong_kind", "workbook (.xls)", id="xls"),
        pytest.param("a", b"%PDF-1.7", {}, "wrong_kind", "a PDF document", id="pdf"),
        pytest.param("a", parquet_bytes(), {}, "wrong_kind", "input.format: parquet", id="parquet as csv"),
        pytest.param(
            "a", PLAIN.decode().encode("utf-16"), {}, "wrong_kind", "options.encoding: utf-16", id="utf-16"
        ),
        pytest.param("a", b" <!DOCTYPE html><html>", {}, "wrong_kind", "a web page", id="html"),
        pytest.param("a", b'[{"sku": 1}]', {"format": "json"}, "wrong_kind", "a JSON array", id="array"),
        pytest.param(
            "a.json", b'{"sku": 1}\n', {"format": "json"}, "wrong_header", "without day, units", id="json"
        ),
        pytest.param(
            "a", parquet_bytes()[:-9], {"format": "parquet"}, "unreadable_parquet", "Parquet", id="footer"
        ),
        pytest.param(
            "a",
            parquet_bytes(),
            {"format": "parquet", "columns": ("price",)},
            "wrong_header",
            "price",
            id="schema",
        ),
    ],
)
def test_inspection_refuses_an_unreadable_file_with_a_reason(
    name: str, content: bytes, changes: dict[str, object], reason: str, words: str
) -> None:
    found = inspect(name, content, layout(**changes))
    assert found.reason == reason
    assert words in str(found.words)


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ({}, {"naive": False, "utc": True}),
        ({"coerce_timestamps": "us"}, {}),
        ({"use_deprecated_int96_timestamps": True}, {}),
    ],
    ids=["nanoseconds", "microseconds", "int96"],
)
def test_inspection_finds_parquet_columns_stored_in_nanoseconds(
    written: dict[str, Any], found: dict[str, bool]
) -> None:
    instants = pa.array([1_600_000_000_000_000_000], pa.timestamp("ns"))
    table = pa.table({"naive": instants, "utc": instants.cast(pa.timestamp("ns", "UTC")), "sku": ["7"]})
    sink = io.BytesIO()
    pq.write_table(table, sink, **written)
    wanted = layout(format="parquet", columns=("sku", "naive", "utc"))
    assert inspect("a.parquet", sink.getvalue(), wanted).nanoseconds == found


def test_inspection_refuses_parquet_with_a_broken_page() -> None:
    content = bytearray(parquet_bytes())
    content[4:40] = b"\xff" * 36
    assert inspect("a", bytes(content), layout(format="parquet")).reason == "unreadable_parquet"


def test_inspection_of_online_retail_agrees_with_its_readme(shared_data: Path) -> None:
    columns = ("InvoiceNo", "StockCode", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID")
    paths = sorted((shared_data / "online_retail").glob("*.csv.gz"))
    found = [inspect(path.name, path.read_bytes(), layout(columns=columns)) for path in paths]
    assert len(found) == 305
    assert sum(one.lines for one in found) == 541_909
    assert sum(one.missing["CustomerID"] for one in found) == 135_080
    assert sum(one.missing["Description"] for one in found) == 1_454


def test_only_the_quantities_of_csv_files_without_a_decimal_sign_are_unclear() -> None:
    assert Layout.of(InputSettings()).numbers == ("quantity",)
    assert Layout.of(InputSettings(decimal=".")).numbers == ()
    assert Layout.of(InputSettings(format="json")).numbers == ()


@pytest.mark.parametrize("fraction", ["0.450", "1.5", "1000.250"])
def test_numbers_with_another_kind_of_fraction_show_that_the_point_is_decimal(fraction: str) -> None:
    content = b"sku,day,units\n1,2021-01-01,1.120\n1,2021-01-02," + fraction.encode() + b"\n"
    assert inspect("a.csv", content, layout(numbers=("units",))).reason is None


@pytest.mark.parametrize(
    ("content", "found"),
    [
        pytest.param(b"4711,2021-01-01,Planted\n", "3 names (without sku, day, units)", id="no header"),
        pytest.param(b"sku,day,sku,Planted\n1,2,3,4\n", "4 names (without units)", id="a name twice"),
    ],
)
def test_wrong_header_with_personal_columns_is_counted_not_quoted(content: bytes, found: str) -> None:
    refused = inspect("a.csv", content, layout(personal=("units",)))
    assert refused.reason == "wrong_header"
    assert str(refused.words).startswith(
        f"columns: found {found}; allowed: a header with each of sku, day, units"
    )
    assert "Planted" not in str(refused)

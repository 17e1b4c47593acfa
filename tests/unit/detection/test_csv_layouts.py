"""Layouts of CSV files by trying the reader."""

import pytest

from lepton_spark.detection.csv_layouts import CsvLayout, find_layout

LINES = "2026-09-01,A,5\n2026-09-02,B,7\n"


def _found(text: str) -> CsvLayout:
    layout = find_layout(text)
    assert layout is not None
    return layout


@pytest.mark.parametrize(
    ("text", "separator"),
    [
        pytest.param(f"date,sku,qty\n{LINES}", ",", id="comma"),
        pytest.param("Datum;Artikel;Menge\n01.09.2026;A;12,5\n02.09.2026;B;7,5\n", ";", id="decimal comma"),
        pytest.param("date\tsku\tname\n2026-09-01\tA\ta, b; c\n", "\t", id="tab"),
        pytest.param(f"sep=,\ndate,sku,qty\n{LINES}", ",", id="Excel's hint"),
    ],
)
def test_separator_is_the_one_that_reads_most_lines(text: str, separator: str) -> None:
    layout = _found(text)
    assert (layout.separator, layout.skip_rows, layout.has_header, len(layout.names)) == (
        separator,
        0,
        True,
        3,
    )
    assert layout.n_read == len(layout.rows) == text.count("2026")


def test_separator_that_reads_more_lines_wins_over_one_with_more_columns() -> None:
    layout = _found("a;b,c,d\nx;k,l,m\ny;n\n")
    assert (layout.separator, layout.n_read) == (";", 2)


def test_titles_above_the_header_are_skipped() -> None:
    layout = _found(f"Sales,by product\nPeriod:,2026-09-01,2026-10-31\n\ndate,sku,qty\n{LINES}")
    assert (layout.skip_rows, layout.names, layout.n_read) == (3, ("date", "sku", "qty"), 2)


def test_values_in_the_first_line_mean_no_header() -> None:
    layout = _found(LINES)
    assert (layout.has_header, layout.names, layout.n_read) == (False, ("_c0", "_c1", "_c2"), 2)


def test_columns_that_are_named_by_days_are_a_header() -> None:
    layout = _found("Product,2026-09-01,2026-09-02,2026-09-03\nA,1,2,3\n")
    assert (layout.has_header, layout.n_read) == (True, 1)


def test_backslashes_before_quotes_are_recognised() -> None:
    layout = _found('date,name,sku\n2026-09-01,"Tube 5\\" long",B\n2026-09-01,"\\"Best\\" mug",C\n')
    assert (layout.escape, layout.n_read) == ("\\", 2)


def test_lines_before_a_second_header_count() -> None:
    layout = _found(f"date,sku,qty\n{LINES}sku,date,qty\nA,2026-09-03,1\n")
    assert layout.n_read == 2


def test_text_without_columns_has_no_layout() -> None:
    assert find_layout("just a note\nand another\n") is None

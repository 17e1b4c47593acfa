"""What the console shows of a run."""

import io
from dataclasses import replace
from datetime import date

import pytest
from rich.console import Console

from lepton_spark.report.console import _count_title, _error_grid, _product_lines
from lepton_spark.report.summary import ClassError, Summary


@pytest.mark.parametrize(
    ("models_of", "is_named"),
    [pytest.param(None, False, id="a full run"), pytest.param(date(2024, 3, 4), True, id="kept models")],
)
def test_errors_name_the_full_run_that_they_are_from(models_of: date | None, *, is_named: bool) -> None:
    console = Console(file=io.StringIO(), width=200)
    console.print(_error_grid([ClassError("smooth", 3, 0.9, 1.0, 0.2, 0.3, -0.125, 0.1)], models_of))
    text = " ".join(console.file.getvalue().split())  # type: ignore[attr-defined]
    assert ("from the full run of 2024-03-04, whose models are kept" in text) == is_named
    assert "smooth" in text


def test_errors_show_the_bias_with_its_sign() -> None:
    console = Console(file=io.StringIO(), width=200)
    errors = [
        ClassError("lumpy", 3, 0.9, 1.0, 0.2, 0.3, -0.125, 0.1),
        ClassError("obsolete", 1, 0.0, 0.0, None, None, None, None),
        ClassError("smooth", 2, 0.9, 1.0, 0.2, 0.3, 0.05, 0.1),
    ]
    console.print(_error_grid(errors, None))
    lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert "bias" in lines[2]
    assert [line.split("│")[-2].strip() for line in lines[4:7]] == ["-12.5%", "-", "+5.0%"]


def test_summary_counts_series_and_products_apart_where_there_are_locations() -> None:
    shops = Summary(
        "r", n_products=200, n_series=600, n_ok=600, n_short=0, n_obsolete=0, fallbacks={}, errors=()
    )
    assert list(_product_lines(shops))[:2] == [("total", "600"), ("  different products", "200")]
    assert _count_title(shops) == "Series (a product at a location)"
    one = replace(shops, n_products=600)
    assert list(_product_lines(one))[:2] == [("total", "600"), ("forecast by a chosen model", "600")]
    assert _count_title(one) == "Products"

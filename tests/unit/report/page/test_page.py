"""The HTML of the report page, parsed without a browser."""

import json
import sys
from base64 import b64encode
from dataclasses import replace
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lepton_spark.errors import SetupError
from lepton_spark.report.page.embedding import product_data, script_json
from lepton_spark.report.page.figures import Orders, SegmentErrors, Series
from lepton_spark.report.page.render import render, report_page, require_packages
from tests.unit.report.page.made_up import (
    COLOUR,
    CUTOFF,
    ELSEWHERE,
    FAILED,
    HOSTILE,
    figures,
    product,
)
from tests.unit.report.page.parsed import Parsed

LIBRARY = "window.vegaEmbed = () => '</script><!--';"


def parsed(**changes: Any) -> Parsed:
    return Parsed(render(figures(**changes), LIBRARY))


def notices(**changes: Any) -> list[str]:
    """The headings of the notices."""
    page = parsed(**changes)
    inside = [
        index
        for index, (tag, attributes, _) in enumerate(page.tags)
        if "notice" in str(attributes.get("class"))
    ]
    assert all(page.tags[index + 1][0] == "h3" for index in inside)
    return page.text("h3")[: len(inside)]


def test_json_in_a_script_element_cannot_end_it() -> None:
    text = "</script><!-- & \u2028"
    assert script_json([text]) == '["\\u003c/script\\u003e\\u003c!-- \\u0026 \\u2028"]'
    assert json.loads(script_json([text])) == [text]


@given(
    st.dictionaries(
        st.text(), st.lists(st.none() | st.floats(allow_nan=False, allow_infinity=False) | st.text())
    )
)
def test_json_in_a_script_element_reads_as_what_was_written(
    value: dict[str, list[float | str | None]],
) -> None:
    text = script_json(value)
    assert json.loads(text) == value
    assert not set("<>&\u2028\u2029") & set(text)


def test_infinite_errors_are_unknown() -> None:
    assert script_json({"a": [float("inf"), (float("nan"), 1.5)]}) == '{"a":[null,[null,1.5]]}'
    assert product_data(product(Series("p", "all"), wape=float("inf")))["w"] is None


def test_page_refers_to_nothing_outside_itself() -> None:
    page = parsed()
    assert page.named("link", "img", "iframe", "object", "embed", "base", "form", "video", "audio") == []
    assert list(page.attributes("src")) == []
    targets = list(page.attributes("href"))
    assert targets
    assert all(target.startswith("#") for target in targets)
    ids = set(page.attributes("id"))
    assert {target[1:] for target in targets} <= ids
    assert "url(" not in "".join(page.text("style"))
    assert "@import" not in "".join(page.text("style"))


def test_policy_allows_the_scripts_of_the_page_only() -> None:
    page = parsed()
    (policy,) = [
        str(tag["content"])
        for tag in page.named("meta")
        if tag.get("http-equiv") == "Content-Security-Policy"
    ]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    raw = render(figures(), LIBRARY)
    scripts = [part.split("</script>")[0] for part in raw.split("<script>")[1:]]
    assert len(scripts) == 2
    wanted = [f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'" for script in scripts]
    assert rules["script-src"].split() == wanted
    assert page.tags[3][1].get("http-equiv") == "Content-Security-Policy"  # before anything that it governs


def test_hostile_names_are_text() -> None:
    page = parsed()
    assert page.still_open == []
    assert len(page.named("script")) == 3
    assert page.named("b", "i") == []
    assert HOSTILE.product_id in page.text("button")
    assert "<i>tea</i>" in page.text("td")
    assert page.data["products"][0]["p"] == HOSTILE.product_id
    assert page.data["products"][1]["l"] == COLOUR.location_id
    assert list(page.attributes("onclick")) == list(page.attributes("onerror")) == []


def test_every_chart_has_a_table_and_a_name() -> None:
    page = parsed()
    drawn = [attributes for _, attributes, _ in page.tags if "data-chart" in attributes]
    assert [chart["data-chart"] for chart in drawn] == [str(n) for n in range(len(page.data["charts"]))]
    assert len(drawn) == 7  # total, error by class and by category, bias, coverage, changes, stock at risk
    assert all(chart["aria-label"] and chart["role"] == "img" for chart in drawn)
    behind = [inside for tag, _, inside in page.tags if tag == "table" and "details" in inside]
    assert len(behind) == len(drawn)


def test_wide_tables_scroll_by_keyboard_and_have_names() -> None:
    page = parsed()
    scrolling = [attributes for attributes in page.named("div") if attributes.get("class") == "scroll"]
    assert len(scrolling) == len(page.named("table"))
    assert all(one["tabindex"] == "0" and one["role"] == "region" and one["aria-label"] for one in scrolling)


def test_listed_products_can_be_drawn_if_they_are_embedded() -> None:
    page = parsed()
    places = {int(str(button["data-series"])) for button in page.named("button")}
    assert places == {0, 1}
    assert ELSEWHERE.product_id in page.text("td")


def test_page_names_what_is_not_embedded_and_the_command_that_shows_it() -> None:
    assert "This page holds 2 of 3 products at locations: those" in parsed().words
    assert "run: lepton explain --product ID" in parsed().words
    assert "All 1 products of this run" in parsed(products=(product(HOSTILE),), n_series=1).words


def test_today_begins_with_what_is_out_of_date_and_what_failed() -> None:
    made = figures()
    late = replace(made.run, gates=(FAILED,), refused_cutoff=date(2024, 6, 7), refused=(FAILED,))
    assert notices(run=late, made_at=datetime(2024, 6, 8, tzinfo=UTC)) == [
        "These forecasts are out of date",
        "The forecasts of 2024-06-07 were not published",
        "1 gate failed",
        "1 product alarm",
        "2 products to order",
    ]
    words = parsed(run=late).words
    assert (
        "You see the forecasts of 2024-05-31 instead. no_null: found 3 rows with a null; allowed: 0 rows."
        in words
    )
    assert notices(made_at=datetime(2024, 6, 7, 23, tzinfo=UTC))[0] == "1 product alarm"  # the last valid day


def test_today_is_empty_where_nothing_is_to_be_done() -> None:
    assert notices(monitored=None, orders=Orders()) == ["Nothing is overdue"]


def test_tiles_count_gates_of_a_refused_run_too() -> None:
    refused = replace(figures().run, refused_cutoff=date(2024, 6, 7), refused=(FAILED,))
    assert "gates failed 1 1 gate passed" in parsed(run=refused).words
    assert "gates failed 0 1 gate passed" in parsed().words


def test_configured_segments_have_their_gain_over_the_standard_models() -> None:
    known = SegmentErrors("segment=<b>tea</b>", 4, 28, 0.9, 0.8, 0.6, 1.0, None, None, 0.8)
    untested = SegmentErrors("segment=new", 1, 0, *[None] * 6)
    page = parsed(errors=(*figures().errors, known, untested))
    assert "products RMSSE RMSSE of the standard models gain" in page.words
    assert "<b>tea</b> 4 0.600 0.800 +25.0 % new 1" in page.words
    assert "What segments gained" not in parsed().words


def test_page_without_history_orders_or_an_earlier_run_is_written_in_words() -> None:
    page = parsed(errors=(), orders=Orders(), monitored=None, changes=None, products=(), totals=())
    assert "No product has enough history for a test" in page.words
    assert "No lead time is configured" in page.words
    assert "there is nothing to compare with" in page.words
    assert page.data["products"] == []


def test_product_is_embedded_with_short_numbers() -> None:
    found = product_data(product(Series("p", "all")))
    assert (found["h"], found["f"], found["hi"], found["e"]) == ([3, None], [10.13, 20], [14, 31], [9, None])
    assert (found["v"], found["w"], found["b"], found["d"]) == (60.25, 0.25, -0.125, "2024-05-30")


def test_products_are_ranked_by_value_range_and_error() -> None:
    rows = {
        "dear": {"value": 900.0, "wape": 0.5},
        "wide": {"p90": (60.0, 60.0), "wape": 0.7},
        "sure": {"wape": 0.1},
        "rare": {"wape": 0.01, "sold": 9.0},
    }
    page = parsed(
        products=tuple(product(Series(name, "all"), **row) for name, row in rows.items()), errors=()
    )
    buttons = page.text("button")[-15:]  # three lists of four and one of three
    assert buttons[0] == "dear"
    assert buttons[4] == "wide"
    assert buttons[8:11] == ["sure", "dear", "wide"]
    assert buttons[11:14] == ["wide", "dear", "sure"]


def test_missing_package_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    with pytest.raises(
        SetupError, match=r"report: found no package vl-convert-python; .*'lepton-spark\[report\]'"
    ):
        require_packages()


def test_page_of_a_thousand_products_has_the_chart_library_and_less_than_3_mb() -> None:
    days = tuple(float(day * 37 % 1_000) for day in range(182))
    ahead = tuple(day * 1.37 for day in range(28))
    one = product(HOSTILE, history=days, forecast=ahead, p10=ahead, p50=ahead, p90=ahead, earlier=ahead)
    every = tuple(replace(one, series=Series(f"product {number:09}", "north")) for number in range(1_000))
    page = report_page(figures(products=every, n_series=60_000))
    assert len(page.encode()) < 3_000_000
    assert "window.vegaEmbed=" in page.replace(" ", "")
    assert Parsed(page).data["cutoff"] == f"{CUTOFF}"

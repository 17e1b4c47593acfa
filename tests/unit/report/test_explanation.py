"""The page of an explained forecast, in words."""

import io
import re
import sys
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from lepton_spark.errors import InputError, SetupError
from lepton_spark.models.data.parts import GROUPS
from lepton_spark.report.explanation.chart import COLOURS, chart_of, require_drawable
from lepton_spark.report.explanation.explained import Adjustment, Day, Explained, Override, WindowErrors
from lepton_spark.report.explanation.page import print_page
from lepton_spark.report.explanation.words import (
    cleaning,
    day_of,
    headline,
    how_wrong,
    main_parts,
    sentences,
    table,
    why,
)

SATURDAY = date(2024, 6, 1)
QUANTILES = dict(
    zip(("p05", "p10", "p25", "p50", "p75", "p90", "p95"), (30, 34, 38, 41, 52, 61, 66), strict=True)
)


def _day(n: int = 0, base: float = 40.0, **parts: float) -> Day:
    every = dict.fromkeys(GROUPS, 0.0) | parts
    quantiles = {name: float(value) for name, value in QUANTILES.items()}
    return Day(SATURDAY + timedelta(days=n), 1 + n, base, every, base + sum(parts.values()), quantiles)


DAY = _day(weekday=12.0, level=-3.04, season=1.5)
EXPLAINED = Explained(
    product_id="milk",
    location_id="all",
    cutoff=date(2024, 5, 31),
    period=1,
    days=(DAY, _day(1, weekday=-4.0)),
    model="pooled",
    status="ok",
    reason=None,
    demand_class="smooth",
    runner_up="ridge(half_life=28)",
    margin=0.123,
    choice_level="class",
    prior_level=None,
    errors=WindowErrors(28, 8.125, 0.191, 0.032),
    naive=WindowErrors(28, 11.5, 0.27, 0.0),
    adjustments=(),
)


def test_headline_names_product_day_and_forecast() -> None:
    expected = "Product milk, Saturday 2024-06-01, step 1 after 2024-05-31: 50.5 units expected"
    assert headline(EXPLAINED, DAY) == expected
    assert headline(replace(EXPLAINED, location_id="north"), DAY).startswith(
        "Product milk at north, Saturday"
    )


def test_weekly_forecasts_are_explained_by_the_week() -> None:
    weekly = replace(EXPLAINED, period=7)
    assert "milk, week from Saturday 2024-06-01, step 1" in headline(weekly, DAY)
    assert sentences(weekly, DAY)[0] == "A usual week of this product has 40.0 units."
    assert next(iter(how_wrong(weekly, DAY))).startswith(
        "Errors on the last 28 known weeks: 8.12 units a week off"
    )
    assert table(weekly)[0][2] == "usual week"


def test_parts_are_put_into_words_the_largest_first() -> None:
    assert sentences(EXPLAINED, DAY) == [
        "A usual day of this product has 40.0 units.",
        "The model adds 12.0 for Saturday.",
        "It takes 3.0 off for how much it sells now, compared with its usual day.",
        "It adds 1.5 for the same weeks of past years.",
        "These are steps of the model's calculation, not causes.",
    ]


@pytest.mark.parametrize(
    ("override", "words"),
    [
        (Override(9.5, "Ann", "fair"), "The override of Ann (fair) adds 9.5 to the model's 50.5."),
        (Override(-50.46, None, None), "A planner's override takes 50.5 off the model's 50.5."),
        (
            Override(0.0, None, "as agreed"),
            "A planner's override (as agreed) leaves the model's 50.5 as it is.",
        ),
    ],
    ids=["more", "less", "the same"],
)
def test_override_is_a_sentence_after_the_parts_of_the_model(override: Override, words: str) -> None:
    day = replace(DAY, override=override, forecast=DAY.forecast + override.units)
    lines = sentences(EXPLAINED, day)
    assert lines[:-1] == sentences(EXPLAINED, DAY)
    assert lines[-1] == words


def test_override_is_a_column_and_a_bar_and_all_parts_add_up_to_what_is_published() -> None:
    day = replace(DAY, override=Override(9.5, None, None), forecast=DAY.forecast + 9.5)
    head, rows = table(replace(EXPLAINED, days=(day, EXPLAINED.days[1])))
    place = head.index("override")
    assert head[place + 1] == "forecast"
    assert [row[place] for row in rows] == ["+9.5", ""]
    bars = chart_of(replace(EXPLAINED, days=(day,)))["layer"][0]["data"]["values"]
    assert sum(bar["units"] for bar in bars) == pytest.approx(day.forecast)
    assert bars[-1]["part"] == "override"


def test_at_most_five_parts_are_named_and_the_rest_is_one_sum() -> None:
    day = _day(
        level=6.0, trend=-5.0, weekday=4.0, season=3.0, events=2.0, promotion=1.0, other=-1.5, price=0.2
    )
    shown, rest = main_parts(day)
    assert [group for group, _ in shown] == ["level", "trend", "weekday", "season", "events"]
    assert rest == pytest.approx(-0.3)
    assert "Other reasons together take 0.3 off." in sentences(EXPLAINED, day)


def test_parts_too_small_to_show_are_left_out() -> None:
    assert main_parts(_day(level=1.0, trend=0.04))[0] == [("level", 1.0)]
    small = _day(base=1.0, level=1.0, trend=0.04)  # with two decimals
    assert main_parts(small)[0] == [("level", 1.0), ("trend", 0.04)]
    assert not any(line.startswith("Other") for line in sentences(EXPLAINED, _day(level=1.0, other=0.04)))


@pytest.mark.parametrize(
    ("changes", "base", "words"),
    [
        ({"status": "obsolete"}, 40.0, "a product that has not been sold for a long time"),
        ({"prior_level": 12.5}, 50.0, "the planner's level of 12.5"),
        ({}, 40.0, "a time without sales: closed, delisted, or forecast below 0"),
        ({}, 50.0, "rounding"),
    ],
)
def test_remainder_has_its_reason(changes: dict[str, Any], base: float, words: str) -> None:
    lines = sentences(replace(EXPLAINED, **changes), _day(base=base, remainder=-40.0))
    assert lines[1] == f"The model takes 40.0 off for {words}."


def test_day_is_found_by_date_or_step() -> None:
    assert day_of(EXPLAINED, None, None) is EXPLAINED.days[0]
    assert day_of(EXPLAINED, date(2024, 6, 2), None) is day_of(EXPLAINED, None, 2) is EXPLAINED.days[1]
    wanted = (
        "--date 2024-07-01: found no forecast of that day; allowed: 2024-06-01 to 2024-06-02, steps 1 to 2"
    )
    with pytest.raises(InputError, match=wanted):
        day_of(EXPLAINED, date(2024, 7, 1), None)
    with pytest.raises(InputError, match="--step 9: found no forecast"):
        day_of(EXPLAINED, None, 9)


def test_why_names_the_model_whose_errors_decided_and_the_runner_up() -> None:
    assert [*why(EXPLAINED)] == [
        "Model: pooled. Demand class: smooth.",
        "It was chosen by the backtest errors of all products of this demand class.",
        "Its squared error is 12.3% lower than that of the runner-up, ridge(half_life=28).",
    ]
    own = [*why(replace(EXPLAINED, choice_level="series"))]
    assert own[1] == "It was chosen by the product's own backtest errors."


def test_why_names_the_segment_of_the_product() -> None:
    by_segment = [*why(replace(EXPLAINED, choice_level="segment (segment=spare parts)"))]
    assert by_segment[1:3] == [
        "It was chosen by the backtest errors of all products of its segment.",
        "The product is in the segment spare parts of the configuration.",
    ]
    own = [*why(replace(EXPLAINED, choice_level="series (segment=seasonal)"))]
    assert own[1] == "It was chosen by the product's own backtest errors."


def test_why_explains_a_usual_model_that_is_slightly_worse() -> None:
    lines = [*why(replace(EXPLAINED, margin=-0.004))]
    assert lines[2:] == [
        "Its squared error is 0.4% higher than that of the runner-up, ridge(half_life=28).",
        "A class keeps its usual model unless another one's error is more than 1 % lower.",
    ]


def test_why_gives_the_reason_of_a_fallback_and_of_an_unknown_error() -> None:
    fallback = replace(EXPLAINED, status="fallback", model="mean", reason="model_failed: ValueError: no")
    assert [*why(fallback)][1] == (
        "It is a fallback, because the chosen model gave no forecast: model_failed: ValueError: no."
    )
    short = replace(
        EXPLAINED, status="short_history", reason="few days", choice_level="default", runner_up=None
    )
    assert [*why(short)][1:] == [
        "Status short_history: few days.",
        "Neither the product nor its class has enough errors to choose by.",
    ]
    obsolete = replace(EXPLAINED, status="obsolete", reason="no_recent_sale")
    assert [*why(obsolete)][1:] == ["Status obsolete: no_recent_sale."]


def test_errors_are_those_of_the_test_window_beside_the_naive_ones() -> None:
    assert [*how_wrong(EXPLAINED, DAY)] == [
        "Errors on the last 28 known days: 8.12 units a day off, 19% of what was sold, 3% too high in total.",
        "Repeating the last week would have missed by 11.50 units a day.",
        "Of ten days like this one, eight are expected to sell 34 to 61 units, and five at most 41.",
    ]
    unknown = replace(EXPLAINED, errors=None, naive=None)
    assert next(iter(how_wrong(unknown, DAY))) == "Errors: no day of this product was in a test window."


def test_cleaning_lists_the_latest_changes() -> None:
    assert [*cleaning(())] == ["Cleaning changed no day of this product."]
    spikes = [Adjustment(date(2024, 1, n), "spike", 90.0 + n, 11.25) for n in range(1, 7)]
    lines = [*cleaning([*spikes, Adjustment(date(2024, 2, 1), "stock_out", None, None)])]
    assert lines[0] == "Cleaning changed 7 days of this product before fitting:"
    assert lines[1] == "  2024-02-01: unknown sold, out of stock, so demand is unknown"
    assert lines[2] == (
        "  2024-01-06: 96 sold, far above all earlier sales; counts as 11.25 for pooled and shrunk_weekday"
    )
    assert lines[-1] == "  and 2 earlier ones, in the table adjustments"


def test_table_has_a_row_for_each_day_and_only_groups_that_add_something() -> None:
    head, rows = table(EXPLAINED)
    assert head == ["date", "", "usual day", "level", "weekday", "season", "forecast", "p10", "p90"]
    assert rows[0] == ["2024-06-01", "Sat", "40.0", "-3.0", "+12.0", "+1.5", "50.5", "34", "61"]
    assert rows[1] == ["2024-06-02", "Sun", "40.0", "", "-4.0", "", "36.0", "34", "61"]


def test_page_is_printed_without_markup() -> None:
    console = Console(file=io.StringIO(), width=120)
    explained = replace(EXPLAINED, product_id="[red]")
    print_page(console, explained, DAY)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert text.startswith("Product [red], Saturday")
    assert re.search(r"2024-06-02 .*-4\.0", text)
    assert "Model: pooled." in text
    assert "What these words mean: lepton tables" in text


def test_chart_stacks_the_parts_of_each_day_and_leaves_out_zeros() -> None:
    chart = chart_of(EXPLAINED)
    bars = chart["layer"][0]["data"]["values"]
    assert [(bar["part"], bar["units"]) for bar in bars if bar["date"] == "2024-06-01"] == [
        ("usual day", 40.0),
        ("level", -3.04),
        ("weekday", 12.0),
        ("season", 1.5),
    ]
    points = chart["layer"][1]["data"]["values"]
    assert points[1] == {"date": "2024-06-02", "forecast": 36.0, "p10": 34.0, "p90": 61.0}
    assert len(COLOURS) == 2 + len(GROUPS)  # the usual day and the override


def test_chart_needs_a_known_suffix_and_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match=r"chart a\.pdf: found '\.pdf'; allowed: .*\.html, \.png, \.svg"):
        require_drawable(Path("a.pdf"))
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    with pytest.raises(SetupError, match=r"pip install 'lepton-spark\[report\]'"):
        require_drawable(Path("a.svg"))

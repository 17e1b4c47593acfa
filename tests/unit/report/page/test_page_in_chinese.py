"""The report page in Chinese: translated as a whole, with data as it is."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from lepton_spark.language import use_language
from lepton_spark.report.page.drawn_product import product_chart
from lepton_spark.report.page.figures import Orders, Series
from lepton_spark.report.page.render import render
from scripts.messages import stored
from tests.unit.report.page.made_up import COLOUR, CUTOFF, FAILED, HOSTILE, figures, order, product
from tests.unit.report.page.parsed import Parsed

FIELD = re.compile(r"\{\w+\}|%\(\w+\)s")


@pytest.fixture(autouse=True)
def chinese() -> Iterator[None]:
    use_language("zh")
    yield
    use_language("en")


def pages() -> Iterator[Parsed]:
    """Pages that together have every part."""
    made = figures()
    late = replace(made.run, gates=(FAILED,), refused_cutoff=date(2024, 6, 7), refused=(FAILED,), period=7)
    refused = replace(made.cleaning, refused=(("a.csv", "empty"),))
    empty: dict[str, Any] = {"errors": (), "monitored": None, "changes": None, "products": (), "totals": ()}
    levels = Orders(counts={"no_stock": 3}, most_demanded=(order(COLOUR),))
    for changes in (
        {},
        {"run": late, "made_at": datetime(2024, 6, 8, tzinfo=UTC), "cleaning": refused},
        {"orders": Orders(), **empty},
        {"orders": levels, "freshness": FAILED},
    ):
        yield Parsed(render(figures(**changes), ""))


def english_phrases() -> list[str]:
    """The parts of two words or more of all messages of the page."""
    of_page = (one for one in stored("zh") if any("report/page" in path for path, _ in one.locations))
    texts = (text for one in of_page for text in ([one.id] if isinstance(one.id, str) else one.id))
    parts = (part.strip() for text in texts for part in FIELD.split(text))
    return [part for part in parts if re.search(r"[a-z]{2,} [a-z]{2,}", part)]


def test_page_holds_no_english_phrase_of_its_own() -> None:
    phrases = english_phrases()
    assert len(phrases) > 80
    for page in pages():
        data = page.data
        shown = [page.words, *page.attributes("aria-label"), f"{data['charts']} {data['productChart']}"]
        found = {phrase for phrase in phrases for text in shown if phrase in text}
        assert found == set()


def test_page_names_its_language() -> None:
    (page, *_) = pages()
    assert page.named("html") == [{"lang": "zh-CN"}]
    assert "今日待办" in page.text("h2")


def test_script_has_the_translations_of_its_messages() -> None:
    (page, *_) = pages()
    words = page.data["words"]
    assert words["{product} at {location}"] == "{product}（{location}）"
    assert words["{found} of {n} products match."] == "{n} 个产品中有 {found} 个匹配。"
    assert page.data["products"][0]["c"] == "平稳型"


def test_hostile_names_stay_text_in_another_language() -> None:
    (page, *_) = pages()
    assert page.still_open == []
    assert len(page.named("script")) == 3
    assert page.named("b", "i") == []
    assert HOSTILE.product_id in page.text("button")
    assert f"{COLOUR.product_id}（{COLOUR.location_id}）" in page.text("button")


def test_name_with_a_field_is_not_filled_in() -> None:
    braces = product(Series("{cutoff}", "{product}"))
    page = Parsed(render(figures(products=(braces,)), ""))
    assert "{cutoff}（{product}）" in page.text("button")
    assert product_chart(braces, CUTOFF, 1)["title"].startswith("产品 {cutoff}（{product}）：")


def test_data_of_the_tables_stays_as_it_is() -> None:
    (page, *_) = pages()
    assert "sells twice as much" in page.text("td")
    assert "Order 12 <units>." in page.text("td")

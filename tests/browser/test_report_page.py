"""The report page in Chromium: drawn under its own policy, without a request, on a wide screen and a phone.

`make test-browser` runs these tests; the others leave them out, because neither Chromium nor playwright is
among what `make setup` installs.
"""

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lepton_spark.report.page.figures import Series
from lepton_spark.report.page.render import report_page
from tests.unit.report.page.made_up import COLOUR, HOSTILE, figures, product

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    days = tuple(float(day % 7) for day in range(182))
    more = tuple(product(Series(f"tea {number}", "all"), history=days) for number in range(40))
    shown = figures()
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(report_page(replace(shown, products=(*shown.products, *more), n_series=42)), "utf-8")
    return path


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="`make setup` does not install playwright; `make test-browser` does"
    )
    if CHROMIUM is None:
        # Chromium is a package of the system, which Python's packages cannot bring along.
        pytest.skip("`make setup` cannot install Chromium: run apt-get install chromium, or set CHROMIUM")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


class Opened:
    """The page in a window of its own, with what the console and the network saw."""

    def __init__(self, browser: Any, path: Path, **options: Any) -> None:
        self.page = browser.new_page(**options)
        self.console: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda message: self.console.append(message.text))
        self.page.on("pageerror", lambda fault: self.console.append(str(fault)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(path.as_uri())
        self.page.wait_for_selector("html[data-drawn=yes]")


WINDOWS = {
    "wide": {"viewport": {"width": 1280, "height": 900}},
    "phone": {"viewport": {"width": 390, "height": 844}},
    "dark": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"},
    "new_york": {"timezone_id": "America/New_York"},
}


@pytest.mark.parametrize("window", WINDOWS)
def test_page_draws_every_chart_under_its_policy_without_a_request(
    browser: Any, page_file: Path, window: str
) -> None:
    opened = Opened(browser, page_file, **WINDOWS[window])
    page = opened.page
    assert opened.console == []
    assert opened.requests == [page_file.as_uri()]
    n_charts = page.locator(".chart").count()
    assert n_charts == 8  # seven of the shop, one of the first product
    assert page.locator(".chart svg").count() == n_charts
    assert page.locator(".chart.failed").count() == 0
    width = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert width[0] <= width[1]


def test_search_finds_and_draws_a_product_by_keyboard(browser: Any, page_file: Path) -> None:
    opened = Opened(browser, page_file)
    page = opened.page
    page.focus("#search")
    page.keyboard.type("TEA 12")
    assert page.inner_text("#found") == "1 of 42 products match."
    page.keyboard.press("Enter")
    assert page.inner_text("#product-title") == "Product tea 12"
    assert page.evaluate("document.activeElement.id") == "product"
    page.click("#product-details summary")
    first = page.locator("#product-table tbody tr").last.inner_text().split("\t")
    assert first[:2] == ["2024-05-30", "0"]
    page.fill("#search", "it's <b>")
    assert "lepton explain --product 'it'\\''s <b>'" in page.inner_text("#found")
    assert opened.console == []


def test_hostile_names_are_drawn_as_text(browser: Any, page_file: Path) -> None:
    opened = Opened(browser, page_file)
    page = opened.page
    page.click(f"button.link >> text={HOSTILE.product_id}")
    assert page.inner_text("#product-title") == f"Product {HOSTILE.product_id}"
    assert page.locator("b").count() == 0
    assert page.locator("[data-chart] svg text", has_text="@blue at <b>north").count() == 1
    page.fill("#search", "@blue")
    page.click("#results button")
    assert page.inner_text("#product-title") == f"Product {COLOUR.label}"
    assert opened.console == []
    assert "--location '<b>north</b>'" in page.inner_text("#product-command")


def test_charts_take_the_colours_of_the_theme_when_it_changes(browser: Any, page_file: Path) -> None:
    opened = Opened(browser, page_file)
    page = opened.page
    page.locator('[data-chart] svg [stroke="#1b2330"]').first.wait_for(state="attached")
    page.emulate_media(color_scheme="dark")
    page.locator('[data-chart] svg [stroke="#e8ecf1"]').first.wait_for(state="attached")
    assert page.locator('[data-chart] svg [stroke="#1b2330"]').count() == 0
    assert opened.console == []

from datetime import date, timedelta

import pytest

from lepton_spark.config import PanelSettings
from lepton_spark.errors import InputError
from lepton_spark.panel.calendar import DayVolume, epoch_day
from lepton_spark.panel.cutoff import choose_cutoff

LAST = date(2011, 12, 9)


def volumes(last_lines: int, n_days: int = 60, lines: int = 100) -> list[DayVolume]:
    before = [DayVolume("all", epoch_day(LAST) - n, lines, lines // 2) for n in range(1, n_days)]
    return [*before, DayVolume("all", epoch_day(LAST), last_lines, lines // 2)]


@pytest.mark.parametrize(
    ("last_lines", "back"), [(49, 1), (50, 0)], ids=["below half of the usual", "half of the usual"]
)
def test_cutoff_passes_over_a_last_day_of_unusual_volume(last_lines: int, back: int) -> None:
    found = choose_cutoff(volumes(last_lines), PanelSettings(), by_lines=True, asked=None)
    assert found == LAST - timedelta(days=back)


def test_cutoff_passes_over_a_stray_day_long_after_the_last() -> None:
    stray = DayVolume("all", epoch_day(LAST) + 20 * 7, 1, 1)
    found = choose_cutoff([*volumes(100), stray], PanelSettings(), by_lines=True, asked=None)
    assert found == LAST


def test_cutoff_of_daily_input_judges_product_days() -> None:
    assert choose_cutoff(volumes(1), PanelSettings(), by_lines=False, asked=None) == LAST


def test_cutoff_takes_the_last_day_where_too_little_is_known_of_its_weekday() -> None:
    assert choose_cutoff(volumes(1, n_days=28), PanelSettings(), by_lines=True, asked=None) == LAST


@pytest.mark.parametrize(("said", "back"), [("complete", 0), ("incomplete", 1)])
def test_cutoff_believes_what_the_configuration_says(said: str, back: int) -> None:
    settings = PanelSettings.model_validate({"last_day": said})
    found = choose_cutoff(volumes(100), settings, by_lines=True, asked=None)
    assert found == LAST - timedelta(days=back)


def test_cutoff_skips_to_the_day_delivered_before() -> None:
    days = [volume for volume in volumes(1) if volume.day != epoch_day(LAST) - 1]
    assert choose_cutoff(days, PanelSettings(), by_lines=True, asked=None) == LAST - timedelta(days=2)


@pytest.mark.parametrize(
    "asked", [LAST + timedelta(days=1), LAST - timedelta(days=60)], ids=["after", "before"]
)
def test_cutoff_outside_the_days_of_sales_is_refused(asked: date) -> None:
    with pytest.raises(InputError, match=r"cutoff: found .*; allowed: 2011-10-11 to 2011-12-09"):
        choose_cutoff(volumes(100), PanelSettings(), by_lines=True, asked=asked)


def test_cutoff_without_sales_says_what_to_do() -> None:
    with pytest.raises(InputError, match=r"table sales: found no rows.*lepton ingest"):
        choose_cutoff([], PanelSettings(), by_lines=True, asked=None)


def _places(last: dict[str, int], lines: dict[str, int]) -> list[DayVolume]:
    """Usual days of some locations, and the last day of some of them."""
    before = [
        DayVolume(name, epoch_day(LAST) - n, usual, usual)
        for name, usual in lines.items()
        for n in range(1, 60)
    ]
    return [*before, *(DayVolume(name, epoch_day(LAST), found, found) for name, found in last.items())]


@pytest.mark.parametrize(
    ("last", "back"),
    [
        ({"big": 100, "small": 40, "tiny": 5}, 0),
        ({"big": 100, "small": 19, "tiny": 5}, 1),  # a quarter of all lines is short, though the sum is usual
        ({"big": 100, "small": 40, "tiny": 1}, 0),  # next to nothing is short
        ({"big": 100}, 0),  # the others are unknown
        ({"small": 40, "tiny": 5}, 1),  # so is most of everything
    ],
)
def test_a_day_is_complete_where_nearly_all_locations_are(last: dict[str, int], back: int) -> None:
    found = choose_cutoff(
        _places(last, {"big": 100, "small": 40, "tiny": 5}), PanelSettings(), by_lines=True, asked=None
    )
    assert found == LAST - timedelta(days=back)

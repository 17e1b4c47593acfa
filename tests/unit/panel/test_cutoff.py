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
    ("last_lines", "back"),
    [(49, 1), (50, 0)],
    ids=["below half of the usual volume", "half of the usual volume"],
)
def test_cutoff_skips_an_incomplete_last_day(last_lines: int, back: int) -> None:
    found = choose_cutoff(volumes(last_lines), PanelSettings(), by_lines=True, asked=None)
    assert found == LAST - timedelta(days=back)


def test_cutoff_skips_a_stray_day_long_after_the_others() -> None:
    stray = DayVolume("all", epoch_day(LAST) + 20 * 7, 1, 1)
    found = choose_cutoff([*volumes(100), stray], PanelSettings(), by_lines=True, asked=None)
    assert found == LAST


def test_cutoff_of_daily_input_counts_product_days() -> None:
    assert choose_cutoff(volumes(1), PanelSettings(), by_lines=False, asked=None) == LAST


def test_cutoff_is_the_last_day_if_its_weekday_has_too_little_history() -> None:
    assert choose_cutoff(volumes(1, n_days=28), PanelSettings(), by_lines=True, asked=None) == LAST


@pytest.mark.parametrize(("last_day", "back"), [("complete", 0), ("incomplete", 1)])
def test_cutoff_follows_the_configured_last_day(last_day: str, back: int) -> None:
    settings = PanelSettings.model_validate({"last_day": last_day})
    found = choose_cutoff(volumes(100), settings, by_lines=True, asked=None)
    assert found == LAST - timedelta(days=back)


def test_cutoff_skips_to_the_latest_earlier_delivered_day() -> None:
    days = [volume for volume in volumes(1) if volume.day != epoch_day(LAST) - 1]
    assert choose_cutoff(days, PanelSettings(), by_lines=True, asked=None) == LAST - timedelta(days=2)


@pytest.mark.parametrize(
    "asked", [LAST + timedelta(days=1), LAST - timedelta(days=60)], ids=["after", "before"]
)
def test_cutoff_outside_the_days_of_sales_raises(asked: date) -> None:
    with pytest.raises(InputError, match=r"cutoff: found .*; allowed: 2011-10-11 to 2011-12-09"):
        choose_cutoff(volumes(100), PanelSettings(), by_lines=True, asked=asked)


def test_cutoff_without_sales_raises_with_a_remedy() -> None:
    with pytest.raises(InputError, match=r"table sales: found no rows.*lepton ingest"):
        choose_cutoff([], PanelSettings(), by_lines=True, asked=None)


def _locations(last: dict[str, int], lines: dict[str, int]) -> list[DayVolume]:
    """Equal volumes of each location before the last day, and `last` on it."""
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
        (
            {"big": 100, "small": 19, "tiny": 5},
            1,
        ),  # a location with a quarter of all lines is short, though the total is not
        ({"big": 100, "small": 40, "tiny": 1}, 0),  # only a location with few lines is short
        ({"big": 100}, 0),  # the others have no data, and the total is large enough
        ({"small": 40, "tiny": 5}, 1),  # here it is not
    ],
)
def test_cutoff_requires_a_complete_day_at_most_locations(last: dict[str, int], back: int) -> None:
    found = choose_cutoff(
        _locations(last, {"big": 100, "small": 40, "tiny": 5}), PanelSettings(), by_lines=True, asked=None
    )
    assert found == LAST - timedelta(days=back)

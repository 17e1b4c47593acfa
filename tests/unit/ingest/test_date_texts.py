"""Hints about the form of a file's dates."""

import pytest

from lepton_spark.ingest.files.date_texts import DateTexts

SINCE = "{} counts {} since 1970, 2026-09-01 09:00 UTC: set input.date_formats: [epoch_{}]"


@pytest.mark.parametrize(
    ("texts", "hint"),
    [
        (["10/1/2025", "10/13/2025"], "its dates fit M/d/yyyy: set input.date_formats"),
        (["13/10/2025", "1/10/2025"], "its dates fit d/M/yyyy: set input.date_formats"),
        (["1/10/2025", "2/11/2025"], "its dates fit d/M/yyyy or M/d/yyyy: set input.date_formats"),
        (["01.10.2025", None, " 31.10.2025 "], "its dates fit d.M.yyyy: set input.date_formats"),
        (["2025-10-01", "2025-10-31"], "its dates fit yyyy-MM-dd: set input.date_formats"),
        (["20251001"], "its dates fit yyyyMMdd: set input.date_formats"),
        (["2025-10-01T10:15:00Z", "2025-10-02 10:15"], "its dates fit yyyy-MM-dd: set input.date_formats"),
        (
            ["46266.5", "46267"],
            "46266.5 is a spreadsheet's day number, 2026-09-01: set input.date_formats: [excel_day]",
        ),
        (["1788253200"], SINCE.format("1788253200", "seconds", "seconds")),
        (["1788253200000"], SINCE.format("1788253200000", "milliseconds", "milliseconds")),
        (["2025-10-01", "soon"], None),
        (["2025-02-30"], None),
        (["12345"], None),
        (["", None], None),
    ],
)
def test_hint_names_what_fits_every_date(texts: list[str | None], hint: str | None) -> None:
    dates = DateTexts()
    dates.count(texts)
    assert dates.hint() == hint

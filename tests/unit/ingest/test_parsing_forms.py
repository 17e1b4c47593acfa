"""Whether a date form has a time of day and an offset."""

import pytest

from lepton_spark.ingest.lines.reading.parsing import has_offset, has_time


@pytest.mark.parametrize(
    ("form", "time", "offset"),
    [
        ("yyyy-MM-dd", False, False),
        ("d.M.yy", False, False),
        ("yyyy-MM-dd HH:mm", True, False),
        ("yyyy-MM-dd'T'HH:mm:ssXXX", True, True),
        ("yyyy'H'MM'X'dd", False, False),
    ],
)
def test_date_form_has_time_and_offset(form: str, time: bool, offset: bool) -> None:
    assert (has_time(form), has_offset(form)) == (time, offset)

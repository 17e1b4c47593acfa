"""Which date forms carry a time of day and an offset."""

import pytest

from lepton_spark.ingest.lines.parsing import has_offset, has_time


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
def test_form_says_what_it_carries(form: str, time: bool, offset: bool) -> None:
    assert (has_time(form), has_offset(form)) == (time, offset)

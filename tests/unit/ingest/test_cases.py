"""Files of the cases from practice: each is read to its last line, or refused in words that help."""

from pathlib import Path

import pytest
import yaml

from lepton_spark.config import InputSettings
from lepton_spark.ingest.files.inspection import Inspection, inspect
from lepton_spark.ingest.files.layout import Layout


def inspected(folder: Path, file: str, **changes: object) -> Inspection:
    case, name = file.split("/")
    settings = yaml.safe_load((folder / case / "case.yaml").read_text())["input"]
    path = folder / case / "in" / name
    return inspect(path.name, path.read_bytes(), Layout.of(InputSettings(**(settings | changes))))


@pytest.mark.parametrize(
    ("file", "changes", "lines"),
    [
        ("03-number-forms/absatz.csv", {"decimal": ","}, 184),
        ("07-empty-columns/sales.csv", {}, 61),
        ("07-empty-columns/tail.csv", {}, 61),
        ("07-empty-columns/twice.csv", {}, 61),
        ("08-titles-and-totals/titled.csv", {"skip_rows": 3}, 122),
        ("08-titles-and-totals/sep.csv", {}, 122),
        ("09-not-a-csv/good.csv", {}, 61),
        ("10-backslash-quotes/part-00000.csv", {"options": {"escape": "\\"}}, 244),
        ("20-cancelled-by-status/report.txt", {}, 244),
    ],
)
def test_file_is_read_to_its_last_line(
    shared_cases: Path, file: str, changes: dict[str, object], lines: int
) -> None:
    found = inspected(shared_cases, file, **changes)
    assert (found.reason, found.lines) == (None, lines)


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("03-number-forms/absatz.csv", "input.decimal: ','"),
        ("08-titles-and-totals/titled.csv", "input.skip_rows: 3"),
        ("09-not-a-csv/login.csv", "a web page"),
        ("09-not-a-csv/old.xls", "an Excel workbook (.xls)"),
        ("09-not-a-csv/part.parquet", "input.format: parquet"),
        ("09-not-a-csv/report.pdf", "a PDF document"),
        ("09-not-a-csv/sales.xlsx", "Set input.format: excel"),
        ("09-not-a-csv/sales.zip", "Unpack it"),
        ("09-not-a-csv/utf16.csv", "input.options.encoding: utf-16"),
        ("10-backslash-quotes/part-00000.csv", "set input.options.escape"),
        ("11-wide/wide.csv", "set input.layout: wide"),
        ("21-json-array/flat.json", "one JSON object per line"),
        ("21-json-array/orders.json", "line items as objects of their own"),
        ("22-concatenated/all.csv", "another header with its columns in another order"),
    ],
)
def test_file_is_refused_in_words_that_help(shared_cases: Path, file: str, words: str) -> None:
    assert words in str(inspected(shared_cases, file).words)

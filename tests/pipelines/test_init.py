"""`lepton init` on an export from Germany: what it promises is what a load does."""

from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lepton_spark.cli import main
from lepton_spark.config import Config, load_config
from lepton_spark.pipelines.ingest.ingest import run_ingest
from tests.pipelines.job_context import context_for
from tests.workbook_file import workbook

HEADER = "Belegdatum;Filiale;Artikelnummer;Bezeichnung;Menge;Einzelpreis;Bonnummer;Kunden-Email"


@dataclass(frozen=True)
class Started:
    """The output of the command, its messages on stderr and the folder."""

    output: str
    errors: str
    folder: Path

    @property
    def config(self) -> Config:
        """The configuration that was written."""
        return load_config([self.folder / "lepton.yaml"]).config


def _init(data: Path, folder: Path, *more: str) -> tuple[int, str, str]:
    output, errors = StringIO(), StringIO()
    with redirect_stdout(output), redirect_stderr(errors):
        code = main(["init", str(data), "--dir", str(folder), "--yes", *more])
    return code, output.getvalue(), errors.getvalue()


@pytest.fixture(scope="module")
def started(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Started:
    """Two months of two stores: article 00001 sells daily, 00002 weekly; a return, a line without a day."""
    del spark  # the command adopts the running session
    root = tmp_path_factory.mktemp("init")
    data = root / "export"
    data.mkdir()
    for month in (7, 8):
        days = [date(2025, month, 1) + timedelta(days=day) for day in range(31)]
        lines = [
            f'{day:%d.%m.%Y};Köln;{article};"Größe ""L""";{units};1.000,50;{day:%m%d}{article};a@example.org'
            for day in days
            for article, units, is_sold in (("00001", 3, True), ("00002", 1, day.day % 7 == 0))
            if is_sold
        ]
        lines += [f"{days[4]:%d.%m.%Y};Düsseldorf;00001;Größe;-1;1.000,50;R1;b@example.org"]
        lines += ["unbekannt;Köln;00001;Größe;2;1,00;X1;b@example.org"]
        (data / f"{month}.csv").write_text("\n".join([HEADER, *lines, ""]), encoding="cp1252")
    code, output, errors = _init(data, root / "shop")
    assert code == 0, errors
    return Started(output, errors, root / "shop")


def test_configuration_fits_the_files(started: Started) -> None:
    given = started.config.input
    assert (given.kind, given.decimal, given.thousands) == ("transactions", ",", ".")
    assert given.options == {"encoding": "cp1252", "separator": ";"}
    assert (given.date_formats, given.personal_columns) == (("d.M.yyyy",), ("Kunden-Email",))
    assert given.columns.model_dump(exclude_none=True) == {
        "date": "Belegdatum",
        "product_id": "Artikelnummer",
        "quantity": "Menge",
        "location_id": "Filiale",
        "price": "Einzelpreis",
        "transaction_id": "Bonnummer",
    }


def test_promised_lines_are_those_of_the_load(spark: SparkSession, started: Started) -> None:
    """62 daily and 8 weekly lines and 2 returns are accepted; the line without a day comes in both files."""
    assert not Path(started.config.warehouse.root).exists()
    words = " ".join(started.output.split())
    for name, n_lines in (("accepted", 72), ("already_loaded", 1), ("rejected", 1), ("unparsable_date", 1)):
        assert f"{name} │ {n_lines} │" in words
    assert "found 'unbekannt'" in words
    assert "62 days, 0 of them without a sale anywhere; 2 products, 2 locations, 2 series" in words
    now = datetime(2025, 9, 1, 12, tzinfo=UTC)
    counts = run_ingest(context_for(spark, started.config, lambda: now)).counts
    assert [counts[name] for name in ("accepted", "already_loaded", "rejected")] == [72, 1, 1]


def test_personal_data_is_neither_printed_nor_written(started: Started) -> None:
    assert "example.org" not in started.output + started.errors
    assert "example.org" not in (started.folder / "lepton.yaml").read_text(encoding="utf-8")


def test_configuration_that_exists_is_not_overwritten(started: Started) -> None:
    code, _, errors = _init(started.folder, started.folder)
    assert code == 1
    assert "lepton.yaml: found a file; allowed: none: no file is overwritten" in errors


def test_wide_files_and_workbooks_get_configurations_that_read_them(
    spark: SparkSession, tmp_path: Path
) -> None:
    """Two products and 40 days: in German as CSV, and below a title in the second sheet of a workbook."""
    del spark
    days = [date(2025, 7, 1) + timedelta(days=day) for day in range(40)]
    wide = tmp_path / "wide.csv"
    header = ";".join(["Artikelnummer", *(f"{day:%d.%m.%Y}" for day in days), "Summe"])
    lines = [";".join([f"0000{number}", *["1,5"] * 40, "60"]) for number in (1, 2)]
    wide.write_text("\n".join([header, *lines, ""]))
    code, output, errors = _init(wide, tmp_path / "of_csv")
    assert code == 0, errors
    assert "accepted │ 80 │" in " ".join(output.split())
    found = load_config([tmp_path / "of_csv" / "lepton.yaml"]).config.input
    assert (found.layout, found.kind, found.decimal, found.date_formats) == (
        *("wide", "daily", ","),
        ("d.M.yyyy",),
    )

    book = tmp_path / "book.xlsx"
    rows = [["Sales of 2025"], [], ["sku", "date", "units"], *(["001", day, 2] for day in days)]
    book.write_bytes(workbook({"Notes": [["none"]], "Sales": rows}))
    code, output, errors = _init(book, tmp_path / "of_book")
    assert code == 0, errors
    assert "accepted │ 40 │" in " ".join(output.split())
    found = load_config([tmp_path / "of_book" / "lepton.yaml"]).config.input
    assert (found.format, found.options, found.skip_rows) == ("excel", {"sheet": "Sales"}, 2)

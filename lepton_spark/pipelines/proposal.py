"""Samples delivered files and proposes a configuration for them, for `lepton init`."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from delta.tables import DeltaTable
from pyspark.sql import SparkSession
from pyspark.sql.types import DataType, DateType, NumericType, TimestampNTZType, TimestampType

from lepton_spark.config import InputSettings
from lepton_spark.detection.proposal import Proposal, propose
from lepton_spark.detection.roles import Columns
from lepton_spark.detection.sampled_lines import SampledLines, sampled_lines
from lepton_spark.detection.samples import take_samples
from lepton_spark.detection.trials import try_columns
from lepton_spark.errors import InputError, explain
from lepton_spark.ingest.files.delivery import find_files, resolve

TABLE_ROWS = 20_000
"""Rows of a Delta table that are sampled."""


@dataclass(frozen=True)
class Sampled:
    """The sampled files, and the configuration that reads them. n_files: files found, sampled or not."""

    n_files: int
    lines: SampledLines
    proposal: Proposal

    @property
    def words(self) -> str:
        """How the files are written, for people."""
        lines, settings = self.lines, self.proposal.settings
        files = "1 file" if self.n_files == 1 else f"{self.n_files:,} files"
        parts = [files, lines.format]
        if lines.csv is not None:
            parts.append(f"separated by {lines.csv.separator!r}")
            parts.append(f"header in line {lines.csv.skip_rows + 1}" if lines.csv.has_header else "no header")
        if lines.format in ("csv", "json"):
            parts.append(f"encoding {lines.encoding}")
            parts.append(f"decimal sign {settings.get('decimal', '.')!r}")
        return ", ".join(parts)


def absolute(path: str) -> str:
    """The path as it works from any folder; package paths and object stores stay as they are."""
    return path if ":" in path else str(Path(path).absolute())


def propose_configuration(spark: SparkSession, path: str, given: Mapping[str, str]) -> Sampled:
    """The proposal for the files under a path, or for a Delta table. given: columns by role.

    Raises: InputError when nothing is at the path, no file can be read, or a required column is missing.
    """
    located = resolve(path)
    if DeltaTable.isDeltaTable(spark, located):
        n_files, lines = 1, _sampled_table(spark, located)
    else:
        found = find_files(spark, located, InputSettings().max_file_bytes).readable
        n_files, lines = len(found), sampled_lines(take_samples(spark, found))
    if not lines.names:
        words = "; ".join(f"{name}: {reason}" for name, reason in list(lines.others.items())[:5])
        allowed = "CSV, JSON or Parquet files, or a Delta table"
        raise InputError(explain(path, words or "no file with content", allowed, "Check the delivery."))
    return Sampled(n_files, lines, propose(Columns(lines, try_columns(spark, lines)), given))


def _sampled_table(spark: SparkSession, path: str) -> SampledLines:
    frame = spark.read.format("delta").load(path)
    rows = tuple(
        tuple(None if value is None else str(value) for value in row)
        for row in frame.limit(TABLE_ROWS).collect()
    )
    kinds = {column.name: _kind(column.dataType) for column in frame.schema}
    return SampledLines("delta", tuple(frame.columns), kinds, rows)


def _kind(kind: DataType) -> str:
    """date, timestamp, number or text."""
    if isinstance(kind, DateType):
        return "date"
    if isinstance(kind, (TimestampType, TimestampNTZType)):
        return "timestamp"
    return "number" if isinstance(kind, NumericType) else "text"

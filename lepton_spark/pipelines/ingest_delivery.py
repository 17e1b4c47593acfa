"""What was delivered: the files under the configured path against those on record."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from lepton_spark.config import Config
from lepton_spark.ingest import counting
from lepton_spark.ingest.delivery import FoundFile, ReadFile, find_files, find_table, resolve
from lepton_spark.ingest.inspection import Inspection
from lepton_spark.ingest.layout import Layout
from lepton_spark.ingest.reading import inspect_files, inspect_table
from lepton_spark.tables import Warehouse


@dataclass(frozen=True)
class Delivery:
    """What was found under the configured path, against what is known.

    copies: further files of this delivery with the content of one in `readable`; their lines are known.
    """

    readable: tuple[ReadFile, ...]
    copies: tuple[ReadFile, ...]
    refused: tuple[tuple[FoundFile, Inspection], ...]
    n_known: int
    known_refusals: frozenset[tuple[str, str]]

    @property
    def lines_read(self) -> int:
        """Lines of every file that is read, as the inspection counted them."""
        return sum(read.inspection.lines for read in (*self.readable, *self.copies))


def look_for_files(spark: SparkSession, warehouse: Warehouse, config: Config) -> Delivery:
    """Finds and inspects what is new under `input.path`.

    Raises: InputError for a path that cannot be worked with.
    """
    layout = Layout.of(config.input)
    found, large = _found(spark, config)
    known = {
        row["content_hash"]: row["reason"]
        for row in warehouse.read("files")
        .select("content_hash", F.coalesce("reason", F.lit("")).alias("reason"))
        .collect()
    }
    new = [file for file in found if known.get(file.content_hash) != ""]
    first = {file.content_hash: file for file in reversed(new)}
    unique = [file for file in new if first[file.content_hash] is file]
    inspected = _inspect(spark, unique, layout)
    readable = tuple(
        ReadFile(number, file, inspection)
        for number, (file, inspection) in enumerate(pair for pair in inspected if pair[1].reason is None)
    )
    by_hash = {read.file.content_hash: read for read in readable}
    copies = [file for file in new if first[file.content_hash] is not file and file.content_hash in by_hash]
    return Delivery(
        readable,
        tuple(replace(by_hash[file.content_hash], file=file) for file in copies),
        tuple(pair for pair in inspected if pair[1].reason is not None)
        + tuple(map(_too_large(config), large)),
        len(found) - len(new),
        frozenset(known.items()),
    )


def _found(spark: SparkSession, config: Config) -> tuple[list[FoundFile], list[FoundFile]]:
    path = resolve(config.input.path)
    if config.input.format == "delta":
        return [find_table(spark, path, config.input.options.get("versionAsOf"))], []
    return find_files(spark, path, config.input.max_file_bytes)


def _inspect(
    spark: SparkSession, files: Sequence[FoundFile], layout: Layout
) -> list[tuple[FoundFile, Inspection]]:
    if layout.format == "delta":
        return [(file, inspect_table(spark, file, layout)) for file in files]
    return list(zip(files, inspect_files(spark, files, layout), strict=True))


def _too_large(config: Config) -> Callable[[FoundFile], tuple[FoundFile, Inspection]]:
    allowed = f"up to {config.input.max_file_bytes}. Split it, or raise input.max_file_bytes"
    return lambda file: (
        file,
        Inspection(reason="file_too_large", words=f"size: found {file.bytes} bytes; allowed: {allowed}"),
    )


def batch_of(delivery: Delivery, config: Config) -> str:
    """The load's id: of the content that is read and the rules that read it."""
    hashes = sorted(read.file.content_hash for read in delivery.readable)
    rules = config.input.model_dump_json(exclude={"path"})
    return sha256("\n".join([*hashes, rules]).encode()).hexdigest()[:32]


def record_files(
    warehouse: Warehouse,
    delivery: Delivery,
    by_file: Mapping[int, Mapping[str, int]],
    batch: str,
    begun: datetime,
) -> None:
    """Rows of `files`; a refusal that is on record already is not written again."""
    loaded = [
        _file_row(read.file, read.inspection, batch, begun)
        | {"state": "loaded", "counts": {**by_file.get(read.number, {}), **counting.missing_values([read])}}
        for read in delivery.readable
    ]
    refused = [
        _file_row(file, inspection, batch, begun) | {"state": "refused"}
        for file, inspection in {
            file.content_hash: (file, found) for file, found in delivery.refused
        }.values()
        if (file.content_hash, inspection.reason) not in delivery.known_refusals
    ]
    if loaded or refused:
        warehouse.merge("files", warehouse.rows("files", [*loaded, *refused]))


def _file_row(file: FoundFile, found: Inspection, batch: str, begun: datetime) -> dict[str, object]:
    lines = None if found.reason else found.lines
    known = {"content_hash": file.content_hash, "name": file.name, "bytes": file.bytes, "lines": lines}
    return known | {"ingest_batch": batch, "reason": found.reason, "words": found.words, "loaded_at": begun}


def file_counts(delivery: Delivery) -> dict[str, int]:
    """How many files were loaded, known, refused."""
    return {
        "files_loaded": len(delivery.readable),
        "files_known": delivery.n_known + len(delivery.copies),
        "files_refused": len(delivery.refused),
    }

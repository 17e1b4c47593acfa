"""The sources of `input`: their files, inspections and lines, each by the layout of its own source."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import groupby

from pyspark.sql import SparkSession

from lepton_spark.config import Config, InputSettings
from lepton_spark.errors import InputError, explain
from lepton_spark.ingest.files.delivery import (
    FileState,
    FoundFile,
    FoundFiles,
    ReadFile,
    find_files,
    find_table,
    resolve,
)
from lepton_spark.ingest.files.inspection import Inspection
from lepton_spark.ingest.files.layout import Layout
from lepton_spark.ingest.files.raw_lines import RawLines
from lepton_spark.ingest.files.reading import inspect_files, inspect_table, read_lines

SourceLines = Sequence[tuple[InputSettings, RawLines]]
"""Raw lines, each group with the settings of its source."""


def rules_of(config: Config) -> str:
    """The settings of all sources as JSON, in an order that does not depend on theirs; paths left out."""
    return "\n".join(sorted(source.model_dump_json(exclude={"path"}) for source in config.inputs))


def find_sources(
    spark: SparkSession, config: Config, known: Mapping[FileState, str], *, is_first: bool
) -> FoundFiles:
    """The files under the paths of all sources, sorted by path whatever the order of the sources.

    known: content hashes by state. is_first: whether no file was recorded so far.

    Raises: InputError for a path that cannot be read, for one without files if `is_first`, and for a file
    under the paths of two sources.
    """
    by_source = [_files_of(spark, settings, known) for settings in config.inputs]
    if is_first:
        _require_files(config, by_source)
    found = FoundFiles(
        *(
            sorted(
                (
                    replace(file, source=number)
                    for number, files in enumerate(by_source)
                    for file in getattr(files, kind)
                ),
                key=lambda file: file.path,
            )
            for kind in ("readable", "large", "empty")
        )
    )
    _require_one_source(config, [*found.readable, *found.large, *found.empty])
    return found


def inspect_sources(
    spark: SparkSession, files: Sequence[FoundFile], config: Config
) -> list[tuple[FoundFile, Inspection]]:
    """Each file with its inspection, in the same order."""
    inspected: dict[str, Inspection] = {}
    for number, settings in enumerate(config.inputs):
        of_source = [file for file in files if file.source == number]
        layout = Layout.of(settings)
        if layout.format == "delta":
            found = [inspect_table(spark, file, layout) for file in of_source]
        else:
            found = inspect_files(spark, of_source, layout)
        inspected |= {file.path: one for file, one in zip(of_source, found, strict=True)}
    return [(file, inspected[file.path]) for file in files]


def read_sources(spark: SparkSession, loaded: Sequence[ReadFile], config: Config) -> SourceLines:
    """The raw lines of all files of a load, in groups of files of one source with the same columns."""
    groups: list[tuple[InputSettings, RawLines]] = []
    for number, files in groupby(sorted(loaded, key=_source), _source):
        settings = config.inputs[number]
        groups += [(settings, raw) for raw in read_lines(spark, list(files), Layout.of(settings))]
    return groups


def _source(read: ReadFile) -> int:
    return read.file.source


def _files_of(spark: SparkSession, settings: InputSettings, known: Mapping[FileState, str]) -> FoundFiles:
    path = resolve(settings.path)
    if settings.format == "delta":
        return FoundFiles([find_table(spark, path, settings.options.get("versionAsOf"))], [], [])
    return find_files(spark, path, settings.max_file_bytes, known)


def _require_files(config: Config, found: Sequence[FoundFiles]) -> None:
    for number, (settings, files) in enumerate(zip(config.inputs, found, strict=True)):
        if not (files.readable or files.large or files.empty):
            key = config.input_key(number, "path")
            allowed = "a file whose name does not start with '_' or '.'"
            remedy = "Check the path, and that files were delivered."
            raise InputError(explain(key, f"no file at {settings.path}", allowed, remedy))


def _require_one_source(config: Config, found: Sequence[FoundFile]) -> None:
    first: dict[str, int] = {}
    for file in found:
        other = first.setdefault(file.path, file.source)
        if other != file.source:
            keys = " and ".join(config.input_key(number, "path") for number in (other, file.source))
            remedy = "Change one of the paths, so that it is clear which layout the file has."
            raise InputError(explain(keys, f"both have {file.name}", "each file in one source", remedy))

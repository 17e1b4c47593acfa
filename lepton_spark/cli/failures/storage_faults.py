"""Summarises storage failures (a full disk, missing rights) that Java reports in long stack traces."""

import os
import re
from pathlib import Path

from lepton_spark.errors import explain
from lepton_spark.language import Message, later

MESSAGES = (
    later("No space left on device"),
    later("Disk quota exceeded"),
    later("Read-only file system"),
    later("Permission denied"),
    later("Input/output error"),
)
NO_FOLDER = Message("a folder that cannot be created")
_NO_LOG = "DELTA_CANNOT_CREATE_LOG_PATH"
_PATH = r"(?:file:)?(/[^\s(]+)"
_PATH_PATTERNS = (
    rf"{_PATH} \((?:{'|'.join(MESSAGES)})\)",
    rf"writing rows to {_PATH}\. SQLSTATE",
    rf"Cannot create {_PATH}",
    rf"Mkdirs failed to create {_PATH}",
)
_NO_FOLDER_LOGGED = (_NO_LOG, "Mkdirs failed to create")
_NO_STORE = {
    r'No FileSystem for scheme "?(\w+)': later("no file system for {name}://"),
    r"Class org\.apache\.hadoop\.fs\.([\w.]+) not found": later("no jar with the file system {name}"),
    r"UnknownHostException: ([^\s:]+)": later("no host {name}"),
}
"""Reasons why a store cannot be reached at all, with the words for them."""


def storage_fault(fault: BaseException) -> str | None:
    """The error message for a storage failure; None for any other failure."""
    text = str(fault)
    unreachable = _unreachable_store(text)
    if unreachable is not None:
        return unreachable
    paths = (re.search(pattern, text) for pattern in _PATH_PATTERNS)
    path = next((found.group(1) for found in paths if found), None)
    found = next((message for message in MESSAGES if message in text), None)
    if found is None and any(words in text for words in _NO_FOLDER_LOGGED):
        found = _why_no_folder(path)
    if found is None:
        return None
    place = Message(found) if path is None else Message("{fault} at {path}", fault=Message(found), path=path)
    allowed = Message("free space and the right to read and write there")
    remedy = Message(
        "Free space or grant the rights, then run it again: the incomplete load is rolled back first."
    )
    return explain(Message("storage"), place, allowed, remedy)


def _unreachable_store(text: str) -> str | None:
    """The error message for a store that Spark has no access to; None for any other failure."""
    for pattern, words in _NO_STORE.items():
        found = re.search(pattern, text)
        if found:
            allowed = Message("a folder of this machine, or a store whose jars Spark has")
            remedy = Message(
                "Check warehouse.root and the paths of inputs; for an object store, add its jars to Spark."
            )
            return explain(Message("storage"), Message(words, name=found[1]), allowed, remedy)
    return None


def _why_no_folder(path: str | None) -> str:
    """Why a folder cannot be created: Delta hides the cause, so the nearest existing folder is examined."""
    above = next((folder for folder in Path(path).parents if folder.is_dir()), None) if path else None
    if above is None:
        return NO_FOLDER
    system = os.statvfs(above)
    if system.f_flag & os.ST_RDONLY:
        return "Read-only file system"
    if system.f_blocks and not system.f_bavail:  # /proc and the like have no blocks at all
        return "No space left on device"
    return NO_FOLDER if os.access(above, os.W_OK) else "Permission denied"

"""What Java says in a thousand lines when a disk is full or may not be written to, in one."""

import re

from lepton_spark.errors import explain

SIGNS = (
    "No space left on device",
    "Disk quota exceeded",
    "Read-only file system",
    "Permission denied",
    "Input/output error",
)
NO_FOLDER = "a folder that cannot be made"
"""What Delta says without the system's words when a new table's place may not be written to."""

_NO_LOG = "DELTA_CANNOT_CREATE_LOG_PATH"
_PATH = r"(?:file:)?(/[^\s(]+)"
_PLACES = (
    rf"{_PATH} \((?:{'|'.join(SIGNS)})\)",
    rf"writing rows to {_PATH}\. SQLSTATE",
    rf"Cannot create {_PATH}",
)


def storage_fault(fault: BaseException) -> str | None:
    """Subject, found, allowed, remedy, where the storage was at fault; None where it was not."""
    said = str(fault)
    sign = next((sign for sign in SIGNS if sign in said), NO_FOLDER if _NO_LOG in said else None)
    if sign is None:
        return None
    places = (re.search(place, said) for place in _PLACES)
    where = next((f" at {found.group(1)}" for found in places if found), "")
    remedy = "Free space or mend its rights, then run it again: what was left half done is taken back first."
    return explain("storage", f"{sign}{where}", "room and the right to read and write there", remedy)

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
_PATH = r"(?:file:)?(/[^\s(]+)"
_PLACES = (rf"{_PATH} \((?:{'|'.join(SIGNS)})\)", rf"writing rows to {_PATH}\. SQLSTATE")


def storage_fault(fault: BaseException) -> str | None:
    """Subject, found, allowed, remedy, where the storage was at fault; None where it was not."""
    said = str(fault)
    sign = next((sign for sign in SIGNS if sign in said), None)
    if sign is None:
        return None
    places = (re.search(place, said) for place in _PLACES)
    where = next((f" at {found.group(1)}" for found in places if found), "")
    remedy = "Free space or mend its rights, then run it again: what was left half done is taken back first."
    return explain("storage", f"{sign}{where}", "room and the right to read and write there", remedy)

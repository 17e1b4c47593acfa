"""What Java says in a thousand lines when a disk is full or may not be written to, in one."""

import os
import re
from pathlib import Path

from lepton_spark.errors import explain

SIGNS = (
    "No space left on device",
    "Disk quota exceeded",
    "Read-only file system",
    "Permission denied",
    "Input/output error",
)
NO_FOLDER = "a folder that cannot be made"
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
    places = (re.search(place, said) for place in _PLACES)
    place = next((found.group(1) for found in places if found), None)
    sign = next((sign for sign in SIGNS if sign in said), None)
    if sign is None and _NO_LOG in said:
        sign = _why_no_folder(place)
    if sign is None:
        return None
    where = "" if place is None else f" at {place}"
    remedy = "Free space or mend its rights, then run it again: what was left half done is taken back first."
    return explain("storage", f"{sign}{where}", "room and the right to read and write there", remedy)


def _why_no_folder(place: str | None) -> str:
    """Why a folder cannot be made: Delta does not say it, so the system is asked about what is above it."""
    above = next((folder for folder in Path(place).parents if folder.is_dir()), None) if place else None
    if above is None:
        return NO_FOLDER
    system = os.statvfs(above)
    if system.f_flag & os.ST_RDONLY:
        return "Read-only file system"
    if not system.f_bavail:
        return "No space left on device"
    return NO_FOLDER if os.access(above, os.W_OK) else "Permission denied"

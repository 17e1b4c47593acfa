"""JSON lines: one object per line; numbers stay the text they were written as."""

import json
from collections.abc import Iterator

from lepton_spark.ingest.files.layout import Layout, Row, check_columns


def read_json(text: str, layout: Layout) -> tuple[list[str], Iterator[Row]]:
    """The columns of all objects in the file, sorted by name, and its lines.

    Raises: UnreadableFileError when no object has the mapped columns.
    """
    names = sorted({name for _, found, _ in _objects(text) if isinstance(found, dict) for name in found})
    check_columns(names, layout)
    return names, _lines(text, names)


def _objects(text: str) -> Iterator[tuple[int, object, str]]:
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            try:
                yield number, json.loads(line, parse_float=str, parse_int=str, parse_constant=str), line
            except ValueError as fault:
                yield number, fault, line


def _lines(text: str, names: list[str]) -> Iterator[Row]:
    for number, found, line in _objects(text):
        if isinstance(found, dict):
            yield number, [_as_text(found.get(name)) for name in names], None, None
        else:
            what = str(found) if isinstance(found, ValueError) else type(found).__name__
            yield number, None, f"line: found {what}; allowed: one JSON object", line


def _as_text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    return json.dumps(value, sort_keys=True, ensure_ascii=False)

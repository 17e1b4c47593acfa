"""A log file: text, or a JSON object a line if its name ends with .jsonl."""

import json
import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from logging.handlers import WatchedFileHandler
from pathlib import Path

from lepton_spark.errors import ConfigError, Fault

LOG_FILE = "--log-file"
EXTRAS = ("stage", "seconds", "exit_code")
"""Figures of a record that are fields of their own in JSON."""


class JsonLine(logging.Formatter):
    """A record as a JSON object on one line."""

    def format(self, record: logging.LogRecord) -> str:
        """Time in UTC, level, logger, message, the figures that there are, and the traceback of a failure."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        fields: dict[str, object] = {"at": at, "level": record.levelname, "logger": record.name}
        fields["message"] = record.getMessage()
        fields |= {name: getattr(record, name) for name in EXTRAS if hasattr(record, name)}
        if record.exc_info:
            fields["traceback"] = self.formatException(record.exc_info)
        return json.dumps(fields, ensure_ascii=False)


def without_log_file(arguments: Sequence[str]) -> tuple[list[str], Path | None]:
    """The arguments without the option, and its file.

    >>> without_log_file(["run", "--log-file", "a.log", "--publish"])
    (['run', '--publish'], PosixPath('a.log'))

    Raises: ConfigError without a file.
    """
    rest = [argument.removeprefix(f"{LOG_FILE}=") for argument in arguments]
    places = [place for place, (one, other) in enumerate(zip(arguments, rest, strict=True)) if one != other]
    if LOG_FILE in rest:
        places = [rest.index(LOG_FILE)]
        del rest[places[0]]
    if not places:
        return rest, None
    if places[0] == len(rest):
        raise ConfigError([Fault("command line", LOG_FILE, "nothing", "a file")])
    return rest, Path(rest.pop(places[0]))


@contextmanager
def log_file(path: Path | None) -> Iterator[None]:
    """Appends to the file what is logged while the block runs; other handlers keep their level.

    Raises: ConfigError for a file that cannot be written to.
    """
    if path is None:
        yield
        return
    root, package = logging.getLogger(), logging.getLogger("lepton_spark")
    handler = _handler(path)
    levels = {other: other.level for other in root.handlers}
    for other in levels:
        other.setLevel(max(other.level, root.level))
    root.addHandler(handler)
    package.setLevel(logging.INFO)
    try:
        yield
    finally:
        package.setLevel(logging.NOTSET)
        root.removeHandler(handler)
        handler.close()
        for other, level in levels.items():
            other.setLevel(level)


def _handler(path: Path) -> logging.Handler:
    try:
        handler = WatchedFileHandler(path, encoding="utf-8")  # logrotate may move the file away
    except OSError as fault:
        allowed = "a file in a folder that exists and can be written to"
        raise ConfigError([Fault("command line", LOG_FILE, repr(str(path)), allowed)]) from fault
    text = logging.Formatter("%(asctime)sZ %(levelname)s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%S")
    text.converter = time.gmtime
    handler.setFormatter(JsonLine() if path.suffix == ".jsonl" else text)
    return handler

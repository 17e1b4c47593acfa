"""A file that is replaced in one step."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile


@contextmanager
def replaced(path: Path) -> Iterator[Path]:
    """The path to write to; it replaces the file at the end of the block, or vanishes if the block fails."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as made:
        aside = Path(made.name)
    try:
        yield aside
        os.chmod(aside, 0o644)  # noqa: PTH101  as other files; the temporary one is private
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)

"""A console for texts without spaces between words, such as Chinese: rich would cut them off in a table."""

from typing import Any

from rich.console import Console
from rich.table import Table


class FoldingConsole(Console):
    """A console that breaks long texts in the cells of a table anywhere."""

    def print(self, *objects: Any, **options: Any) -> None:  # noqa: ANN401 - as rich declares it
        """Prints as rich does, without an ellipsis in a cell."""
        for table in objects:
            if isinstance(table, Table):
                for column in table.columns:
                    column.overflow = "fold"
        super().print(*objects, **options)

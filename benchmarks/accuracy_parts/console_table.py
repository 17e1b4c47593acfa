"""Tables on the console."""

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table


def print_rows(title: str, rows: Sequence[Mapping[str, object]], width: int) -> None:
    """Print rows of equal keys; does nothing without rows."""
    if not rows:
        return
    table = Table(title=title)
    for column in rows[0]:
        table.add_column(column)
    for row in rows:
        table.add_row(*(str(value) for value in row.values()))
    Console(width=width).print(table)

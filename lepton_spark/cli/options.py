"""Options that several commands take."""

from pathlib import Path
from typing import Annotated

import typer

DEBUG = "--debug"

Files = Annotated[
    list[Path] | None,
    typer.Option(
        "--conf",
        metavar="FILE...",
        help="One or more YAML files; later ones win. `lepton config` shows the result.",
    ),
]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="One setting, such as forecast.horizon=14; wins over the files. Again for more.",
    ),
]
Cutoff = Annotated[
    str | None,
    typer.Option(
        metavar="DATE", help="The last day the models may see, as 2024-12-31; default: the last complete day."
    ),
]
TakeOver = Annotated[
    bool,
    typer.Option(
        "--take-over", help="Go on although another job seems to be at work: it is known to be dead."
    ),
]
Publish = Annotated[bool, typer.Option("--publish", help="Publish although a later cutoff is published.")]

"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

from lepton_spark.language import translated as _

DEBUG = "--debug"

Files = Annotated[
    list[Path] | None,
    typer.Option(
        "--conf",
        metavar="FILE...",
        help="One or more YAML files; later files win. `lepton config` prints the result.",
    ),
]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="One setting, such as forecast.horizon=14; wins over the files. May be repeated.",
    ),
]
Cutoff = Annotated[
    str | None,
    typer.Option(
        metavar="DATE",
        help="The last day that models may see, such as 2024-12-31; default: the last complete day.",
    ),
]
Accept = Annotated[
    list[str] | None,
    typer.Option(
        "--accept", metavar="FILE", help="Load this file whatever it loses; needs --reason. May be repeated."
    ),
]
Reason = Annotated[
    str | None, typer.Option("--reason", metavar="TEXT", help="Why files are accepted; kept in `files`.")
]
Verify = Annotated[
    bool,
    typer.Option(
        "--verify",
        help="Compare the content of every file with what was loaded, not only name, size and time.",
    ),
]
TakeOver = Annotated[
    bool,
    typer.Option(
        "--take-over",
        help="Take the lease of another job that seems to run; only if you are sure that it is dead.",
    ),
]
Publish = Annotated[
    bool,
    typer.Option("--publish", help="Publish even if a later cutoff is published or the run was rolled back."),
]
ProductId = Annotated[str, typer.Option("--product", metavar="ID", help="A product's id in the tables.")]
LocationId = Annotated[
    str | None, typer.Option("--location", metavar="ID", help="Its location; needed if it has several.")
]


def accepted_files(files: list[str] | None, reason: str | None) -> dict[str, str]:
    """The accepted files with the reason; raises BadParameter if one is given without the other."""
    if bool(files) != bool(reason and reason.strip()):
        raise typer.BadParameter(_("give --accept and --reason together"))
    return dict.fromkeys(files or (), str(reason))

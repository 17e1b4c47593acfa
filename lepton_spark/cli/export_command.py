"""The command that writes published tables to a file for planners."""

from pathlib import Path
from typing import Annotated

import typer

from lepton_spark.cli.app import app
from lepton_spark.cli.job import open_job
from lepton_spark.cli.options import Files, Settings
from lepton_spark.report.export.rows import Exported, exported_rows
from lepton_spark.report.export.writing import require_writable, write_rows


@app.command()
def export(
    what: Annotated[
        Exported, typer.Argument(help="The published forecasts, their orders, or rejected lines.")
    ],
    output: Annotated[Path, typer.Option("-o", metavar="FILE", help="A .csv, .xlsx or .parquet file.")],
    conf: Files = None,
    settings: Settings = None,
) -> None:
    """Write the published forecasts, the orders or the rejected lines to a file, such as a spreadsheet."""
    require_writable(output)
    job = open_job(conf, settings)
    with job.stage("export"):
        written = write_rows(exported_rows(job.warehouse, what), output)
    typer.echo(f"export: {output} ({written.n_rows:,} rows, {written.n_bytes / 1e6:.1f} MB)")

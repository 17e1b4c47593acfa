"""The `lepton` command: the jobs, for people and for spark-submit alike."""

import logging
import os
import sys
import time
import traceback
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from pyspark.sql import SparkSession
from rich.console import Console

from lepton_spark import __version__
from lepton_spark.config import Config, LoadedConfig, load_config
from lepton_spark.config.show import resolved_lines
from lepton_spark.errors import ConfigError, Fault, LeptonError
from lepton_spark.models.registry import known_models
from lepton_spark.pipelines import forecast as forecasting
from lepton_spark.pipelines import ingest as ingesting
from lepton_spark.pipelines import panel as packing
from lepton_spark.pipelines import publish as publishing
from lepton_spark.pipelines import run as running
from lepton_spark.report.console import print_counts, print_summary, print_tables
from lepton_spark.report.progress import ConsoleProgress
from lepton_spark.report.summary import summarise
from lepton_spark.session import contradictions, open_session
from lepton_spark.tables import Warehouse

PRIVACY_KEY = "LEPTON_PRIVACY_KEY"
DEBUG = "--debug"
INTERRUPTED = 130
FILES_REFUSED = 4
GATES_REFUSED = 3
PLAIN_WIDTH = 120
"""Columns of a log that is no terminal."""

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Daily sales forecasts for every product of a catalogue, from raw files to Delta tables.",
    epilog=f"Add {DEBUG} to any command to see the traceback of a failure.",
)

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
Publish = Annotated[bool, typer.Option("--publish", help="Publish although a later cutoff is published.")]


@app.callback(invoke_without_command=True)
def version(
    *, version: Annotated[bool, typer.Option("--version", help="Print the version and end.")] = False
) -> None:
    """Answers --version."""
    if version:
        typer.echo(f"lepton_spark {__version__}")
        raise typer.Exit


@app.command()
def run(
    conf: Files = None, settings: Settings = None, cutoff: Cutoff = None, *, publish: Publish = False
) -> None:
    """All stages: ingest, panel, forecast, publish."""
    job = _Job(conf, settings, cutoff, reads_input=True)
    result = running.run(
        job.spark,
        job.config,
        None,
        _clock,
        _privacy_key(),
        force=publish,
        progress=job.progress,
        tell=_tell_refused,
    )
    summary = summarise(job.warehouse, result.forecast.run_id)
    print_summary(
        job.console,
        summary,
        result.ingest.counts,
        job.warehouse,
        ahead=job.config.forecast.ahead,
        published=result.publish.published,
    )
    raise typer.Exit(_told(result.publish) or _refusal_code(result.ingest))


@app.command()
def ingest(conf: Files = None, settings: Settings = None, cutoff: Cutoff = None) -> None:
    """Loads the files that are new: lines to transactions, rejects, sales."""
    job = _Job(conf, settings, cutoff, reads_input=True)
    result = ingesting.ingest(job.spark, job.config, _clock, _privacy_key(), job.progress)
    print_counts(job.console, result.counts)
    _tell_refused(result)
    raise typer.Exit(_refusal_code(result))


@app.command()
def panel(conf: Files = None, settings: Settings = None, cutoff: Cutoff = None) -> None:
    """Packs sales into one array a series and year."""
    job = _Job(conf, settings, cutoff)
    packing.update_panel(job.spark, job.config, _clock, job.progress)


@app.command()
def forecast(conf: Files = None, settings: Settings = None, cutoff: Cutoff = None) -> None:
    """Fits, backtests and forecasts every series; publishes nothing."""
    job = _Job(conf, settings, cutoff)
    result = forecasting.forecast(job.spark, job.config, None, _clock, job.progress)
    summary, ahead = summarise(job.warehouse, result.run_id), job.config.forecast.ahead
    print_summary(job.console, summary, {}, job.warehouse, ahead=ahead, published=False)


@app.command()
def publish(
    conf: Files = None, settings: Settings = None, cutoff: Cutoff = None, *, publish: Publish = False
) -> None:
    """Replaces the published forecasts by the last complete run's, once the gates let it pass."""
    job = _Job(conf, settings, cutoff)
    asked = job.config.forecast.cutoff
    result = publishing.publish(
        job.spark, job.config, None, _clock, cutoff=asked, force=publish, progress=job.progress
    )
    raise typer.Exit(_told(result))


@app.command()
def config(conf: Files = None, settings: Settings = None, cutoff: Cutoff = None) -> None:
    """Prints every setting with the file it came from, secrets masked."""
    for key, value, source in resolved_lines(_load(conf, settings, cutoff)):
        typer.echo(f"{key}: {value}  # {source}")


@app.command()
def tables(conf: Files = None, settings: Settings = None) -> None:
    """Lists the tables, what a row of each means, and its key."""
    print_tables(_console(), _load(conf, settings, None).config.warehouse.root)


class _Job:
    """What every job needs, made in the order in which a fault shows soonest."""

    def __init__(
        self,
        conf: list[Path] | None,
        settings: list[str] | None,
        cutoff: str | None,
        *,
        reads_input: bool = False,
    ) -> None:
        loaded = _load(conf, settings, cutoff)
        _require_usable(loaded, reads_input=reads_input)
        self.config: Config = loaded.config
        self.console = _console()
        self.progress = ConsoleProgress(self.console, time.monotonic)
        with self.progress.stage("start Spark"):
            self.spark: SparkSession = open_session(self.config.spark, "lepton_spark")
        self.warehouse = Warehouse(self.spark, self.config.warehouse.root)


def _load(conf: list[Path] | None, settings: list[str] | None, cutoff: str | None) -> LoadedConfig:
    return load_config(conf or [], settings or [], known_models(), cutoff)


def _require_usable(loaded: LoadedConfig, *, reads_input: bool) -> None:
    """Refuses what cannot come to an end, before anything is written."""
    faults = []
    if reads_input and loaded.config.input.path is None:
        source, allowed = loaded.source("input.path"), "a file, a folder, a glob or a Delta table"
        faults.append(Fault(source, "input.path", "nothing", allowed))
    faults += [
        Fault(loaded.source(f"spark.options.{key}"), f"spark.options.{key}", repr(found), allowed)
        for key, found, allowed in contradictions(loaded.config.spark)
    ]
    root = loaded.config.warehouse.root
    if not _can_hold_tables(root):
        faults.append(
            Fault(loaded.source("warehouse.root"), "warehouse.root", repr(root), "a folder to write to")
        )
    if faults:
        raise ConfigError(faults)


def _can_hold_tables(root: str) -> bool:
    """Whether a local root can be written to; of an object store only the store can tell."""
    if "://" in root:
        return True
    path = Path(root.removeprefix("file:")).absolute()
    nearest = next(folder for folder in (path, *path.parents) if folder.exists())
    return nearest.is_dir() and os.access(nearest, os.W_OK)


def _told(result: publishing.PublishResult) -> int:
    """Says on stderr why readers see another run; the exit code of it."""
    if not result.published:
        typer.echo(f"run {result.run_id}: {result.why}", err=True)
    return GATES_REFUSED if result.refused else 0


def _tell_refused(result: ingesting.IngestResult) -> None:
    """Names on stderr the files that were refused."""
    for file in result.refused:
        typer.echo(f"refused: {file.name}: {file.reason}: {file.words}", err=True)


def _refusal_code(result: ingesting.IngestResult) -> int:
    return FILES_REFUSED if result.refused else 0


def _console() -> Console:
    return Console(width=None if sys.stdout.isatty() else PLAIN_WIDTH)


def _clock() -> datetime:
    return datetime.now(UTC)


def _privacy_key() -> bytes | None:
    key = os.environ.get(PRIVACY_KEY)
    return key.encode() if key else None


def expand(arguments: Sequence[str]) -> list[str]:
    """`--conf a b` as `--conf a --conf b`."""
    expanded: list[str] = []
    in_conf = False
    for argument in arguments:
        if in_conf and not argument.startswith("-") and expanded[-1] != "--conf":
            expanded.append("--conf")
        elif argument.startswith("-"):
            in_conf = argument == "--conf"
        expanded.append(argument)
    return expanded


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; 0: done, 2: configuration, 3: gates, 4: refused files, 1: the rest."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    debug = DEBUG in given
    _log_to_stderr(debug=debug)
    command = typer.main.get_command(app)
    try:
        command.main(args=expand([argument for argument in given if argument != DEBUG]), prog_name="lepton")
    except SystemExit as ended:
        return _ended(ended)
    except LeptonError as fault:
        return _failed(fault, str(fault), fault.exit_code, debug=debug)
    except Exception as fault:  # noqa: BLE001 - the last resort of a command is one clear line
        words = f"{type(fault).__name__}: {_first_words(fault)}\nAdd {DEBUG} to see where."
        return _failed(fault, words, 1, debug=debug)
    return 0


def _ended(ended: SystemExit) -> int:
    code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    if code == INTERRUPTED:
        typer.echo("interrupted; run it again, what was left half done is taken back first", err=True)
    return code


def _failed(fault: Exception, words: str, code: int, *, debug: bool) -> int:
    if debug:
        traceback.print_exception(fault)
    typer.echo(f"lepton: {words}", err=True)
    return code


def _first_words(fault: Exception) -> str:
    """The first lines that say something; those of a Java trace do not."""
    lines = [line.strip() for line in str(fault).splitlines()]
    told = [line for line in lines if line and not line.startswith(("at ", "..."))]
    return " ".join(told[:2])[:300]


def _log_to_stderr(*, debug: bool) -> None:
    level = logging.INFO if debug else logging.WARNING
    logging.basicConfig(level=level, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    logging.getLogger("py4j").setLevel(logging.ERROR)

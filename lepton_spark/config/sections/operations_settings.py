"""The sections `alerts`, `report`, `prometheus` and `lineage`: how the end of a job is reported."""

from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, Field

from lepton_spark.config.sections.section import Section
from lepton_spark.config.values.types import Name

AlertEvent = Literal[
    "failed_run",
    "publication_refused",
    "forecasts_expired",
    "stale_sales",
    "refused_files",
    "product_alarms",
]
"""What an alert can be about, the most urgent first."""

ALERT_EVENTS: tuple[AlertEvent, ...] = get_args(AlertEvent)


def _http_url(url: str) -> str:
    if not url.startswith(("http://", "https://")):
        raise ValueError("a URL that starts with http:// or https://")
    return url


def _prom_file(path: str) -> str:
    if Path(path).suffix != ".prom":
        raise ValueError("a file that ends with .prom, since node_exporter reads no others")
    return path


class AlertSettings(Section):
    """Where alerts go, and about what; none without a command or a webhook."""

    command: Annotated[tuple[Name, ...], Field(min_length=1)] | None = Field(
        None,
        description="a program and its arguments, started without a shell; gets the alert as JSON on stdin",
    )
    webhook: Annotated[str, AfterValidator(_http_url)] | None = Field(
        None, description="a URL to which the alert is posted as JSON; never printed"
    )
    timeout_seconds: float = Field(10.0, gt=0, le=300, description="time for one attempt")
    retries: int = Field(2, ge=0, le=10, description="further attempts after one that failed")
    events: tuple[AlertEvent, ...] = Field(
        ALERT_EVENTS, min_length=1, description=f"what alerts are about: {', '.join(ALERT_EVENTS)}"
    )


def _html_file(path: str) -> str:
    if "://" in path or Path(path).suffix != ".html":
        raise ValueError("a local file that ends with .html")
    return path


class ReportSettings(Section):
    """The page for planners."""

    file: Annotated[str, AfterValidator(_html_file)] | None = Field(
        None, description="a local file that each `lepton run` replaces with its report; null: none"
    )


class PrometheusSettings(Section):
    """The figures of `lepton run` and `lepton monitor` for node_exporter."""

    file: Annotated[str, AfterValidator(_prom_file)] | None = Field(
        None, description="a file in the folder of node_exporter's textfile collector; replaced by each job"
    )


class LineageSettings(Section):
    """OpenLineage events of each job."""

    file: Name | None = Field(None, description="a local file to which events are appended, one JSON a line")
    namespace: Name = Field("lepton_spark", description="the namespace of the jobs")

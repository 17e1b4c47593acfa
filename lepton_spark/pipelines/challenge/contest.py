"""The challenger's part of a run: its forecast, the weeks compared, and whether it replaces the champion."""

import logging
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

import numpy as np
from pyspark.sql import functions as F

from lepton_spark.config import Config
from lepton_spark.config.sections.choice.challenger_settings import ChallengerSettings
from lepton_spark.errors import LeaseError
from lepton_spark.gates import Gate
from lepton_spark.monitoring.policy.challenge import Verdict, verdict
from lepton_spark.pipelines.challenge.compare import Rivals, compare_weeks
from lepton_spark.pipelines.context import JobContext
from lepton_spark.pipelines.forecast.forecast import ForecastResult, run_forecast
from lepton_spark.pipelines.forecast.plan import forecast_settings_id

log = logging.getLogger(__name__)

CHALLENGER: Final = "challenger"
"""The job of the challenger's runs, and the gate that records why one of them is published."""


@dataclass(frozen=True)
class Contest:
    """Champion and challenger at one cutoff.

    context: the job's, with the challenger's configuration. verdict: over the weeks that ended by the cutoff.
    is_published: whether the present forecasts are the challenger's. replaces: whether its run of this cutoff
    is to be published instead of the champion's.
    """

    rivals: Rivals
    context: JobContext
    cutoff: date
    verdict: Verdict
    is_published: bool
    replaces: bool

    @property
    def gate(self) -> Gate:
        """Why the challenger's run is published."""
        found = f"{self.words}; published before" if self.is_published else self.words
        return Gate(CHALLENGER, True, found, "a mean gain above its standard error")

    @property
    def words(self) -> str:
        """The verdict, such as `gain 3.2 units a week (1.5 %), standard error 1.1, in 9 weeks`."""
        one = self.verdict
        if one.n_weeks < 2:
            return f"{one.n_weeks} weeks compared"
        share = f" ({one.gain / one.champion_loss:+.1%} of its loss)" if one.champion_loss > 0 else ""
        return (
            f"gain over the champion {one.gain:+,.1f} units a week{share}, standard error "
            f"{one.standard_error:,.1f}, in {one.n_weeks} weeks"
        )


@dataclass(frozen=True)
class ChallengeResult:
    """What came of a challenger in a run: the verdict in words, and its forecast; None if that failed."""

    words: str
    forecast: ForecastResult | None = None
    failure: str | None = None


def contest_of(context: JobContext, champion: ForecastResult) -> Contest | None:
    """The contest at the champion's cutoff; None without a challenger.

    A challenger that is published stays so; another one replaces the champion if it wins on the weeks that
    ended by the cutoff. A champion's run that is published already stays, so that a repeated run changes
    nothing.
    """
    config = challenging(context.config)
    if config is None:
        return None
    rivals = Rivals(forecast_settings_id(context.config), forecast_settings_id(config))
    weeks = rivals.weeks(context).where((F.col("last_day") <= F.lit(champion.cutoff)) & (F.col("n_obs") > 0))
    rows = weeks.orderBy("cutoff").collect()
    champions, challengers = (
        np.array([row[name] for row in rows], dtype=np.float64)
        for name in ("champion_loss", "challenger_loss")
    )
    found = verdict(champions, challengers, context.config.challenger.min_weeks)
    row = context.warehouse.read("latest_forecasts").select("run_id").first()
    present = None if row is None else context.runs.find(row["run_id"])
    is_published = (
        present is not None and present.job == CHALLENGER and present.settings_id == rivals.challenger
    )
    is_decided = present is not None and present.run_id == champion.run_id
    return Contest(
        rivals,
        context.with_config(config),
        champion.cutoff,
        found,
        is_published,
        replaces=(is_published or found.wins) and not is_decided,
    )


def challenging(config: Config) -> Config | None:
    """The challenger's configuration; None without a challenger."""
    changes = config.challenger.changes
    sections = {name: getattr(config, name).model_copy(update=values) for name, values in changes.items()}
    return config.model_copy(update=sections | {"challenger": ChallengerSettings()}) if changes else None


def run_challenger(contest: Contest) -> ChallengeResult:
    """Makes the challenger's forecast of the champion's cutoff; a failure is reported and fails nothing.

    Raises: LeaseError when another job has taken the lease over.
    """
    try:
        with contest.context.stage("challenger") as stage:
            stage.note(contest.words)
        made = run_forecast(contest.context, CHALLENGER)
    except LeaseError:
        raise
    except Exception as fault:  # noqa: BLE001 - reported and logged
        return ChallengeResult(contest.words, failure=_reported(fault))
    return ChallengeResult(contest.words, made)


def compare_rivals(contest: Contest, result: ChallengeResult) -> ChallengeResult:
    """Compares the weeks that are over since the last run; a failure is reported and fails nothing.

    Raises: LeaseError when another job has taken the lease over.
    """
    try:
        with contest.context.stage("compare with the challenger") as stage:
            n_weeks = compare_weeks(contest.context, contest.rivals, contest.cutoff)
            stage.note(f"{n_weeks} weeks")
    except LeaseError:
        raise
    except Exception as fault:  # noqa: BLE001 - reported and logged
        return replace(result, failure=result.failure or _reported(fault))
    return result


def _reported(fault: Exception) -> str:
    """The first line of a failure, of which the log has the rest."""
    log.error("the challenger failed", exc_info=fault)
    return f"{type(fault).__name__}: {str(fault).partition(chr(10))[0]}"

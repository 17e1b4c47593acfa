"""The past cutoffs on which the pooled model is trained."""

import numpy as np

from lepton_spark.models.data.arrays import BoolArray, IntArray
from lepton_spark.models.data.history import History
from lepton_spark.models.pooled.factors.pool_totals import YEAR_DAYS
from lepton_spark.models.pooled.factors.year_weeks import BASE_DAYS
from lepton_spark.models.pooled.settings import TrainingSettings


def training_cutoffs(history: History, training: TrainingSettings) -> IntArray:
    """[C], columns, the latest first: the last weeks, and for days those around the same week a year ago.

    Weeks of which nothing is known are left out.
    """
    last, stride = history.n_days - 1, training.stride // history.period
    is_daily = history.period == 1
    recent = np.arange(last - stride, -1, -stride)
    recent = recent[is_known(history, recent).any(axis=0)]
    recent = recent[: training.n_cutoffs + (0 if is_daily else training.n_yearly)]
    is_yearly = np.arange(len(recent)) >= training.n_cutoffs
    min_days = np.where(is_yearly, YEAR_DAYS + BASE_DAYS, training.min_history)
    recent = recent[recent * history.period >= min_days]
    n_around = training.n_year_ago // 2 if is_daily else 0
    year_ago = last - YEAR_DAYS + stride * np.arange(n_around - 1, -n_around - 1, -1)
    year_ago = year_ago[year_ago >= YEAR_DAYS + BASE_DAYS]
    year_ago = year_ago[is_known(history, year_ago).any(axis=0)]
    return np.unique(np.concatenate([recent, year_ago]))[::-1]


def is_known(history: History, cutoffs: IntArray) -> BoolArray:
    """[S, C], whether a series was known in the week up to a cutoff.

    What is sold when a shop opens again, after weeks of which its features know nothing, is no example.
    """
    week = history.season_length
    known = np.zeros((history.n_series, len(cutoffs)), dtype=np.bool_)
    for position, cutoff in enumerate(cutoffs.tolist()):
        known[:, position] = history.known[:, max(cutoff + 1 - week, 0) : cutoff + 1].any(axis=1)
    return known

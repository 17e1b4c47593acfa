"""Whether sums over several days can be believed: quantiles from residual paths, and daily ones added up.

The sums run over the scored days of the first 7, 14 and 28 ahead; paths are those of the demand class.
"""

from collections.abc import Mapping

import numpy as np

from accuracy_parts.belief import SEVEN, Seen
from accuracy_parts.protocol import Origin
from accuracy_parts.scores import Output
from lepton_spark.config import PanelSettings
from lepton_spark.evaluation.demand import demand_classes
from lepton_spark.evaluation.quantiles.residual_paths import sum_quantiles
from lepton_spark.models.data.arrays import FloatArray

LENGTHS = (7, 14, 28)
BY_PATHS, ADDED_UP = "sums by paths", "daily quantiles added up"
ENOUGH_OF_A_WINDOW = 0.75


def seen_sums(origin: Origin, output: Output) -> Mapping[str, Seen]:
    """What sums came to against their quantiles, by way and, as a class, by length."""
    if output.seven is None or output.dispersion is None or output.paths is None:
        raise ValueError("sums: found no quantiles, dispersion or paths")
    found: dict[str, list[Seen]] = {BY_PATHS: [], ADDED_UP: []}
    spread = np.where(np.isnan(output.dispersion), 1.0, output.dispersion)
    for length in LENGTHS:
        days = np.flatnonzero(~np.isnan(origin.actual[:, :length]).all(axis=0))
        actual = np.nansum(origin.actual[:, days], axis=1)[:, np.newaxis]
        by_paths = np.full((len(actual), len(SEVEN)), np.nan)
        for rows, paths in _of_classes(origin, output.paths):
            by_paths[rows] = sum_quantiles(
                output.forecast[np.ix_(rows, days)], spread[rows], paths[:, days], SEVEN.tolist()
            )
        told = ~np.isnan(by_paths).any(axis=1)
        for name, q in ((BY_PATHS, by_paths), (ADDED_UP, output.seven[:, days].sum(axis=1))):
            found[name].append(_seen(f"{length} days", actual[told], q[told]))
    return {name: _together(parts) for name, parts in found.items()}


def _of_classes(origin: Origin, paths: FloatArray) -> list[tuple[np.ndarray, FloatArray]]:
    """Rows of each demand class, and the paths of the windows most of whose days were scored, gaps at 0."""
    panel = PanelSettings()
    classes = demand_classes(origin.history.quantity, panel.new_days, panel.obsolete_days)
    enough = np.mean(~np.isnan(paths), axis=2) >= ENOUGH_OF_A_WINDOW
    found = []
    for kind in sorted(set(classes.tolist())):
        rows = np.flatnonzero(classes == kind)
        mine = np.nan_to_num(paths[rows])[enough[rows]]
        if len(mine):
            found.append((rows, mine))
    return found


def _seen(name: str, actual: FloatArray, q: FloatArray) -> Seen:
    inside = (q[:, 1] <= actual[:, 0]) & (actual[:, 0] <= q[:, -2])
    return Seen(
        np.full(len(actual), name),
        (actual < q).astype(float),
        (actual <= q).astype(float),
        inside.astype(float),
    )


def _together(parts: list[Seen]) -> Seen:
    return Seen(
        *(np.concatenate([getattr(part, name) for part in parts]) for name in Seen.__dataclass_fields__)
    )

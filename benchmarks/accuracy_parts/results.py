"""Scores and calibration of several models on one set, collected origin by origin, as rows of tables."""

import csv
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.progress import track
from threadpoolctl import threadpool_limits

from accuracy_parts.calibration_bands import Calibration, calibration, calibration_rows
from accuracy_parts.lepton_models import DEFAULT
from accuracy_parts.protocol import N_LAST, N_ORIGINS, Origin
from accuracy_parts.scores import SCORES, Model, Output, Sums, cell_sums, check, intervals, pool, scores
from accuracy_parts.sum_calibration import sum_calibration

Row = dict[str, object]


class Results:
    """Sums of every model at the origins evaluated so far."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._sums: dict[str, dict[int, Sums]] = defaultdict(dict)
        self._seconds: dict[str, list[float]] = defaultdict(list)
        self._calibration: dict[str, list[Calibration]] = defaultdict(list)

    def add(self, origin: Origin, model: str, output: Output) -> None:
        """Score one output.

        Raises: InvalidForecastError for a forecast that is missing, infinite or negative.
        """
        check(model, origin, output)
        self._sums[model][origin.index] = cell_sums(origin, output)
        self._seconds[model].append(output.seconds)
        if output.distribution is not None:
            self._calibration[model].append(calibration(origin, output))
            if model == DEFAULT and origin.history.period == 1:
                for method, sums in sum_calibration(origin, output).items():
                    self._calibration[f"{model}: {method}"].append(sums)

    def score_rows(self, reference: str, first_origin: int = 0, label: str = "all") -> list[Row]:
        """A row for each model over the origins from `first_origin` on; no rows without such an origin."""
        chosen = {
            model: [sums for index, sums in by_origin.items() if index >= first_origin]
            for model, by_origin in self._sums.items()
        }
        pooled = {model: pool(sums) for model, sums in chosen.items() if sums}
        differences = intervals(pooled, reference) if reference in pooled else {}
        return [self._row(label, model, sums, differences.get(model, {})) for model, sums in pooled.items()]

    def _row(self, label: str, model: str, sums: Sums, differences: Mapping[str, tuple[float, float]]) -> Row:
        seconds = self._seconds[model]
        mean_seconds = round(sum(seconds) / len(seconds), 2)
        row: Row = {"set": self._name, "origins": label, "model": model, "seconds": mean_seconds}
        for score, value in scores(sums).items():
            low, high = differences.get(score, (float("nan"), float("nan")))
            row[score] = round(value, 4)
            row[f"{score}_gap_low"], row[f"{score}_gap_high"] = round(low, 4), round(high, 4)
        return row

    def last_rows(self, reference: str) -> list[Row]:
        """As `score_rows`, over the last origins only."""
        return self.score_rows(reference, N_ORIGINS - N_LAST, "last two")

    def calibration_rows(self) -> list[Row]:
        """Rows on the calibration of every model that gives a distribution."""
        return [
            row
            for model, parts in self._calibration.items()
            for row in calibration_rows(self._name, model, parts)
        ]


def evaluate(name: str, origins: Sequence[Origin], models: Mapping[str, Model]) -> Results:
    """Run every model at every origin, one thread each."""
    results = Results(name)
    with threadpool_limits(1):
        for origin in track(origins, name):
            for model, forecast in models.items():
                results.add(origin, model, forecast(origin))
    return results


def write_csv(rows: Sequence[Row], path: Path) -> None:
    """Write rows of equal keys; does nothing without rows."""
    if not rows:
        return
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def score_cells(row: Row) -> Row:
    """A row for the console: each score and its interval in one cell."""
    cells = {s: f"{row[s]:.3f} [{row[f'{s}_gap_low']:+.3f}, {row[f'{s}_gap_high']:+.3f}]" for s in SCORES}
    return {**{name: row[name] for name in ("set", "origins", "model")}, **cells, "seconds": row["seconds"]}

"""Reads and writes the rows of one forecast run."""

from collections.abc import Callable
from dataclasses import dataclass

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lepton_spark.pipelines.forecast.crash_bisection import Subset, Write
from lepton_spark.pipelines.forecast.plan import Plan
from lepton_spark.tables import Warehouse


@dataclass(frozen=True)
class RunRows:
    """The rows of a planned run in the tables of a warehouse."""

    warehouse: Warehouse
    plan: Plan

    def read(self, name: str) -> DataFrame:
        """The rows that the run has written."""
        return self._of(name, self.plan.run.run_id)

    def read_full_run(self, name: str) -> DataFrame:
        """The rows of the run that trains and chooses: this one, or the one whose models it keeps."""
        return self._of(name, self.plan.full_run_id)

    def write(self, name: str, rows: DataFrame, subset: Subset | None = None) -> None:
        """Writes rows under the run's id, in place of those of an earlier attempt.

        A first attempt appends, because replacing takes three times as long. A subset is appended too: the
        rows of an earlier attempt were deleted before the work was halved. Run ids are hexadecimal and thus
        safe in the condition.
        """
        run_id = self.plan.run.run_id
        of_run = rows.withColumn("run_id", F.lit(run_id))
        if self.plan.is_retry and subset is None:
            self.warehouse.replace(name, of_run, f"run_id = '{run_id}'")
        else:
            self.warehouse.append(name, of_run)

    def writing(self, name: str, rows_of: Callable[[Subset | None, str | None], DataFrame]) -> Write:
        """A function that writes the rows of a subset of the run's series into a table."""

        def write(subset: Subset | None, failure: str | None) -> None:
            self.write(name, rows_of(subset, failure), subset)

        return write

    def clearing(self, name: str) -> Callable[[], None]:
        """A function that deletes the run's rows from a table."""
        return lambda: self.warehouse.delete(name, _is_of(self.plan.run.run_id))

    def _of(self, name: str, run_id: str) -> DataFrame:
        return self.warehouse.read(name).where(_is_of(run_id))


def _is_of(run_id: str) -> Column:
    return F.col("run_id") == F.lit(run_id)

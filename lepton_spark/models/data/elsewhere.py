"""What the other locations of a product sold, by week."""

from dataclasses import dataclass

from lepton_spark.models.data.arrays import BoolArray, FloatArray, IntArray


@dataclass(frozen=True)
class Elsewhere:
    """Sales of the product of each of S series at all its other locations, in W weeks.

    units: [S, W]. columns: [S, W], known columns of the other locations' histories, added up over these; 0
    where no other location sells the product. days: [W], the epoch day on which each week ends.
    """

    units: FloatArray
    columns: FloatArray
    days: IntArray

    def until(self, day: int) -> "Elsewhere":
        """The weeks that ended by an epoch day."""
        ended = self.days <= day
        return Elsewhere(self.units[:, ended], self.columns[:, ended], self.days[ended])

    def select(self, rows: IntArray | BoolArray) -> "Elsewhere":
        """The same weeks for some of the series."""
        return Elsewhere(self.units[rows], self.columns[rows], self.days)

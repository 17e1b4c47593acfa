"""What a load would lose: rejected lines that could be demand, by file and by product, and their gate."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lepton_spark.errors import LossError, explain
from lepton_spark.gates import Gate

EXCLUSIONS = ("not_a_product", "zero_quantity", "stock_adjustment", "non_positive_price", "not_units")
"""Reasons for rejection by a rule that the user wants: such lines are excluded, not lost."""

TOO_MANY_LOST = "too_many_lost"
"""The reason for refusing a file that loses too large a share of its lines."""


@dataclass(frozen=True)
class FileLoss:
    """Lines of a file that could be demand, and those of them that are rejected.

    words: the commonest reason, with an example.
    """

    name: str
    lines: int
    lost: int
    words: str

    @property
    def share(self) -> float:
        """The share that is lost."""
        return self.lost / self.lines if self.lines else 0.0


@dataclass(frozen=True)
class ProductLoss:
    """The same for a product."""

    product_id: str
    lines: int
    lost: int


@dataclass(frozen=True)
class Losses:
    """The losses of a load.

    files: the files with an accepted line, by number. worst: the products that lose most, of those that lose
    more than the allowed share. n_products, product_lines: the number of all such products, and their lines.
    """

    files: Mapping[int, FileLoss]
    worst: Sequence[ProductLoss] = ()
    n_products: int = 0
    product_lines: int = 0

    @property
    def lines(self) -> int:
        """Lines that could be demand."""
        return sum(loss.lines for loss in self.files.values())

    @property
    def lost(self) -> int:
        """Those of them that are lost."""
        return sum(loss.lost for loss in self.files.values())


def too_lossy_files(losses: Losses, max_share: float, accepted: Mapping[str, str]) -> dict[int, str]:
    """The files that lose more than the allowed share of their lines, with the explanation, by number.

    accepted: names of files that are loaded all the same, with the reason.
    """
    return {
        number: _explanation(loss, max_share)
        for number, loss in losses.files.items()
        if loss.share > max_share and reason_to_accept(loss.name, accepted) is None
    }


def reason_to_accept(name: str, accepted: Mapping[str, str]) -> str | None:
    """Why a file is loaded in spite of its losses; None if it was not accepted.

    >>> reason_to_accept("/in/may.csv", {"may.csv": "returns are unreadable"})
    'returns are unreadable'
    """
    return next((why for file, why in accepted.items() if name == file or name.endswith(f"/{file}")), None)


def require_products(losses: Losses, max_share: float) -> None:
    """Raises LossError if products that lose more than the allowed share hold more than it of all lines."""
    if not losses.lines or losses.product_lines / losses.lines <= max_share:
        return
    share = losses.product_lines / losses.lines
    found = f"{share:.0%} of the lines belong to products that lose too many: {product_words(losses)}"
    remedy = (
        "Nothing was loaded. Correct the settings under input, or accept the files: "
        "--accept FILE --reason TEXT."
    )
    allowed = f"{max_share:.0%} of the lines (gates.max_lost_share)"
    raise LossError(explain("lost lines", found, allowed, remedy))


def loss_gate(losses: Losses, max_share: float, accepted: Mapping[str, str]) -> Gate:
    """What would be lost, and whether files or the whole load would be refused for it."""
    found = [f"{losses.lost:,} of {losses.lines:,} lines would be lost"]
    found += [
        f"{losses.files[number].name}: {why}"
        for number, why in too_lossy_files(losses, max_share, accepted).items()
    ]
    try:
        require_products(losses, max_share)
    except LossError as too_many:
        found.append(str(too_many))
    return Gate("lost_lines", len(found) == 1, "; ".join(found), f"{max_share:.0%} (gates.max_lost_share)")


def product_words(losses: Losses) -> str:
    """The products that lose too many lines, the worst by name, and the reasons in their files."""
    names = [f"{one.product_id} loses {one.lost:,} of {one.lines:,} lines" for one in losses.worst]
    others = losses.n_products - len(names)
    more = [f"{others:,} others lose too many as well"] if others else []
    reasons = " and ".join(sorted({loss.words for loss in losses.files.values() if loss.lost}))
    return f"{', '.join([*names, *more])}, most of them as {reasons}"


def _explanation(loss: FileLoss, max_share: float) -> str:
    words = explain(
        "lines",
        f"{loss.lost:,} of {loss.lines:,} ({loss.share:.0%}) would be lost, most of them as {loss.words}",
        f"{max_share:.0%} (gates.max_lost_share)",
        "Correct the settings under input, or accept the file: --accept FILE --reason TEXT",
    )
    return str(words)  # a table takes plain text

"""Matching of returns to sales, compared with a slow reference that keeps explicit stacks."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from lepton_spark.ingest.lines.cancellations import match_returns

WINDOW = 5
FIRST = date(2021, 1, 1)
SCHEMA = (
    "product_id STRING, location_id STRING, line_hash STRING, occurrence INT, line_kind STRING, "
    "date DATE, sold_at TIMESTAMP, quantity DOUBLE, customer STRING"
)

Line = tuple[str, str, str, int, str, date, datetime | None, float, str | None]


def line(
    name: str, kind: str, day: int, hour: int, quantity: float, customer: str | None, product: str = "p"
) -> Line:
    at = datetime.combine(FIRST + timedelta(days=day), datetime.min.time(), UTC) + timedelta(hours=hour)
    return (product, "all", name, 1, kind, at.date(), at, quantity, customer)


def reference_matches(lines: list[Line]) -> set[tuple[str, str]]:
    """One stack per customer, product and quantity; a return pops the top sale if it is inside the window."""
    stacks: dict[tuple[str, str, float], list[Line]] = {}
    pairs = set()
    for one in sorted(lines, key=lambda it: (it[6], it[4] == "return", it[2])):
        if one[8] is None:
            continue
        stack = stacks.setdefault((one[8], one[0], one[7]), [])
        if one[4] == "sale":
            stack.append(one)
        elif stack and (one[5] - stack[-1][5]).days <= WINDOW:
            pairs.add((stack.pop()[2], one[2]))
    return pairs


def matched(spark: SparkSession, lines: list[Line]) -> set[tuple[str, str]]:
    rows = match_returns(spark.createDataFrame(lines, SCHEMA), WINDOW).collect()
    return {(row["line_hash"], row["cancel_line_hash"]) for row in rows}


def test_return_cancels_the_latest_earlier_unmatched_sale(spark: SparkSession) -> None:
    lines = [
        line("s1", "sale", 0, 8, 2.0, "c"),
        line("s2", "sale", 1, 8, 2.0, "c"),
        line("r1", "return", 2, 8, 2.0, "c"),
        line("r2", "return", 3, 8, 2.0, "c"),
        line("r3", "return", 4, 8, 2.0, "c"),
        line("other quantity", "return", 4, 9, 1.0, "c"),
        line("early return", "return", 0, 1, 3.0, "c"),
        line("later sale", "sale", 0, 2, 3.0, "c"),
        line("nobody's sale", "sale", 0, 0, 4.0, None),
        line("nobody's return", "return", 0, 1, 4.0, None),
        line("old", "sale", 0, 0, 5.0, "c"),
        line("too late", "return", 6, 0, 5.0, "c"),
        line("edge", "sale", 1, 0, 6.0, "c"),
        line("just in time", "return", 6, 23, 6.0, "c"),
        line("same instant", "return", 0, 0, 7.0, "c"),
        line("sold then", "sale", 0, 0, 7.0, "c"),
        line("other product", "return", 1, 0, 7.0, "c", product="q"),
    ]
    assert matched(spark, lines) == {
        ("s2", "r1"),
        ("s1", "r2"),
        ("edge", "just in time"),
        ("sold then", "same instant"),
    }


@st.composite
def orders(draw: st.DrawFn) -> list[Line]:
    drawn = draw(
        st.lists(
            st.tuples(
                st.sampled_from(["sale", "return"]),
                st.integers(0, 12),
                st.integers(0, 2),
                st.sampled_from([1.0, 2.0]),
                st.sampled_from(["a", "b", None]),
            ),
            max_size=40,
        )
    )
    return [line(f"{position:03d}", *parts) for position, parts in enumerate(drawn)]


@settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(lines=orders())
def test_match_returns_agrees_with_the_reference(spark: SparkSession, lines: list[Line]) -> None:
    assert matched(spark, lines) == reference_matches(lines)

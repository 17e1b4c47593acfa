"""What all tests share: one Spark session, and the real data when it stands beside the checkout."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lepton_spark.config import SparkSettings
from tests.java_options import LARGE_PLANS, QUICK_JAVA, SMALL_PLANS

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """One local session for the whole test run, started when the first test asks for it."""
    from lepton_spark.session import open_session

    scratch = tmp_path_factory.mktemp("spark")
    settings = SparkSettings(
        master="local[2]",
        driver_memory="2g",
        shuffle_partitions=2,
        local_dir=str(scratch / "local"),
        options={
            "spark.sql.warehouse.dir": str(scratch / "warehouse"),
            "spark.driver.extraJavaOptions": QUICK_JAVA,
            **SMALL_PLANS,
        },
    )
    session = open_session(settings, "lepton_spark tests")
    yield session
    session.stop()


@pytest.fixture(scope="module")
def compiled(spark: SparkSession) -> Iterator[None]:
    """Plans are compiled, as users' are: for a module that works on many lines."""
    for key, value in LARGE_PLANS.items():
        spark.conf.set(key, value)
    yield
    for key, value in SMALL_PLANS.items():
        spark.conf.set(key, value)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data: $LEPTON_SHARED/data, else ../shared/data beside the checkout."""
    root = Path(os.environ.get("LEPTON_SHARED", REPOSITORY.parent / "shared"))
    data = root / "data"
    if not data.is_dir():
        said = f"needs the real data; {data} is not there, set LEPTON_SHARED to the folder that holds data/"
        pytest.skip(said)  # no README command may need ../shared; .ci/run skips nothing
    return data.resolve()

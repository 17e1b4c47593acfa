"""Fixtures of all tests: one Spark session, tables created once, and the real data if it is available."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings as hypothesis_settings
from pyspark.sql import SparkSession

from lepton_spark.config import SparkSettings
from lepton_spark.tables.catalog import TABLES
from lepton_spark.tables.delta import migration
from lepton_spark.tables.warehouse import Warehouse
from tests.java_options import CHECKPOINT_INTERVAL, LARGE_PLANS, QUICK_JAVA, SMALL_PLANS

REPOSITORY = Path(__file__).resolve().parents[1]

os.environ["LC_ALL"] = "C.UTF-8"  # messages are English, wherever the tests run

hypothesis_settings.register_profile("lepton", deadline=None)  # a busy machine must not fail a test
hypothesis_settings.load_profile("lepton")


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """One local session for the whole test run."""
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


@pytest.fixture(scope="session", autouse=True)
def empty_tables_made_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Copies each empty table after its first creation, since a test run creates two thousand tables.

    The code itself creates a table whose declaration is new, or whose folder exists already.
    """
    create = Warehouse._create
    originals: dict[str, Path] = {}

    def create_once(warehouse: Warehouse, name: str, path: str) -> None:
        interval = warehouse._spark.conf.get(CHECKPOINT_INTERVAL)  # a new table keeps the session's setting
        declared = f"{TABLES[name]} {migration.STAMP} {interval}"
        if not path.startswith("/") or Path(path).exists():
            create(warehouse, name, path)
            return
        if declared not in originals:
            original = tmp_path_factory.mktemp(name)
            create(warehouse, name, str(original))
            originals[declared] = original
        shutil.copytree(originals[declared], path, copy_function=shutil.copyfile)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Warehouse, "_create", create_once)
        yield


@pytest.fixture(scope="module")
def compiled(spark: SparkSession) -> Iterator[None]:
    """Compiled plans, as in real runs, for modules that process many lines."""
    for key, value in LARGE_PLANS.items():
        spark.conf.set(key, value)
    yield
    for key, value in SMALL_PLANS.items():
        spark.conf.set(key, value)


def _shared(name: str) -> Path:
    """A folder under $LEPTON_SHARED, else under ../shared next to the checkout; skips where it is absent."""
    root = Path(os.environ.get("LEPTON_SHARED", REPOSITORY.parent / "shared"))
    folder = root / name
    if not folder.is_dir():
        # The data is not part of the repository, and `make test` must pass on a machine without it.
        pytest.skip(f"a fresh clone need not have the real data: no {folder}; .ci/run sets LEPTON_SHARED")
    return folder.resolve()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder with the real data."""
    return _shared("data")


@pytest.fixture(scope="session")
def shared_cases() -> Path:
    """The folder with the cases from practice."""
    return _shared("cases")

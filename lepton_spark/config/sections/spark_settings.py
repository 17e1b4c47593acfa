"""The section `spark`: the local session; under spark-submit the cluster's own settings apply."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from lepton_spark.config.sections.section import Section
from lepton_spark.config.values.types import Name, OptionText


def _known_master(master: str) -> str:
    if not re.fullmatch(r"local(\[(\*|[1-9]\d*)(, *[1-9]\d*)?\])?|(spark|k8s)://\S+|yarn", master):
        raise ValueError("local[*], local[2] or spark://HOST:PORT, for instance")
    return master


def _memory(size: str) -> str:
    if not re.fullmatch(r"[1-9]\d*[kmgt]b?", size.lower()):
        raise ValueError("an amount of memory such as 4g or 800m")
    return size


class SparkSettings(Section):
    """The local session; under spark-submit the cluster's own settings apply."""

    master: Annotated[str, AfterValidator(_known_master)] = Field("local[*]", description="Spark's master")
    driver_memory: Annotated[str, AfterValidator(_memory)] = Field("4g", description="memory of Spark's Java")
    shuffle_partitions: int = Field(8, ge=1, description="tasks of a shuffle")
    local_dir: Name | None = Field(None, description="folder for temporary files; none: Spark's default")
    options: dict[str, OptionText] = Field(
        default_factory=dict, description="further Spark settings; those that change results are rejected"
    )

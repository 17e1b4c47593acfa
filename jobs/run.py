"""The `run` job for spark-submit; its arguments are those of `lepton run`."""

import sys

from lepton_spark.cli import main

if __name__ == "__main__":
    sys.exit(main(["run", *sys.argv[1:]]))
